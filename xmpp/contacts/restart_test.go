package contacts_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/roster"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/contacts"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// A program that goes on with the session of an earlier one knows its contacts, although
// nothing is restored; with what was pushed before it could ask.
func TestRosterAfterRestart(t *testing.T) {
	t.Parallel()
	for _, sasl2 := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			srv := xmpptest.Start(t, xmpptest.Config{NoSASL2: !sasl2})
			srv.Account(juliet.String(), "secret")
			srv.RosterItem(juliet.String(), nurse)
			start := func(resume *stream.Suspended) (*xmpp.Client, *contacts.Contacts) {
				cfg := srv.ClientConfig(juliet.String())
				cfg.Management.Resume = resume
				cfg.Backoff = stream.Backoff{Off: true}
				c, err := xmpp.NewClient(juliet, cfg)
				require.NoError(t, err)
				r := contacts.New(c, contacts.Config{})
				require.NoError(t, c.Open(t.Context()))
				synctest.Wait()
				return c, r
			}
			c, r := start(nil)
			require.Len(t, r.Items(), 1)
			before := c.Server()
			require.True(t, before.RosterVersions)
			require.True(t, before.ClientState)
			addr := c.Local()
			saved, err := c.Suspend(t.Context())
			require.NoError(t, err)
			srv.RosterItem(juliet.String(), benvolo)
			b, err := json.Marshal(saved)
			require.NoError(t, err)
			saved = new(stream.Suspended)
			require.NoError(t, json.Unmarshal(b, saved))
			c, r = start(saved)
			require.Equal(t, addr, c.Local())
			require.Equal(t, []roster.Item{benvolo, nurse}, r.Items())
			require.Equal(t, "2", r.Version())
			require.Equal(t, before, c.Server(), "what the server can do is known")
			require.NoError(t, c.SetActive(t.Context(), false))
			synctest.Wait()
			require.True(t, srv.Inactive(addr.String()))
			require.NoError(t, c.Close(context.Background()))
		})
	}
}

// brokenCache is a disk that fails.
type brokenCache struct{}

func (brokenCache) Load(context.Context) (string, []roster.Item, error) {
	return "", nil, errors.New("the disk is broken")
}

func (brokenCache) Save(context.Context, string, []roster.Item) error {
	return errors.New("the disk is broken")
}

// Without the cache there is still the server.
func TestBrokenCache(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		srv.Account(juliet.String(), "secret")
		srv.RosterItem(juliet.String(), nurse)
		var l log
		cfg := srv.ClientConfig(juliet.String())
		cfg.Failed = func(f stream.Failure) { l.add(f.Err.Error()) }
		c, err := xmpp.NewClient(juliet, cfg)
		require.NoError(t, err)
		r := contacts.New(c, contacts.Config{Cache: brokenCache{}})
		require.NoError(t, c.Open(t.Context()))
		synctest.Wait()
		require.Equal(t, []roster.Item{nurse}, r.Items())
		require.Contains(t, l.take(), "the disk is broken")
		require.NoError(t, c.Close(context.Background()))
	})
}

// A session of another account is not taken up: what it has not sent yet is not for this one
// to say.
func TestForeignSession(t *testing.T) {
	t.Parallel()
	cfg := xmpp.Config{Password: "x"}
	cfg.Management.Resume = &stream.Suspended{ID: "1", Local: nurse.JID, Unacked: []string{stanza.String(&stanza.Message{})}}
	_, err := xmpp.NewClient(juliet, cfg)
	require.ErrorContains(t, err, "nurse@example.org")
}
