package xmpptest

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"hash"
	"slices"
	"strings"

	"github.com/xdg-go/scram"

	"stanza.invalid/gen/sasl"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// mechanisms are what the server offers if the configuration does not say.
func mechanisms() []string {
	return []string{
		"SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN",
	}
}

// bindings are the channel bindings that a connection has.
func (c *conn) bindings() map[string]scram.ChannelBinding {
	t, ok := c.nc.(*tls.Conn)
	if !ok {
		return nil
	}
	cs := t.ConnectionState()
	all := map[string]scram.ChannelBinding{}
	if b, err := scram.NewTLSExporterBinding(&cs); err == nil {
		all[string(b.Type)] = b
	}
	cs.PeerCertificates = append(cs.PeerCertificates, c.srv.certificate(c.domain.Domain()).Leaf)
	cs.PeerCertificates = cs.PeerCertificates[len(cs.PeerCertificates)-1:] // the server's own
	if b, err := scram.NewTLSServerEndpointBinding(&cs); err == nil {
		all[string(b.Type)] = b
	}
	return all
}

// failure ends a login.
type failure struct{ condition sasl.Condition }

func (f failure) Error() string { return string(f.condition) }

// login is the server's side of SASL; it returns whose account it is. A login that fails
// may be tried again a few times.
func (c *conn) login() (jid.JID, error) {
	for range 3 {
		r, err := c.element()
		if err != nil {
			return jid.JID{}, err
		}
		auth, err := stanza.Decode[sasl.Auth](r)
		if err != nil {
			return jid.JID{}, &stream.Error{Condition: stream.NotAuthorized}
		}
		user, data, err := c.attempt(auth)
		var f failure
		switch {
		case errors.As(err, &f):
			if err := c.write(&sasl.Failure{Condition: f.condition}); err != nil {
				return jid.JID{}, err
			}
			continue
		case err != nil:
			return jid.JID{}, err
		}
		return user, c.write(&sasl.Success{Data: data})
	}
	return jid.JID{}, &stream.Error{Condition: stream.PolicyViolation}
}

func decode64(s string) ([]byte, error) {
	if s == "=" {
		return nil, nil
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, failure{sasl.ConditionIncorrectEncoding}
	}
	return b, nil
}

// attempt is one login.
func (c *conn) attempt(auth *sasl.Auth) (jid.JID, string, error) {
	none := jid.JID{}
	if !slices.Contains(c.srv.cfg.Mechanisms, auth.Mechanism) {
		return none, "", failure{sasl.ConditionInvalidMechanism}
	}
	first, err := decode64(auth.Data)
	if err != nil {
		return none, "", err
	}
	switch auth.Mechanism {
	case "PLAIN":
		parts := strings.Split(string(first), "\x00")
		if len(parts) != 3 {
			return none, "", failure{sasl.ConditionMalformedRequest}
		}
		user, password, ok := c.lookUp(parts[1])
		if !ok || subtle.ConstantTimeCompare([]byte(password), []byte(parts[2])) != 1 {
			return none, "", failure{sasl.ConditionNotAuthorized}
		}
		return user, "", nil
	case "ANONYMOUS":
		user := c.domain
		user, err := user.WithLocal(strings.ToLower(stream.NewID()))
		if err == nil {
			c.srv.Account(user.String(), stream.NewID())
		}
		return user, "", err
	case "EXTERNAL":
		t, ok := c.nc.(*tls.Conn)
		if !ok || len(t.ConnectionState().VerifiedChains) == 0 {
			return none, "", failure{sasl.ConditionNotAuthorized}
		}
		name, _, _ := strings.Cut(t.ConnectionState().PeerCertificates[0].Subject.CommonName, "@")
		user, _, ok := c.lookUp(name)
		if !ok {
			return none, "", failure{sasl.ConditionNotAuthorized}
		}
		return user, "", nil
	case "OAUTHBEARER":
		return c.bearer(string(first))
	}
	return c.scram(auth.Mechanism, first)
}

// bearer takes the account's password for a token.
func (c *conn) bearer(first string) (jid.JID, string, error) {
	gs2, rest, _ := strings.Cut(first, "\x01")
	_, name, _ := strings.Cut(gs2, "a=")
	name, _, _ = strings.Cut(strings.TrimSuffix(name, ","), "@")
	user, password, ok := c.lookUp(name)
	if ok {
		for _, kv := range strings.Split(rest, "\x01") {
			if token, found := strings.CutPrefix(kv, "auth=Bearer "); found && token == password {
				return user, "", nil
			}
		}
	}
	if _, err := c.challenge([]byte(`{"status":"invalid_token"}`)); err != nil {
		return user, "", err
	}
	return user, "", failure{sasl.ConditionNotAuthorized}
}

// lookUp returns the address and password of an account by its name.
func (c *conn) lookUp(name string) (jid.JID, string, bool) {
	addr, err := c.domain.WithLocal(name)
	if err != nil {
		return addr, "", false
	}
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	a := c.srv.accounts[addr]
	if a == nil {
		return addr, "", false
	}
	return addr, a.password, true
}

// challenge sends data and returns the answer.
func (c *conn) challenge(data []byte) ([]byte, error) {
	if err := c.write(&sasl.Challenge{Data: base64.StdEncoding.EncodeToString(data)}); err != nil {
		return nil, err
	}
	r, err := c.element()
	if err != nil {
		return nil, err
	}
	if r.Is(sasl.NS, "abort") {
		return nil, failure{sasl.ConditionAborted}
	}
	answer, err := stanza.Decode[sasl.Response](r)
	if err != nil {
		return nil, failure{sasl.ConditionMalformedRequest}
	}
	return decode64(answer.Data)
}

// scram is SCRAM (RFC 5802).
func (c *conn) scram(name string, first []byte) (jid.JID, string, error) {
	var h func() hash.Hash
	switch strings.TrimSuffix(name, "-PLUS") {
	case "SCRAM-SHA-1":
		h = sha1.New
	case "SCRAM-SHA-256":
		h = sha256.New
	case "SCRAM-SHA-512":
		h = sha512.New
	}
	var user jid.JID
	f := scram.HashGeneratorFcn(h)
	srv, err := f.NewServer(func(name string) (scram.StoredCredentials, error) {
		addr, password, ok := c.lookUp(name)
		if !ok {
			return scram.StoredCredentials{}, errors.New("no such account")
		}
		user = addr
		client, err := f.NewClient(name, password, "")
		if err != nil {
			return scram.StoredCredentials{}, err
		}
		return client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "sea salt of " + name, Iters: 4096})
	})
	if err != nil {
		return user, "", err
	}
	plus := slices.ContainsFunc(c.srv.cfg.Mechanisms, func(m string) bool { return strings.HasSuffix(m, "-PLUS") })
	conv := srv.NewConversation()
	if all := c.bindings(); plus && len(all) > 0 {
		b := all["tls-server-end-point"]
		if kind, _, _ := strings.Cut(string(first), ","); strings.HasPrefix(kind, "p=") && slices.Contains(c.srv.cfg.Bindings, kind[2:]) {
			b = all[kind[2:]]
		}
		conv = srv.NewConversationWithChannelBinding(b)
	}
	if bound := strings.HasPrefix(string(first), "p="); bound != strings.HasSuffix(name, "-PLUS") {
		return user, "", failure{sasl.ConditionMalformedRequest}
	}
	msg, err := conv.Step(string(first))
	if err != nil {
		return user, "", failure{sasl.ConditionNotAuthorized}
	}
	answer, err := c.challenge([]byte(msg))
	if err != nil {
		return user, "", err
	}
	if msg, err = conv.Step(string(answer)); err != nil || !conv.Valid() {
		return user, "", failure{sasl.ConditionNotAuthorized}
	}
	return user, base64.StdEncoding.EncodeToString([]byte(msg)), nil
}
