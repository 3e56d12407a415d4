package xmpp

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"stanza.invalid/internal/mechanism"
	"stanza.invalid/stream"
)

// login is what a client remembers of its logins. It belongs to the goroutine that
// connects.
type login struct {
	loaded bool // kept is what the store has
	kept   kept
	saved  []byte       // what the store has of it
	ready  *attempt     // the login that went out with the stream header; nil if none did
	inside *stream.Conn // where the client is logged in
	at     *stream.Conn // for which the store was read last
	asked  asked
}

// kept is what goes into the store.
type kept struct {
	// Agent is the UUID of this installation of the client, which its tokens belong to.
	Agent string `json:"agent,omitempty"`
	// Token is the token for the next login; nil for none.
	Token *keptToken `json:"token,omitempty"`
	// Hashed says that a login was by something better than PLAIN, which will not do any
	// more (XEP-0474, section 6).
	Hashed bool `json:"hashed,omitempty"`
	// Bound says that a login was bound to its channel. Less will not do any more, unless the
	// server proves that it offers no more (XEP-0474).
	Bound bool `json:"bound,omitempty"`
	// Offer is what the server has offered; nil if that is not known.
	Offer *offered `json:"offer,omitempty"`
	// Flying says that a login went out with the stream header and was not answered yet.
	Flying bool `json:"flying,omitempty"`
}

// keptToken is a token of XEP-0484. It is good for one mechanism.
type keptToken struct {
	User      string    `json:"user"`
	Mechanism string    `json:"mechanism"`
	Secret    string    `json:"secret"`
	Expiry    time.Time `json:"expiry"`
	Count     uint32    `json:"count"` // of its uses
}

// load reads the store, if it was not yet.
func (c *Client) load(ctx context.Context) *kept {
	if !c.login.loaded {
		c.reload(ctx)
	}
	return &c.login.kept
}

// loadFor reads the store anew for each connection: others may share it, and have used the
// token, or replaced it.
func (c *Client) loadFor(ctx context.Context, conn *stream.Conn) *kept {
	l := &c.login
	if l.at != conn {
		l.at = conn
		c.reload(ctx)
	}
	return &l.kept
}

// reload reads the store. Of what is known already nothing is lost that protects the login.
func (c *Client) reload(ctx context.Context) {
	l := &c.login
	first := !l.loaded
	l.loaded = true
	if c.cfg.Store == nil {
		return
	}
	var k kept
	b, err := c.loadStored(ctx)
	if err == nil && b != nil {
		if !first && bytes.Equal(b, l.saved) {
			return
		}
		err = json.Unmarshal(b, &k)
	}
	if err != nil {
		// a login without it takes longer, that is all
		c.warn("what was stored of earlier logins is not there", err)
		return
	}
	k.Hashed, k.Bound = k.Hashed || l.kept.Hashed, k.Bound || l.kept.Bound
	if k.Agent == "" {
		k.Agent = l.kept.Agent
	}
	l.kept, l.saved = k, b
}

// save writes the store.
func (c *Client) save(ctx context.Context) {
	if c.cfg.Store == nil {
		return
	}
	b, err := json.Marshal(&c.login.kept)
	if err == nil && bytes.Equal(b, c.login.saved) {
		return
	}
	if err == nil {
		err = c.store(ctx, b)
	}
	if err != nil {
		c.warn("what is known of this login is not stored", err)
		return
	}
	c.login.saved = b
}

func (c *Client) warn(what string, err error) {
	if c.cfg.Logger != nil {
		c.cfg.Logger.Warn(what, "error", err)
	}
}

// agent returns the UUID of this installation, "" if there is nowhere to keep one.
func (c *Client) agent(ctx context.Context) string {
	if c.cfg.UserAgent.ID != "" {
		return c.cfg.UserAgent.ID
	}
	k := c.load(ctx)
	if k.Agent == "" && c.cfg.Store != nil {
		k.Agent = newUUID()
	}
	return k.Agent
}

// newUUID returns a UUID of version 4 (RFC 9562).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// isUUID reports whether s looks like one.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
				return false
			}
		}
	}
	return true
}

// loggedIn notes by what a login was.
func (c *Client) loggedIn(m mechanism.Mechanism) {
	l := &c.login
	l.asked = asked{}
	switch name := m.Name(); {
	case name == "PLAIN", name == "ANONYMOUS", name == "OAUTHBEARER":
	default:
		l.kept.Hashed = true
	}
	if mechanism.IsPlus(m.Name()) {
		l.kept.Bound = true
	}
}
