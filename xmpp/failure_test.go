package xmpp_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/sasl"
	"stanza.invalid/gen/sasl2"
	"stanza.invalid/internal/mechanism"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Every condition of a failed login is told apart, in both kinds of SASL, with the server's
// text in the language of the client; only what time may mend is tried again.
func TestFailureConditions(t *testing.T) {
	t.Parallel()
	refused := func(t *testing.T, ns, inside string) error {
		t.Helper()
		dialled, _ := against(t, func(cfg *xmpp.Config) { cfg.Lang = "de" }, func(v *villain) error {
			offer := offerSASL("PLAIN")
			if ns == sasl2.NS {
				offer = offerSASL2("", "PLAIN")
			}
			if err := v.secure(offer); err != nil {
				return err
			}
			if _, err := v.Read(); err != nil {
				return err
			}
			if err := v.Send("<failure xmlns='" + ns + "'>" + inside + "</failure>"); err != nil {
				return err
			}
			return v.quiet()
		})
		return dialled
	}
	synctest.Test(t, func(t *testing.T) {
		for _, cond := range []xmpp.AuthCondition{
			xmpp.Aborted, xmpp.AccountDisabled, xmpp.CredentialsExpired, xmpp.EncryptionRequired, xmpp.IncorrectEncoding, xmpp.InvalidAuthzid,
			xmpp.InvalidMechanism, xmpp.MalformedRequest, xmpp.MechanismTooWeak, xmpp.NotAuthorized, xmpp.TemporaryAuthFailure,
		} {
			for _, ns := range []string{sasl.NS, sasl2.NS} {
				element := "<" + string(cond) + " xmlns='" + sasl.NS + "'/>"
				err := refused(t, ns, element+"<text xml:lang='en'>No.</text><text xml:lang='de'>Nein.</text>")
				require.ErrorIs(t, err, cond)
				var e *xmpp.AuthError
				require.ErrorAs(t, err, &e)
				require.Equal(t, "PLAIN", e.Mechanism)
				require.Equal(t, "Nein.", e.Text, ns)
				require.Equal(t, cond != xmpp.TemporaryAuthFailure && cond != xmpp.Aborted, stream.IsPermanent(err), cond)
				err = refused(t, ns, element+"<text xml:lang='en'>No.</text>")
				require.ErrorContains(t, err, `"No."`, "better than nothing")
			}
		}
		for _, ns := range []string{sasl.NS, sasl2.NS} {
			require.ErrorIs(t, refused(t, ns, "<never-heard-of xmlns='"+sasl.NS+"'/>"), xmpp.NotAuthorized)
			require.ErrorIs(t, refused(t, ns, ""), xmpp.NotAuthorized)
		}
	})
}

// A server that does not take a token says why, for who gets another.
func TestBearerError(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		`{"status":"invalid_token","scope":"xmpp","openid-configuration":"https://id.example.org/"}`: `"invalid_token", scope "xmpp", see "https://id.example.org/"`,
		`{"status":"insufficient_scope"}`: `"insufficient_scope"`,
		"nonsense":                        `explains: "nonsense"`,
	} {
		for _, ns := range []string{sasl.NS, sasl2.NS} {
			synctest.Test(t, func(t *testing.T) {
				dialled, scripted := against(t, func(cfg *xmpp.Config) {
					cfg.Password = ""
					cfg.Credentials = func(context.Context) (xmpp.Credentials, error) { return xmpp.Credentials{Bearer: "hush"}, nil }
				}, func(v *villain) error {
					offer := offerSASL("OAUTHBEARER")
					if ns == sasl2.NS {
						offer = offerSASL2("", "OAUTHBEARER")
					}
					if err := v.secure(offer); err != nil {
						return err
					}
					if _, err := v.Read(); err != nil {
						return err
					}
					if err := v.Send("<challenge xmlns='" + ns + "'>" + base64.StdEncoding.EncodeToString([]byte(said)) + "</challenge>"); err != nil {
						return err
					}
					r, err := v.Read()
					if err != nil {
						return err
					}
					require.Equal(t, "AQ==", r.Text(), "what RFC 7628 has for an answer")
					if err := v.Send("<failure xmlns='" + ns + "'><not-authorized xmlns='" + sasl.NS + "'/></failure>"); err != nil {
						return err
					}
					return v.quiet()
				})
				require.NoError(t, scripted)
				require.ErrorIs(t, dialled, xmpp.NotAuthorized)
				require.ErrorContains(t, dialled, want)
				require.NotContains(t, dialled.Error(), "hush")
				var e *xmpp.BearerError
				if said != "nonsense" {
					require.ErrorAs(t, dialled, &e)
				}
			})
		}
	}
}

// What may be wrong with binding a resource; only what is no use at all is final.
func TestBindErrors(t *testing.T) {
	t.Parallel()
	failing := func(cond string) string {
		return "<iq type='error' id='%s'><error type='cancel'><" + cond + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
	}
	bound := func(jid string) string {
		return "<iq type='result' id='%s'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>" + jid + "</bind></iq>"
	}
	for name, c := range map[string]struct {
		answer string
		want   error
		text   string
	}{
		"conflict":        {failing("conflict"), stanza.Conflict, "resource binding"},
		"too many":        {failing("resource-constraint"), stanza.ResourceConstraint, ""},
		"bad":             {failing("bad-request"), stanza.BadRequest, ""},
		"not allowed":     {failing("not-allowed"), stanza.NotAllowed, ""},
		"no reason":       {"<iq type='error' id='%s'/>", stanza.UndefinedCondition, ""},
		"nothing":         {"<iq type='result' id='%s'/>", nil, "bound nothing"},
		"no resource":     {bound("<jid>juliet@example.org</jid>"), nil, "bound nothing"},
		"no address":      {bound("<jid>@</jid>"), nil, "jid"},
		"somebody else":   {bound("<jid>romeo@example.org/x</jid>"), nil, "has bound romeo@example.org/x"},
		"somewhere else":  {bound("<jid>juliet@example.com/x</jid>"), nil, "has bound juliet@example.com/x"},
		"something else":  {"<iq type='result' id='x%s'/>", nil, "something else"},
		"no answer":       {"<message id='%s'/>", nil, "in place of an answer"},
		"a request":       {"<iq type='get' id='%s'><ping xmlns='urn:xmpp:ping'/></iq>", nil, "something else"},
		"an end":          {"</stream:stream><!-- %s -->", stream.ErrEnded, ""},
		"an error of its": {"<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><x xmlns='urn:x' id='%s'/></stream:error>", stream.Conflict, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				dialled, _ := against(t, nil, func(v *villain) error {
					id, err := v.bindRequest()
					if err != nil {
						return err
					}
					if err := v.Send(strings.Replace(c.answer, "%s", id, 1)); err != nil {
						return err
					}
					return v.quiet()
				})
				require.Error(t, dialled)
				if c.want != nil {
					require.ErrorIs(t, dialled, c.want)
				}
				require.ErrorContains(t, dialled, c.text)
				require.Equal(t, name == "an error of its", stream.IsPermanent(dialled), "a stale session ends in time")
			})
		})
	}
}

// A server that asks a mechanism for what it has said already gets an empty answer, but not
// for ever.
func TestEmptyChallenges(t *testing.T) {
	t.Parallel()
	for _, ns := range []string{sasl.NS, sasl2.NS} {
		synctest.Test(t, func(t *testing.T) {
			answers := 0
			begin := time.Now()
			dialled, scripted := against(t, func(cfg *xmpp.Config) { cfg.Password, cfg.Anonymous = "", true }, func(v *villain) error {
				offer := offerSASL("ANONYMOUS")
				if ns == sasl2.NS {
					offer = offerSASL2("", "ANONYMOUS")
				}
				if err := v.secure(offer); err != nil {
					return err
				}
				if _, err := v.Read(); err != nil {
					return err
				}
				for {
					if err := v.Send("<challenge xmlns='" + ns + "'/>"); err != nil {
						return err
					}
					r, err := v.Read()
					if err != nil {
						return err
					}
					if r.Is(ns, "abort") {
						return v.quiet()
					}
					require.True(t, r.Is(ns, "response"))
					require.Empty(t, r.Text())
					answers++
				}
			}, jid.MustParse("example.org"))
			require.NoError(t, scripted)
			require.ErrorIs(t, dialled, mechanism.ErrChallenge)
			require.Equal(t, 4, answers)
			require.Less(t, time.Since(begin), 10*time.Second)
		})
	}
}
