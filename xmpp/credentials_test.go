package xmpp_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/xmpptest"
)

// Whoever is asked for credentials, a person perhaps, is asked once for a login, whatever
// the client makes of what the server offers, and again for the next.
func TestCredentialsOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]xmpptest.Config{
		"a first message that is not sent early": {Mechanisms: []string{"PLAIN"}, Bindings: []string{}, Tokens: []string{}},
		"one that is":                            {Mechanisms: []string{"SCRAM-SHA-256"}, Bindings: []string{}, Tokens: []string{}},
		"SASL 2 that cannot be used":             {Mechanisms: []string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"}, Bindings: []string{}, Tokens: []string{}},
		"no SASL 2":                              {NoSASL2: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.Start(t, c)
				srv.Account(julietBare.String(), "secret")
				store, asked := xmpp.MemoryStore(), 0
				for range 3 {
					client, err := dialFast(t, srv, nil, func(cfg *xmpp.Config) {
						cfg.Store, cfg.Password = store, ""
						cfg.Credentials = func(context.Context) (xmpp.Credentials, error) {
							asked++
							return xmpp.Credentials{Password: "secret"}, nil
						}
					})
					require.NoError(t, err)
					require.Equal(t, 1, asked)
					hangUp(t, client)
					asked = 0
				}
				client, err := dialFast(t, srv, nil, func(cfg *xmpp.Config) {
					cfg.Store, cfg.Password = store, ""
					cfg.Credentials = func(context.Context) (xmpp.Credentials, error) {
						asked++
						return xmpp.Credentials{Password: "guess"}, nil
					}
				})
				require.ErrorIs(t, err, xmpp.NotAuthorized)
				require.Nil(t, client)
				require.Equal(t, 1, asked)
			})
		})
	}
}
