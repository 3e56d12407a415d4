package xmpp_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/bob"
	"stanza.invalid/gen/form"
	"stanza.invalid/gen/register"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
)

// captchaForm is what ejabberd asks for: XEP-0158 in XEP-0077, with the picture (XEP-0231)
// beside the form, and a web page for who cannot show it.
const captchaForm = "<query xmlns='jabber:iq:register'><instructions>Look at the picture.</instructions>" +
	"<x xmlns='jabber:x:data' type='form'>" +
	"<field type='hidden' var='FORM_TYPE'><value>urn:xmpp:captcha</value></field>" +
	"<field type='text-single' var='username'><required/></field><field type='text-private' var='password'><required/></field>" +
	"<field type='fixed'><value>No picture? Go to the page.</value></field>" +
	"<field type='hidden' var='challenge'><value>4711</value></field><field type='hidden' var='sid'><value>c1</value></field>" +
	"<field type='text-single' var='ocr'><media xmlns='urn:xmpp:media-element'><uri type='image/png'>cid:sha1+ff@bob.xmpp.org</uri></media><required/></field></x>" +
	"<data xmlns='urn:xmpp:bob' cid='sha1+ff@bob.xmpp.org' type='image/png' max-age='0'>c2l4</data>" +
	"<x xmlns='jabber:x:oob'><url>https://example.org/captcha/c1</url></x></query>"

// registration plays a server that lets people register, and that shows what it got.
func registration(asked string, answer func(q *stanza.IQ) string) func(v *villain) error {
	return func(v *villain) error {
		if err := v.secure("<register xmlns='http://jabber.org/features/iq-register'/>"); err != nil {
			return err
		}
		for range 2 {
			r, err := v.Read()
			if err != nil {
				return nil // the client has gone
			}
			q := new(stanza.IQ)
			if err := q.DecodeXML(r); err != nil {
				return err
			}
			text := asked
			if q.Type == stanza.Set {
				text = answer(q)
			}
			if err := v.Send(fmt.Sprintf(text, q.ID)); err != nil {
				return err
			}
		}
		return v.quiet()
	}
}

func asking(query string) string {
	return "<iq type='result' from='example.org' id='%s'>" + query + "</iq>"
}

// registerWith registers juliet with a scripted server, and returns what became of it.
func registerWith(t *testing.T, fill xmpp.Fill, script func(v *villain) error) error {
	t.Helper()
	registered, scripted := versus(t, nil, script, func(cfg xmpp.Config) error { return xmpp.Register(t.Context(), julietBare, cfg, fill) })
	require.NoError(t, scripted)
	return registered
}

// filled answers a form with what is known, and gives back what it is not for people to change.
func filled(f *form.Form, known map[string]string) *register.Register {
	answer := &form.Form{Type: form.TypeSubmit}
	for _, field := range f.Fields {
		values := field.Values
		if v, ok := known[field.Var]; ok {
			values = []string{v}
		}
		if field.Var != "" {
			answer.Fields = append(answer.Fields, form.Field{Var: field.Var, Values: values})
		}
	}
	return &register.Register{Form: answer}
}

// A program that can show pictures registers with a CAPTCHA: what it needs is there, and
// what the server wants to have back goes back.
func TestRegistrationWithCAPTCHA(t *testing.T) {
	t.Parallel()
	fill := func(_ context.Context, asked *register.Registration) (*register.Register, error) {
		var picture *bob.Data
		for _, r := range asked.Extra.Children {
			if d, err := stanza.Decode[bob.Data](r); err == nil {
				picture = d
			}
		}
		if picture == nil || string(picture.Bytes) != "six" || asked.Link == nil || asked.Link.URL != "https://example.org/captcha/c1" {
			return nil, errors.New("there is no picture")
		}
		return filled(asked.Form, map[string]string{"username": "juliet", "password": "open sesame", "ocr": string(picture.Bytes)}), nil
	}
	synctest.Test(t, func(t *testing.T) {
		var got *register.Register
		err := registerWith(t, fill, registration(asking(captchaForm), func(q *stanza.IQ) string {
			got, _ = stanza.Find[register.Register](q)
			return asking("")
		}))
		require.NoError(t, err)
		require.NotNil(t, got)
		require.Equal(t, form.TypeSubmit, got.Form.Type)
		require.Equal(t, "urn:xmpp:captcha", got.Form.FormType())
		for name, want := range map[string]string{"username": "juliet", "password": "open sesame", "ocr": "six", "challenge": "4711", "sid": "c1"} {
			require.Equal(t, want, got.Form.Value(name), name)
		}
	})
	// who knows no more than name and password is told so, and what else there is
	synctest.Test(t, func(t *testing.T) {
		err := registerWith(t, nil, registration(asking(captchaForm), func(*stanza.IQ) string { return asking("") }))
		require.ErrorIs(t, err, xmpp.ErrMoreWanted)
		require.ErrorContains(t, err, "ocr")
		require.ErrorContains(t, err, "https://example.org/captcha/c1")
	})
}

// What a server may answer in place of what it should.
func TestRegistrationRefused(t *testing.T) {
	t.Parallel()
	failing := func(cond string) string {
		return "<iq type='error' from='example.org' id='%s'><error type='modify'><" + cond + " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
	}
	plain := asking("<query xmlns='jabber:iq:register'><username/><password/></query>")
	for name, c := range map[string]struct {
		asked, answer string
		want          error
		text          string
	}{
		"nobody may":       {failing("service-unavailable"), "", stanza.ServiceUnavailable, ""},
		"too fast":         {plain, failing("resource-constraint"), stanza.ResourceConstraint, ""},
		"no such name":     {plain, failing("not-acceptable"), stanza.NotAcceptable, ""},
		"nothing asked":    {asking(""), "", nil, "asks nothing"},
		"a message":        {"<message id='%s'/>", "", nil, "in place of an answer"},
		"somebody else's":  {"<iq type='result' id='x%s'/>", "", nil, "something else"},
		"a web page":       {asking("<query xmlns='jabber:iq:register'><instructions>Go to the page.</instructions><x xmlns='jabber:x:oob'><url>https://example.org/new</url></x></query>"), "", xmpp.ErrMoreWanted, "https://example.org/new"},
		"a form of others": {asking("<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='form'><field var='FORM_TYPE' type='hidden'><value>urn:x</value></field></x></query>"), "", nil, "urn:x"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := registerWith(t, nil, registration(c.asked, func(*stanza.IQ) string { return c.answer }))
				require.Error(t, err)
				if c.want != nil {
					require.ErrorIs(t, err, c.want)
				}
				require.ErrorContains(t, err, c.text)
			})
		})
	}
}
