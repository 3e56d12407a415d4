package xmpp_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/ping"
	"stanza.invalid/xmpp"
)

// Names and passwords beyond ASCII, by each mechanism that sends one. Passwords are the same
// where SASLprep (RFC 4013) makes them so, as far as it is the client that does it: in SCRAM.
// PLAIN brings them to the server as they are (RFC 4616, section 2).
func passwordRows() (all []row) {
	for _, p := range []struct {
		what, password, same, other string
	}{
		{"umlauts", "sch\u00f6ne gr\u00fc\u00dfe", "scho\u0308ne gru\u0308\u00dfe", "schone gru\u00dfe"},
		{"Cyrillic", "\u043f\u0430\u0440\u043e\u043b\u044c", "\u043f\u0430\u0440\u043e\u043b\u044c", "\u041f\u0430\u0440\u043e\u043b\u044c"},
		{"a soft hyphen", "I\u00adX", "IX", "I-X"},
		{"a feminine ordinal", "\u00aa", "a", "A"},
		{"full width", "\uff50\uff41\uff53\uff53", "pass", "PASS"},
		{"a space of another kind", "open\u00a0sesame", "open sesame", "opensesame"},
		{"right to left", "\u0645\u0641\u062a\u0627\u062d", "\u0645\u0641\u062a\u0627\u062d", "\u0645\u0641\u062a\u062d"},
		{"what XML escapes", `<&>"'\=,`, `<&>"'\=,`, `&lt;&amp;&gt;"'\=,`},
	} {
		for _, m := range []string{"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "PLAIN"} {
			all = append(all, row{name: "a password with " + p.what + "/" + m, run: func(t *testing.T, s *tested) {
				addr := s.account(fmt.Sprintf("julia-%d", s.people.Add(1)), p.password)
				dial := func(password string) error {
					cfg := s.config()
					cfg.Password, cfg.Auth.Mechanisms = password, []string{m}
					if s.unbound {
						cfg.TLS.MaxVersion = versions[0]
					}
					c, err := xmpp.Dial(limited(t), addr, cfg)
					if err == nil {
						require.NoError(t, c.Close(limited(t)))
					}
					return err
				}
				require.NoError(t, dial(p.password), "%s", s.log())
				require.ErrorIs(t, dial(p.other), xmpp.NotAuthorized)
				if m != "PLAIN" {
					require.NoError(t, dial(p.same))
				}
			}})
		}
	}
	for _, name := range []string{"j\u00fcrgen", "J\u00dcRGEN-2", "\u044e\u043b\u0438\u044f", "\u30b8\u30e5\u30ea\u30a8\u30c3\u30c8", "o'really=,"} {
		if name == "o'really=," {
			name = "o\\27really=," // XEP-0106
		}
		for _, m := range []string{"SCRAM-SHA-1", "PLAIN"} {
			all = append(all, row{name: "the user " + name + "/" + m, run: func(t *testing.T, s *tested) {
				addr := s.account(name, password)
				cfg := s.config()
				cfg.Auth.Mechanisms = []string{m}
				c := s.dial(t, addr, cfg)
				require.Equal(t, addr, c.Local().Bare())
				_, err := xmpp.Call(limited(t), c, addr, &ping.Ping{}) // the server knows the address by the same name
				require.NoError(t, err)
			}})
		}
	}
	return all
}
