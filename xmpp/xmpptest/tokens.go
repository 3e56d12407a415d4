package xmpptest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"stanza.invalid/gen/fast"
	"stanza.invalid/gen/sasl"
	"stanza.invalid/gen/sasl2"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// issued is a token (XEP-0484).
type issued struct {
	mechanism, secret string
	from, to          time.Time
	count             uint32 // of the last login with it
}

// slots are the tokens of one client: the one in use, and the one that will be once the
// client has used it (section 5.1).
type slots struct{ current, next *issued }

// tokenMechanisms are what tokens can be used with over the connection. Clients have to say
// who they are in the stream header.
func (c *conn) tokenMechanisms() (all []string) {
	if c.from.IsZero() {
		return nil
	}
	for _, m := range c.srv.cfg.Tokens {
		if _, ok := c.tokenBinding(m); ok {
			all = append(all, m)
		}
	}
	return all
}

// tokenBinding returns the data of a mechanism's channel binding.
func (c *conn) tokenBinding(mechanism string) ([]byte, bool) {
	kind := ""
	switch strings.TrimPrefix(mechanism, "HT-SHA-256-") {
	case "NONE":
		return nil, true
	case "EXPR":
		kind = "tls-exporter"
	case "ENDP":
		kind = "tls-server-end-point"
	}
	b, ok := c.bindings()[kind]
	return b.Data, ok
}

func sign(secret, who string, data []byte) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(who))
	m.Write(data)
	return m.Sum(nil)
}

// clientID returns what a client says that its id is.
func clientID(auth *sasl2.Authenticate) string {
	if auth.UserAgent == nil {
		return ""
	}
	return auth.UserAgent.ID
}

// tokenLogin is a login with a token.
func (c *conn) tokenLogin(auth *sasl2.Authenticate, f *fast.Fast) (jid.JID, []byte, error) {
	none := jid.JID{}
	id := clientID(auth)
	name, proof, ok := bytes.Cut(auth.InitialResponse, []byte{0})
	if id == "" || !ok {
		return none, nil, failure{condition: sasl.ConditionMalformedRequest}
	}
	data, ok := c.tokenBinding(auth.Mechanism)
	if !ok || !slices.Contains(c.srv.cfg.Tokens, auth.Mechanism) {
		return none, nil, failure{condition: sasl.ConditionInvalidMechanism}
	}
	user, _, known := c.lookUp(string(name))
	if !known {
		return none, nil, failure{condition: sasl.ConditionNotAuthorized}
	}
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	all := c.srv.accounts[user].tokens[id]
	if all == nil {
		return none, nil, failure{condition: sasl.ConditionNotAuthorized}
	}
	for _, t := range []*issued{all.next, all.current} {
		if t == nil || t.mechanism != auth.Mechanism || !hmac.Equal(proof, sign(t.secret, "Initiator", data)) {
			continue
		}
		switch {
		case !time.Now().Before(t.to):
			return none, nil, failure{condition: sasl.ConditionCredentialsExpired}
		case f.Count == nil || *f.Count <= t.count:
			return none, nil, failure{condition: sasl.ConditionNotAuthorized} // it was seen before
		}
		t.count = *f.Count
		all.current = t
		if t == all.next {
			all.next = nil
		}
		if f.Invalidate {
			delete(c.srv.accounts[user].tokens, id)
		}
		return user, sign(t.secret, "Responder", data), nil
	}
	return none, nil, failure{condition: sasl.ConditionNotAuthorized}
}

// giveToken gives a client the token that it wants, or the next one if the one that it has
// used is old.
func (c *conn) giveToken(auth *sasl2.Authenticate, s *sasl2.Success) {
	id, now := clientID(auth), time.Now()
	q, want := along[fast.RequestToken](auth)
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	a := c.srv.accounts[c.user]
	all := a.tokens[id]
	mechanism := ""
	switch {
	case want:
		mechanism = q.Mechanism
	case all != nil && all.current != nil && now.Sub(all.current.from) > c.srv.cfg.TokenLife/2:
		if _, ok := along[fast.Fast](auth); ok {
			mechanism = auth.Mechanism
		}
	}
	if id == "" || !slices.Contains(c.srv.cfg.Tokens, mechanism) {
		return
	}
	if all == nil {
		all = &slots{}
		a.tokens[id] = all
	}
	t := &issued{mechanism: mechanism, secret: "secret-token:" + stream.NewID(), from: now, to: now.Add(c.srv.cfg.TokenLife)}
	all.next = t
	s.Results = append(s.Results, asRaw(&fast.Token{Secret: t.secret, Expiry: stanza.At(t.to)}))
}

// RevokeTokens ends all tokens of an account (XEP-0484): its clients need the password at
// their next login. It panics if there is no such account.
func (s *Server) RevokeTokens(account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.accounts[jid.MustParse(account)].tokens)
}

// Tokens returns how many tokens clients of an account could log in with.
func (s *Server) Tokens(account string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, all := range s.accounts[jid.MustParse(account)].tokens {
		for _, t := range []*issued{all.current, all.next} {
			if t != nil && time.Now().Before(t.to) {
				n++
			}
		}
	}
	return n
}
