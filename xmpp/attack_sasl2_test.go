package xmpp_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"github.com/xdg-go/scram"

	"stanza.invalid/gen/sasl2"
	"stanza.invalid/internal/mechanism"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
)

func offerSASL2(rest string, names ...string) string {
	return "<authentication xmlns='" + sasl2.NS + "'><mechanism>" + strings.Join(names, "</mechanism><mechanism>") + "</mechanism>" + rest + "</authentication>"
}

const (
	bind2Offer = "<inline><bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:sm:3'/></inline></bind><fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism></fast></inline>"
	token0     = `{"agent":"0c2ad9b8-8d8a-4f35-a0d4-9d8b4b1c7d33","token":{"user":"juliet","mechanism":"HT-SHA-256-NONE","secret":"hush","expiry":"2099-01-01T00:00:00Z"}`
	aToken     = token0 + "}"
	// aTokenAndOffer is a token with what the server has offered before: just what it offers.
	aTokenAndOffer = token0 + `,"offer":{"mechanisms":["SCRAM-SHA-256"],"bindings":null,"tokens":["HT-SHA-256-NONE"],"bind":true,"enable":true}}`
)

// scramServer2 is scramServer in SASL 2; final makes the last word out of the signature.
func scramServer2(v *villain, first, final func(msg string) string) error {
	auth, err := v.Read()
	if err != nil {
		return err
	}
	srv, err := scram.SHA256.NewServer(func(name string) (scram.StoredCredentials, error) {
		c, err := scram.SHA256.NewClient(name, "open sesame", "")
		if err != nil {
			return scram.StoredCredentials{}, err
		}
		return c.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "salt", Iters: 4096})
	})
	if err != nil {
		return err
	}
	conv := srv.NewConversation()
	b, err := base64.StdEncoding.DecodeString(auth.Child(sasl2.NS, "initial-response").Text())
	if err != nil {
		return err
	}
	msg, err := conv.Step(string(b))
	if err != nil {
		return err
	}
	if err := v.Send("<challenge xmlns='" + sasl2.NS + "'>" + base64.StdEncoding.EncodeToString([]byte(first(msg))) + "</challenge>"); err != nil {
		return err
	}
	answer, err := v.Read()
	if err != nil {
		return err
	}
	if !answer.Is(sasl2.NS, "response") {
		return fmt.Errorf("the client said %s", answer)
	}
	if b, err = base64.StdEncoding.DecodeString(answer.Text()); err != nil {
		return err
	}
	if msg, err = conv.Step(string(b)); err != nil {
		return err
	}
	if err := v.Send(final("<additional-data>" + base64.StdEncoding.EncodeToString([]byte(msg)) + "</additional-data>")); err != nil {
		return err
	}
	return v.quiet2()
}

// quiet2 is quiet for SASL 2.
func (v *villain) quiet2() error {
	r, err := v.Read()
	if err == nil && r.Is(sasl2.NS, "abort") {
		return v.quiet()
	}
	if err == nil && !strings.Contains(r.String(), "stream") {
		return fmt.Errorf("the client said %s", r)
	}
	return nil
}

// VT5: in SASL 2 as well nobody is believed who proves nothing, nor one who makes the
// client somebody else.
func TestVT5SASL2(t *testing.T) {
	t.Parallel()
	const me = "<authorization-identifier>juliet@example.org/x</authorization-identifier>"
	// who believes it is logged in, and has a session
	ok := func(s string) string {
		return "<success xmlns='" + sasl2.NS + "'>" + s + "<bound xmlns='urn:xmpp:bind:0'/></success><stream:features/>"
	}
	wrong := "<additional-data>" + base64.StdEncoding.EncodeToString([]byte("v="+base64.StdEncoding.EncodeToString(make([]byte, 32)))) + "</additional-data>"
	salt := "<continue xmlns='" + sasl2.NS + "'>%s<tasks><task>UPGR-SCRAM-SHA-512</task></tasks></continue>"
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			final func(data string) string
			want  error
		}{
			"missing":                 {func(string) string { return ok(me) }, mechanism.ErrServer},
			"empty":                   {func(string) string { return ok("<additional-data/>" + me) }, mechanism.ErrServer},
			"wrong":                   {func(string) string { return ok(wrong + me) }, mechanism.ErrServer},
			"upgrade without a proof": {func(string) string { return fmt.Sprintf(salt, "") }, mechanism.ErrServer},
			"upgrade, wrong proof":    {func(string) string { return fmt.Sprintf(salt, wrong) }, mechanism.ErrServer},
			"a task": {func(data string) string {
				return strings.Replace(fmt.Sprintf(salt, data), "UPGR-SCRAM-SHA-512", "PAY", 1)
			}, xmpp.ErrTask},
			"another challenge": {func(string) string { return "<challenge xmlns='" + sasl2.NS + "'>" + "eA==" + "</challenge>" }, mechanism.ErrServer},
			"no address":        {ok, nil},
			"no element of it":  {func(string) string { return "<presence/>" }, nil},
		} {
			dialled, scripted := against(t, func(cfg *xmpp.Config) { cfg.Resource = "" }, func(v *villain) error {
				if err := v.secure(offerSASL2(bind2Offer+"<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-512</upgrade>", "SCRAM-SHA-256")); err != nil {
					return err
				}
				return scramServer2(v, same, c.final)
			}, julietBare)
			require.Error(t, dialled, name)
			if c.want != nil {
				require.ErrorIs(t, dialled, c.want, name)
			}
			require.NoError(t, scripted, name)
			require.Equal(t, name == "a task", stream.IsPermanent(dialled), name)
		}
		// as above, but with the proof: what is missing there is that, and nothing else
		dialled, _ := against(t, nil, func(v *villain) error {
			if err := v.secure(offerSASL2(bind2Offer, "SCRAM-SHA-256")); err != nil {
				return err
			}
			return scramServer2(v, same, func(data string) string { return ok(data + me) })
		}, julietBare)
		require.NoError(t, dialled)
		for _, who := range []string{"romeo@example.org/x", "juliet@example.com/x", "juliet@example.org"} {
			dialled, _ := against(t, func(cfg *xmpp.Config) { cfg.Resource = "" }, func(v *villain) error {
				if err := v.secure(offerSASL2(bind2Offer, "SCRAM-SHA-256")); err != nil {
					return err
				}
				return scramServer2(v, same, func(data string) string {
					return ok(data + "<authorization-identifier>" + who + "</authorization-identifier>")
				})
			}, julietBare)
			require.ErrorContains(t, dialled, "the server has bound", who)
		}
	})
}

// VT8: a server that takes a token has to prove that it knows it.
func TestVT8Responder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, data := range map[string]string{
			"missing": "", "empty": "<additional-data/>", "wrong": "<additional-data>AAAA</additional-data>",
			"missing, early": "", "empty, early": "<additional-data/>", "wrong, early": "<additional-data>AAAA</additional-data>",
		} {
			kept := aToken
			if strings.HasSuffix(name, "early") {
				kept = aTokenAndOffer // the login goes out with the stream header
			}
			store := xmpp.MemoryStore()
			require.NoError(t, store.Save(t.Context(), julietBare, []byte(kept)))
			dialled, scripted := against(t, func(cfg *xmpp.Config) { cfg.Store = store }, func(v *villain) error {
				if err := v.secure(offerSASL2(bind2Offer, "SCRAM-SHA-256")); err != nil {
					return err
				}
				r, err := v.Read()
				if err != nil {
					return err
				}
				if m, _ := r.Attr("mechanism"); m != "HT-SHA-256-NONE" {
					return fmt.Errorf("the client said %s", r)
				}
				if err := v.Send("<success xmlns='" + sasl2.NS + "'>" + data + "<authorization-identifier>juliet@example.org</authorization-identifier></success><stream:features>" + bindOffer + "</stream:features>"); err != nil {
					return err
				}
				return v.quiet2()
			})
			var e *xmpp.AuthError
			require.ErrorAs(t, dialled, &e, name)
			require.NoError(t, scripted, name)
			require.NotContains(t, dialled.Error(), "hush")
			b, err := store.Load(t.Context(), julietBare)
			require.NoError(t, err)
			require.NotContains(t, string(b), "hush", "%s: the next login is by the password", name)
		}
	})
}

// VT7: a list of channel bindings none of which exists here is believed only from a server
// that proves to have sent it (XEP-0474, rule 6); -PLUS without any list is not, in SASL 2.
func TestVT7UnknownBindings(t *testing.T) {
	t.Parallel()
	const strange = "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-nothing'/></sasl-channel-binding>"
	synctest.Test(t, func(t *testing.T) {
		dialled, scripted := against(t, nil, func(v *villain) error {
			if err := v.secure(offerSASL("SCRAM-SHA-256", "SCRAM-SHA-256-PLUS") + strange); err != nil {
				return err
			}
			err := scramServer(v, same, same)
			if err == nil || !strings.Contains(err.Error(), "abort") {
				return errors.Join(errors.New("it went on"), err)
			}
			return nil
		})
		require.NoError(t, scripted)
		require.ErrorContains(t, dialled, "tampered")
		dialled, scripted = against(t, nil, func(v *villain) error {
			if err := v.secure(offerSASL("PLAIN", "SCRAM-SHA-256-PLUS") + strange); err != nil {
				return err
			}
			return v.quiet()
		})
		require.ErrorContains(t, dialled, "PLAIN: the list of mechanisms was tampered with")
		require.NoError(t, scripted)
		dialled, scripted = against(t, nil, func(v *villain) error {
			if err := v.secure(offerSASL2(bind2Offer, "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS")); err != nil {
				return err
			}
			return v.quiet()
		})
		require.NoError(t, scripted)
		require.ErrorContains(t, dialled, "tampered")
	})
}

// A server that hangs up on who logs in before it has offered anything is not spoken to like
// that again, by this process or the next.
func TestEarlyLoginUnanswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, kept := range []string{aTokenAndOffer, strings.Replace(aTokenAndOffer, "2099", "1999", 1)} {
			store := xmpp.MemoryStore()
			require.NoError(t, store.Save(t.Context(), julietBare, []byte(kept)))
			var r recorder
			change := func(cfg *xmpp.Config) { cfg.Store, cfg.Trace = store, r.trace() }
			login := func() string {
				said := strings.Join(r.all(), "\n")
				return said[strings.LastIndex(said, "TLS 1.3"):]
			}
			_, scripted := against(t, change, func(v *villain) error { return v.handshake() })
			require.NoError(t, scripted)
			require.Contains(t, login(), "login ", "early")
			_, scripted = against(t, change, func(v *villain) error {
				if err := v.secure(offerSASL2(bind2Offer, "SCRAM-SHA-256")); err != nil {
					return err
				}
				return v.quiet2()
			})
			require.ErrorContains(t, scripted, "authenticate")
			require.Less(t, strings.Index(login(), "features"), strings.Index(login(), "login "), login())
		}
	})
}
