package xmpptest

import (
	"cmp"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/xdg-go/scram"

	"stanza.invalid/gen/sasl"
	"stanza.invalid/gen/sasl2"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
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
	t, ok := c.nc.(tlsConn)
	if !ok {
		return nil
	}
	cs := t.ConnectionState()
	all := map[string]scram.ChannelBinding{}
	if b, err := scram.NewTLSExporterBinding(&cs); err == nil {
		all[string(b.Type)] = b
	}
	cs.PeerCertificates = append(cs.PeerCertificates, c.srv.certificate(cmp.Or(c.shown, c.domain.Domain())).Leaf)
	cs.PeerCertificates = cs.PeerCertificates[len(cs.PeerCertificates)-1:] // the server's own
	if b, err := scram.NewTLSServerEndpointBinding(&cs); err == nil {
		all[string(b.Type)] = b
	}
	return all
}

// failure ends a login.
type failure struct {
	condition sasl.Condition
	detail    stanza.Payload // with SASL 2; nil for none
}

func (f failure) Error() string { return string(f.condition) }

// login is the server's side of SASL, in either form. A login that fails may be tried
// again a few times. With SASL 2 (XEP-0388) the client may have its session when it
// returns.
func (c *conn) login() error {
	for range 3 {
		r, err := c.element()
		if err != nil {
			return err
		}
		for c.srv.cfg.Registration && r.Is(wire.NSClient, "iq") {
			if err := c.register(r); err != nil {
				return err
			}
			if r, err = c.element(); err != nil {
				return err
			}
		}
		if c.extensible = r.Is(sasl2.NS, "authenticate") && c.offersSASL2(); c.extensible {
			err = c.login2(r)
		} else {
			err = c.login1(r)
		}
		var f failure
		if !errors.As(err, &f) {
			return err
		}
		if c.extensible {
			no := &sasl2.Failure{Condition: f.condition}
			if f.detail != nil {
				no.Details = append(no.Details, asRaw(f.detail))
			}
			err = c.write(no)
		} else {
			err = c.write(&sasl.Failure{Condition: f.condition})
		}
		if err != nil {
			return err
		}
	}
	return &stream.Error{Condition: stream.PolicyViolation}
}

// login1 is a login as RFC 6120, section 6, has it, with the new stream that comes of it.
func (c *conn) login1(r wire.Raw) error {
	auth, err := stanza.Decode[sasl.Auth](r)
	if err != nil {
		return &stream.Error{Condition: stream.NotAuthorized}
	}
	if !slices.Contains(c.srv.cfg.Mechanisms, auth.Mechanism) {
		return failure{condition: sasl.ConditionInvalidMechanism}
	}
	first, err := decode64(auth.Data)
	if err != nil {
		return err
	}
	user, data, err := c.attempt(auth.Mechanism, first)
	if err != nil {
		return err
	}
	c.user = user
	if err := c.write(&sasl.Success{Data: base64.StdEncoding.EncodeToString(data)}); err != nil {
		return err
	}
	if err := c.restart(); err != nil {
		return err
	}
	return c.features(c.sessionFeatures())
}

func decode64(s string) ([]byte, error) {
	if s == "=" {
		return nil, nil
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, failure{condition: sasl.ConditionIncorrectEncoding}
	}
	return b, nil
}

// attempt is one login. It returns whose account it is, and the mechanism's last word, if
// there is one.
func (c *conn) attempt(mechanism string, first []byte) (jid.JID, []byte, error) {
	none := jid.JID{}
	switch mechanism {
	case "PLAIN":
		parts := strings.Split(string(first), "\x00")
		if len(parts) != 3 {
			return none, nil, failure{condition: sasl.ConditionMalformedRequest}
		}
		user, password, ok := c.lookUp(parts[1])
		if !ok || !samePassword(password, parts[2]) {
			return none, nil, failure{condition: sasl.ConditionNotAuthorized}
		}
		return user, nil, nil
	case "ANONYMOUS":
		user := c.domain
		user, err := user.WithLocal(strings.ToLower(stream.NewID()))
		if err == nil {
			c.srv.Account(user.String(), stream.NewID())
		}
		return user, nil, err
	case "EXTERNAL":
		t, ok := c.nc.(tlsConn)
		if !ok || len(t.ConnectionState().VerifiedChains) == 0 {
			return none, nil, failure{condition: sasl.ConditionNotAuthorized}
		}
		name, _, _ := strings.Cut(t.ConnectionState().PeerCertificates[0].Subject.CommonName, "@")
		user, _, ok := c.lookUp(name)
		if !ok {
			return none, nil, failure{condition: sasl.ConditionNotAuthorized}
		}
		return user, nil, nil
	case "OAUTHBEARER":
		return c.bearer(string(first))
	}
	return c.scram(mechanism, first)
}

// bearer takes the account's password for a token.
func (c *conn) bearer(first string) (jid.JID, []byte, error) {
	gs2, rest, _ := strings.Cut(first, "\x01")
	_, name, _ := strings.Cut(gs2, "a=")
	name, _, _ = strings.Cut(strings.TrimSuffix(name, ","), "@")
	user, password, ok := c.lookUp(name)
	if ok {
		for _, kv := range strings.Split(rest, "\x01") {
			if token, found := strings.CutPrefix(kv, "auth=Bearer "); found && token == password {
				return user, nil, nil
			}
		}
	}
	if _, err := c.challenge([]byte(`{"status":"invalid_token"}`)); err != nil {
		return user, nil, err
	}
	return user, nil, failure{condition: sasl.ConditionNotAuthorized}
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
	var q stanza.Payload = &sasl.Challenge{Data: base64.StdEncoding.EncodeToString(data)}
	if c.extensible {
		q = &sasl2.Challenge{Data: data}
	}
	if err := c.write(q); err != nil {
		return nil, err
	}
	r, err := c.element()
	if err != nil {
		return nil, err
	}
	if r.Local() == "abort" {
		return nil, failure{condition: sasl.ConditionAborted}
	}
	if c.extensible {
		answer, err := stanza.Decode[sasl2.Response](r)
		if err != nil {
			return nil, failure{condition: sasl.ConditionMalformedRequest}
		}
		return answer.Data, nil
	}
	answer, err := stanza.Decode[sasl.Response](r)
	if err != nil {
		return nil, failure{condition: sasl.ConditionMalformedRequest}
	}
	return decode64(answer.Data)
}
