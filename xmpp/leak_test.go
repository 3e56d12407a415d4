package xmpp_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/version"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// VS10: a stranger learns from a client what its program has decided to tell, and nothing
// by default that says since when it has been there, on what it runs, or where.
func TestVS10NoPresenceLeak(t *testing.T) {
	t.Parallel()
	questions := map[string]string{
		"version": "<query xmlns='jabber:iq:version'/>", "last": "<query xmlns='jabber:iq:last'/>", "time": "<time xmlns='urn:xmpp:time'/>",
		"vcard": "<vCard xmlns='vcard-temp'/>", "ping": "<ping xmlns='urn:xmpp:ping'/>", "info": "<query xmlns='" + disco.NSInfo + "'/>",
	}
	for name, c := range map[string]struct {
		change func(cfg *xmpp.Config)
		told   []string
	}{
		"default":  {func(*xmpp.Config) {}, []string{"ping", "info"}},
		"software": {func(cfg *xmpp.Config) { cfg.Software = &version.Info{Name: "x", Version: "1"} }, []string{"ping", "info", "version"}},
		"nothing":  {func(cfg *xmpp.Config) { cfg.NoDefaults, cfg.Software = true, &version.Info{Name: "x"} }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.Start(t, xmpptest.Config{})
				mallory := srv.User("mallory@example.net/street")
				connect(t, srv, c.change)
				var told []string
				for _, q := range []string{"ping", "info", "version", "last", "time", "vcard"} {
					require.NoError(t, mallory.SendXML(fmt.Sprintf("<iq type='get' id='%s' to='%s'>%s</iq>", q, juliet, questions[q])))
					a := mallory.ExpectIQ(t)
					require.Equal(t, q, a.ID)
					if a.Type == stanza.Result {
						told = append(told, q)
						continue
					}
					require.ErrorIs(t, a.Err, stanza.ServiceUnavailable)
					require.Empty(t, a.Err.Text.String(), "all refusals look the same")
				}
				require.Equal(t, c.told, told)
				mallory.ExpectNothing(t, time.Hour)
			})
		})
	}
}
