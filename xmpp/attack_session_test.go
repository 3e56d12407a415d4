package xmpp_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/sasl"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
)

// toBinding plays the server's side of a login, up to where the client is to bind.
func (v *villain) toBinding() error {
	if err := v.secure(offerSASL("PLAIN")); err != nil {
		return err
	}
	if _, err := v.Read(); err != nil {
		return err
	}
	if err := v.Send("<success xmlns='" + sasl.NS + "'/>"); err != nil {
		return err
	}
	_, err := v.OpenClient(bindOffer)
	return err
}

// bindRequest is toBinding, and returns the id of the client's request to bind.
func (v *villain) bindRequest() (id string, err error) {
	if err := v.toBinding(); err != nil {
		return "", err
	}
	r, err := v.Read()
	if err != nil {
		return "", err
	}
	id, _ = r.Attr("id")
	return id, nil
}

// session plays the server's side of a login, up to a session.
func (v *villain) session() error {
	id, err := v.bindRequest()
	if err != nil {
		return err
	}
	return v.Send("<iq type='result' id='" + id + "'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>" + juliet.String() + "</jid></bind></iq>")
}

// VX8, VX9: a server to which a client has logged in sends it no more than the limits allow at
// once, however deep or wide: the client tells it so and hangs up, and no handler sees a part.
func TestVX9HugeStanzas(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"long":            "<message><body>" + strings.Repeat("x", 1<<20) + "</body></message>",
		"long name":       "<message><" + strings.Repeat("x", 1<<20) + "/></message>",
		"long attribute":  "<message id='" + strings.Repeat("x", 1<<20) + "'/>",
		"deep":            "<message>" + strings.Repeat("<a xmlns='urn:x'>", 10_000),
		"many attributes": "<message" + attributes(10_000) + "/>",
		"white space":     "<message>" + strings.Repeat(" ", 1<<20) + "</message>",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				seen := 0
				ran, scripted := versus(t, func(cfg *xmpp.Config) {
					cfg.Backoff = stream.Backoff{Off: true}
					cfg.Handler = xmpp.NewMux(xmpp.OnAnyMessage(func(context.Context, *stanza.Message) error {
						seen++
						return nil
					}, stream.WithErrors()))
				}, func(v *villain) error {
					if err := v.session(); err != nil {
						return err
					}
					if err := v.Send("<message><body>small</body></message>"); err != nil {
						return err
					}
					go func() { _ = v.Send(text) }() // the client need not take all of it
					for {
						r, err := v.Read()
						if err != nil {
							return err
						}
						if r.Is(wire.NSStream, "error") {
							if r.Child(stream.NSErrors, "policy-violation").IsZero() {
								return errors.New(r.String())
							}
							return nil
						}
					}
				}, func(cfg xmpp.Config) error {
					c, err := xmpp.Dial(t.Context(), juliet, cfg)
					if err != nil {
						return err
					}
					<-c.Done()
					return c.Err()
				})
				require.NoError(t, scripted)
				var e *wire.SyntaxError
				require.ErrorAs(t, ran, &e)
				require.Equal(t, wire.PolicyViolation, e.Condition)
				require.Equal(t, 1, seen)
			})
		})
	}
}

// attributes are so many, each of another name.
func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" a")
		for ; i > 0; i /= 26 {
			b.WriteByte(byte('a' + i%26))
		}
		b.WriteString("=''")
	}
	return b.String()
}
