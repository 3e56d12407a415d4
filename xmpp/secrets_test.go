package xmpp_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// safeBuffer may be written to by several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// VT10: no secret is in a log, an error, or a printed configuration, whatever happens.
func TestVT10Secrets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		secrets := []string{"correct-horse", "battery-staple", "bearer-token-7", "proxy-pass-9", "kept-message-text"}
		var log safeBuffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.Level(-100)}))
		var errs []error
		srv := xmpptest.Start(t, xmpptest.Config{Mechanisms: []string{
			"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "OAUTHBEARER",
		}})
		srv.Account(juliet.Bare().String(), "correct-horse")
		for _, mechanism := range []string{"", "SCRAM-SHA-1", "PLAIN", "OAUTHBEARER"} {
			for _, password := range []string{"correct-horse", "battery-staple"} {
				cfg := srv.ClientConfig(juliet.String())
				cfg.Logger = logger
				cfg.Password = ""
				cfg.Failed = func(f stream.Failure) { errs = append(errs, f.Err) }
				cfg.Credentials = func(context.Context) (xmpp.Credentials, error) {
					cr := xmpp.Credentials{Password: password}
					if mechanism == "OAUTHBEARER" {
						cr = xmpp.Credentials{Bearer: "bearer-token-7"}
					}
					return cr, nil
				}
				if mechanism != "" {
					cfg.Auth.Mechanisms = []string{mechanism}
				}
				logger.Info("configuration", "cfg", cfg)
				fmt.Fprintf(&log, "%v %+v %#v %s %q %d", cfg, cfg, cfg, cfg, cfg, cfg)
				c, err := xmpp.Dial(t.Context(), juliet, cfg)
				if err != nil {
					errs = append(errs, err)
					continue
				}
				require.NoError(t, c.Send(t.Context(), stanza.NewMessage(juliet, "kept-message-text")))
				srv.Disconnect(juliet.String())
				time.Sleep(time.Hour)
				require.NoError(t, c.Close(t.Context()))
			}
		}
		_, err := xmpp.ProxyDialer("http://user:proxy-pass-9@[::1", nil)
		errs = append(errs, err)
		d, err := xmpp.ProxyDialer("http://user:proxy-pass-9@proxy.example", dialFunc(func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("refused")
		}))
		require.NoError(t, err)
		_, err = d.DialContext(t.Context(), "tcp", "a:1")
		errs = append(errs, err)
		for _, err := range errs {
			fmt.Fprintf(&log, "%v %+v %q\n", err, err, err)
		}
		text := log.String()
		require.Contains(t, text, "not authorized")
		require.Contains(t, text, "disconnected")
		for _, s := range secrets {
			require.NotContains(t, text, s)
			require.NotContains(t, text, base64.StdEncoding.EncodeToString([]byte(s)))
			require.NotContains(t, text, base64.StdEncoding.EncodeToString([]byte("\x00juliet\x00"+s)))
		}
	})
}

// VT10: nor does anything print a secret that has one, however it is printed.
func TestVT10Printing(t *testing.T) {
	t.Parallel()
	store := xmpp.MemoryStore()
	require.NoError(t, store.Save(t.Context(), julietBare, []byte("hush")))
	cfg := xmpp.Config{Password: "hush", Store: store}
	c, err := xmpp.NewClient(juliet, cfg)
	require.NoError(t, err)
	defer c.Abort()
	d, err := xmpp.ProxyDialer("http://me:hush@proxy.example", nil)
	require.NoError(t, err)
	socks, err := xmpp.ProxyDialer("socks5://me:hush@proxy.example", nil)
	require.NoError(t, err)
	credentials := xmpp.Credentials{Username: "me", Password: "hush", Bearer: "hush", Authzid: "you@example.org"}
	for name, v := range map[string]any{
		"Config": cfg, "*Config": &cfg, "Client": c, "Credentials": credentials, "*Credentials": &credentials, "Store": store,
		"HTTP proxy": d, "SOCKS5 proxy": socks, "inside": struct{ C xmpp.Credentials }{credentials}, "slice": []any{c, cfg, credentials},
		"Session": c.Session(),
	} {
		var log bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			if name != "inside" && name != "slice" {
				slog.New(h).Info("x", "v", v)
			}
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X"} {
			fmt.Fprintf(&log, verb+"\n", v)
		}
		text := log.String()
		for _, s := range []string{"hush", "68757368", "104 117 115 104", "0x68, 0x75, 0x73, 0x68"} {
			require.NotContains(t, text, s, name)
		}
	}
	require.Contains(t, fmt.Sprint(c), juliet.String())
	require.Contains(t, fmt.Sprint(credentials), "you@example.org")
}
