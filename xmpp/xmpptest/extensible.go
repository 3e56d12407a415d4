package xmpptest

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"slices"
	"strings"

	"stanza.invalid/gen/bind2"
	"stanza.invalid/gen/carbons"
	"stanza.invalid/gen/csi"
	"stanza.invalid/gen/fast"
	"stanza.invalid/gen/pipelining"
	"stanza.invalid/gen/sasl"
	"stanza.invalid/gen/sasl2"
	"stanza.invalid/gen/saslupgrade"
	"stanza.invalid/gen/sm"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// asRaw returns an element as open content.
func asRaw(p stanza.Payload) stanza.Raw {
	b, err := p.AppendXML(nil, "")
	if err != nil {
		return stanza.Raw{}
	}
	r, _ := wire.Parse(string(b))
	return r
}

// offersSASL2 reports whether clients can log in by SASL 2, which is for TLS only.
func (c *conn) offersSASL2() bool { return c.secured() && !c.srv.cfg.NoSASL2 }

// authentication is the stream feature of SASL 2.
func (c *conn) authentication() string {
	cfg := &c.srv.cfg
	s := "<authentication xmlns='" + sasl2.NS + "'>" + c.mechanisms() + "<inline>"
	features := []string{carbons.NS, csi.NS}
	if !cfg.NoManagement {
		s += "<sm xmlns='" + sm.NS + "'/>"
		features = append(features, sm.NS)
	}
	s += "<bind xmlns='" + bind2.NS + "'><inline>"
	for _, f := range features {
		s += "<feature var='" + f + "'/>"
	}
	s += "</inline></bind>"
	if tokens := c.tokenMechanisms(); len(tokens) > 0 {
		s += "<fast xmlns='" + fast.NS + "'>"
		for _, m := range tokens {
			s += "<mechanism>" + m + "</mechanism>"
		}
		s += "</fast>"
	}
	s += "</inline>"
	for _, task := range cfg.Upgrades {
		s += "<upgrade xmlns='" + saslupgrade.NS + "'>" + task + "</upgrade>"
	}
	return s + "</authentication>"
}

// configVersion names features (XEP-0509).
func configVersion(features string) string {
	sum := sha256.Sum256([]byte(features))
	return base64.StdEncoding.EncodeToString(sum[:12])
}

// login2 is a login by SASL 2, with all that is asked for along with it.
func (c *conn) login2(r wire.Raw) error {
	auth, err := stanza.Decode[sasl2.Authenticate](r)
	if err != nil {
		return failure{condition: sasl.ConditionMalformedRequest}
	}
	if v, ok := along[pipelining.ConfigVersion](auth); ok {
		features, version, _ := strings.Cut(c.loginFeatures(), "<config-version ")
		if _, version, _ = strings.Cut(version, "value='"); v.Value != strings.TrimSuffix(version, "'/>") {
			_ = features
			return failure{condition: sasl.ConditionAborted, detail: &pipelining.ConfigVersionMismatch{}}
		}
	}
	user, data, err := c.authenticate2(auth)
	if err != nil {
		return err
	}
	if !c.from.IsZero() && c.from.Bare() != user {
		return failure{condition: sasl.ConditionInvalidAuthzid}
	}
	c.user = user
	if data, err = c.upgrade(auth, user, data); err != nil {
		return err
	}
	s := &sasl2.Success{AdditionalData: data, AuthorizationIdentifier: user}
	c.giveToken(auth, s)
	if q, ok := along[sm.Resume](auth); ok {
		done, err := c.srv.resume(c, q, func(p stanza.Payload) error {
			s.Results = append(s.Results, asRaw(p))
			if _, refused := p.(*sm.Failed); refused {
				return nil
			}
			s.AuthorizationIdentifier = c.resource.addr
			return c.write(s)
		})
		if done || err != nil {
			return err
		}
	}
	b, ok := along[bind2.Bind](auth)
	if !ok {
		return c.welcome(s)
	}
	tag := stream.NewID()[:12]
	if b.Tag != "" {
		tag = b.Tag + "/" + tag
	}
	return c.srv.bindResource(c, tag, func(r *resource) error { return c.bound(r, b, s) })
}

// welcome sends a success, and the features that follow it.
func (c *conn) welcome(s *sasl2.Success) error {
	if err := c.write(s); err != nil {
		return err
	}
	return c.features(c.sessionFeatures())
}

// bound begins a session that was asked for along with the login.
func (c *conn) bound(r *resource, b *bind2.Bind, s *sasl2.Success) error {
	s.AuthorizationIdentifier = r.addr
	result := &bind2.Bound{}
	for _, q := range b.Requests {
		switch {
		case q.Is(sm.NS, "enable") && !c.srv.cfg.NoManagement:
			if e, err := stanza.Decode[sm.Enable](q); err == nil {
				result.Results = append(result.Results, asRaw(c.srv.manage(r, e)))
			}
		case q.Is(carbons.NS, "enable"):
			c.srv.setCarbons(r, true)
		case q.Is(csi.NS, "inactive"):
			c.srv.setInactive(r, true)
		}
	}
	s.Results = append(s.Results, asRaw(result))
	return c.welcome(s)
}

// along returns one of the requests that came with a login.
func along[T any, P interface {
	*T
	stanza.Decoder
}](auth *sasl2.Authenticate) (P, bool) {
	for _, r := range auth.Requests {
		v := P(new(T))
		if v.Matches(r.Name()) && v.DecodeXML(r) == nil {
			return v, true
		}
	}
	return nil, false
}

// authenticate2 is one login, by a password or by a token.
func (c *conn) authenticate2(auth *sasl2.Authenticate) (jid.JID, []byte, error) {
	if f, ok := along[fast.Fast](auth); ok {
		return c.tokenLogin(auth, f)
	}
	if !slices.Contains(c.srv.cfg.Mechanisms, auth.Mechanism) {
		return jid.JID{}, nil, failure{condition: sasl.ConditionInvalidMechanism}
	}
	return c.attempt(auth.Mechanism, auth.InitialResponse)
}

// upgrade gets the salted passwords that the client wants to give (XEP-0480). It returns
// what of the mechanism's last word the client has not been told by then.
func (c *conn) upgrade(auth *sasl2.Authenticate, user jid.JID, data []byte) ([]byte, error) {
	for _, r := range auth.Requests {
		u, err := stanza.Decode[saslupgrade.Upgrade](r)
		if err != nil || !slices.Contains(c.srv.cfg.Upgrades, u.Task) {
			continue
		}
		if err := c.write(&sasl2.Continue{AdditionalData: data, Tasks: sasl2.Tasks{Tasks: []string{u.Task}}}); err != nil {
			return nil, err
		}
		data = nil
		salted, err := c.askForHash(u.Task)
		if err != nil {
			return nil, err
		}
		c.srv.mu.Lock()
		c.srv.accounts[user].upgraded[u.Task] = salted
		c.srv.mu.Unlock()
	}
	return data, nil
}

// The salt and the iterations of upgrades.
const (
	upgradeSalt       = "salt of the earth"
	upgradeIterations = 4096
)

// askForHash is one task.
func (c *conn) askForHash(task string) ([]byte, error) {
	r, err := c.element()
	if err != nil {
		return nil, err
	}
	if r.Is(sasl2.NS, "abort") {
		return nil, failure{condition: sasl.ConditionAborted}
	}
	if next, err := stanza.Decode[sasl2.Next](r); err != nil || next.Task != task {
		return nil, failure{condition: sasl.ConditionMalformedRequest}
	}
	salt := &saslupgrade.Salt{Iterations: upgradeIterations, Data: []byte(upgradeSalt)}
	if err := c.write(&sasl2.TaskData{Data: []stanza.Raw{asRaw(salt)}}); err != nil {
		return nil, err
	}
	if r, err = c.element(); err != nil {
		return nil, err
	}
	answer, err := stanza.Decode[saslupgrade.Hash](r.Child(saslupgrade.NSSCRAM, "hash"))
	if err != nil {
		return nil, failure{condition: sasl.ConditionMalformedRequest}
	}
	return answer.Data, nil
}

// Upgraded reports whether a client has given the right salted password for one of
// Config.Upgrades.
func (s *Server) Upgraded(account, task string) bool {
	var h func() hash.Hash
	switch strings.TrimPrefix(task, "UPGR-") {
	case "SCRAM-SHA-1":
		h = sha1.New
	case "SCRAM-SHA-256":
		h = sha256.New
	case "SCRAM-SHA-512":
		h = sha512.New
	default:
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[jid.MustParse(account)]
	if a == nil {
		return false
	}
	want, err := pbkdf2.Key(h, a.password, []byte(upgradeSalt), upgradeIterations, h().Size())
	return err == nil && subtle.ConstantTimeCompare(want, a.upgraded[task]) == 1
}
