package xmpp_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/sasl"
	"stanza.invalid/gen/sasl2"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
)

// drip sends text, a byte at a time, until nobody takes it any more.
func (v *villain) drip(text string) error {
	v.Patience = time.Hour
	go func() {
		for {
			if _, err := v.Read(); err != nil {
				return
			}
		}
	}()
	for text += strings.Repeat(" ", 1000); text != ""; text = text[1:] {
		time.Sleep(10 * time.Second)
		if err := v.Send(text[:1]); err != nil {
			return nil
		}
	}
	return errors.New("the client has taken all of it")
}

// X6: a session that does not come about in its time is given up, wherever a server that
// sends a byte now and then holds it up, and the client asks for nothing more than that time.
func TestX6Drip(t *testing.T) {
	t.Parallel()
	const header = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' id='1'>"
	for name, script := range map[string]func(v *villain) error{
		"the header": func(v *villain) error { return v.drip(header) },
		"the features": func(v *villain) error {
			if _, err := v.ReadHeader(); err != nil {
				return err
			}
			if err := v.Send(header + "<stream:features>"); err != nil {
				return err
			}
			return v.drip(offerTLS + strings.Repeat("<x xmlns='urn:x'/>", 100))
		},
		"the answer to STARTTLS": func(v *villain) error {
			if _, err := v.OpenClient(offerTLS); err != nil {
				return err
			}
			return v.drip("<proceed          ")
		},
		"the handshake": func(v *villain) error {
			if _, err := v.OpenClient(offerTLS); err != nil {
				return err
			}
			if _, err := v.Read(); err != nil {
				return err
			}
			if err := v.Send(proceed); err != nil {
				return err
			}
			return v.drip("\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
		},
		"a challenge": func(v *villain) error {
			if err := v.secure(offerSASL("SCRAM-SHA-1")); err != nil {
				return err
			}
			return v.drip("<challenge xmlns='" + sasl.NS + "'>AAAAAAAAAAAAAAAAA")
		},
		"a success of SASL 2": func(v *villain) error {
			if err := v.secure(offerSASL2(bind2Offer, "PLAIN")); err != nil {
				return err
			}
			return v.drip("<success xmlns='" + sasl2.NS + "'><x>")
		},
		"white space": func(v *villain) error {
			if err := v.secure(offerSASL("PLAIN")); err != nil {
				return err
			}
			return v.drip("  ")
		},
		"binding": func(v *villain) error {
			if err := v.toBinding(); err != nil {
				return err
			}
			return v.drip("<iq type='result'     ")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for _, timeout := range []time.Duration{0, 25 * time.Second} {
					var took time.Duration
					dialled, scripted := versus(t, func(cfg *xmpp.Config) { cfg.SessionTimeout = timeout }, script, func(cfg xmpp.Config) error {
						begin := time.Now()
						_, err := xmpp.Dial(t.Context(), juliet, cfg)
						took = time.Since(begin)
						return err
					})
					require.NoError(t, scripted)
					require.True(t, errors.Is(dialled, stream.ErrTimeout) || errors.Is(dialled, os.ErrDeadlineExceeded) || errors.Is(dialled, context.DeadlineExceeded), "%v", dialled)
					if timeout == 0 {
						timeout = 45 * time.Second
					}
					require.GreaterOrEqual(t, took, timeout)
					require.LessOrEqual(t, took, timeout+6*time.Second, "with the last words of TLS")
				}
			})
		})
	}
}
