package xmpp_test

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/testca"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/xmpptest"
)

// X8: whoever runs a client hears of a server's certificate that is about to expire.
func TestX8CertificateExpiring(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, direct := range []bool{false, true} {
		for lasts, warned := range map[time.Duration]bool{13 * day: true, 15 * day: false, time.Hour: true} {
			synctest.Test(t, func(t *testing.T) {
				ca := testca.New()
				cert := ca.Issue(testca.Leaf{Names: []string{"example.org"}, NotAfter: time.Now().Add(lasts)})
				srv := xmpptest.Start(t, xmpptest.Config{Certificate: &cert, TLS: direct})
				srv.Account(juliet.Bare().String(), "secret")
				cfg := srv.ClientConfig(juliet.String())
				cfg.TLS.RootCAs = ca.Pool()
				var log safeBuffer
				cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
				c, err := xmpp.NewClient(juliet, cfg)
				require.NoError(t, err)
				var events []xmpp.CertificateExpiring
				xmpp.On(c, func(e xmpp.CertificateExpiring) { events = append(events, e) })
				require.NoError(t, c.Open(t.Context()))
				synctest.Wait()
				if warned {
					require.Len(t, events, 1)
					require.InDelta(t, lasts, events[0].In, float64(time.Minute))
					require.Equal(t, "test", events[0].Certificate.Subject.CommonName)
					require.Contains(t, log.String(), "level=WARN")
					require.Contains(t, log.String(), "expires soon")
				} else {
					require.Empty(t, events)
					require.NotContains(t, log.String(), "expires")
				}
				hangUp(t, c)
			})
		}
	}
}
