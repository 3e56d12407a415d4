package xmpp_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"net"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/mechanism"
	"stanza.invalid/internal/testca"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/xmpptest"
)

// between is somebody between a client and its server who has the server's certificate and key,
// and changes what the server says.
type between struct {
	srv    *xmpptest.Server
	cert   tls.Certificate
	change func(text string) string
}

// DialContext leads the client to the villain, and the villain to the server.
func (m between) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	server, err := m.srv.Dialer().DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	ours, theirs := net.Pipe()
	back := tls.Client(server, &tls.Config{InsecureSkipVerify: true})
	front := tls.Server(theirs, &tls.Config{Certificates: []tls.Certificate{m.cert}, NextProtos: []string{"xmpp-client"}})
	go m.carry(front, back, func(s string) string { return s })
	go m.carry(back, front, m.change)
	return ours, nil
}

// carry takes what one side says to the other, whole elements at a time.
func (m between) carry(from, to *tls.Conn, change func(string) string) {
	defer from.Close()
	defer to.Close()
	buf, text := make([]byte, 32<<10), ""
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if text += string(buf[:n]); !strings.HasSuffix(text, ">") || strings.Contains(text, "<stream:features>") && !strings.Contains(text, "</stream:features>") {
			continue
		}
		if _, err := to.Write([]byte(change(text))); err != nil {
			return
		}
		text = ""
	}
}

// without takes mechanisms away.
func without(names ...string) func(string) string {
	return func(s string) string {
		for _, n := range names {
			s = strings.ReplaceAll(s, "<mechanism>"+n+"</mechanism>", "")
		}
		return s
	}
}

var listOfBindings = regexp.MustCompile(`<sasl-channel-binding.*</sasl-channel-binding>`)

// bindingsAre replaces what is announced of channel bindings.
func bindingsAre(names ...string) func(string) string {
	list := ""
	if len(names) > 0 {
		list = "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='" + strings.Join(names, "'/><channel-binding type='") + "'/></sasl-channel-binding>"
	}
	return func(s string) string { return listOfBindings.ReplaceAllLiteralString(s, list) }
}

func inTurn(all ...func(string) string) func(string) string {
	return func(s string) string {
		for _, f := range all {
			s = f(s)
		}
		return s
	}
}

var aChallenge = regexp.MustCompile(`(<challenge xmlns='[^']*'>)([^<]*)(</challenge>)`)

// hashIs replaces the hash of what was offered in SCRAM.
func hashIs(replace func(msg string) string) func(string) string {
	return func(s string) string {
		return aChallenge.ReplaceAllStringFunc(s, func(s string) string {
			p := aChallenge.FindStringSubmatch(s)
			b, err := base64.StdEncoding.DecodeString(p[2])
			if err != nil {
				return s
			}
			return p[1] + base64.StdEncoding.EncodeToString([]byte(replace(string(b)))) + p[3]
		})
	}
}

// cutHash takes the hash of what was offered away.
func cutHash(msg string) string {
	msg, _, _ = strings.Cut(msg, ",h=")
	return msg
}

// VT4, VT7: XEP-0474 in whole logins. Who has the server's key, sits in between and takes
// mechanisms or channel bindings away is found out, by SASL 2 and without it, also if the
// hash is taken away or changed: then the proofs do not fit. With a server that does not
// prove what it offers, it depends: RequireChannelBinding helps there.
func TestVT4InBetween(t *testing.T) {
	t.Parallel()
	var (
		plus     = []string{"SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"}
		plain    = []string{"SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1"}
		all      = append(append([]string{}, plus...), plain...)
		bindings = []string{"tls-exporter", "tls-server-end-point"}
		refused  = error(xmpp.NotAuthorized) // by the server
		found    = error(mechanism.ErrDowngrade)
	)
	forged := func(msg string) string {
		return cutHash(msg) + ",h=AAAAAAAAAAAAAAAAAAAAAAAAAAA="
	}
	for name, tt := range map[string]struct {
		mechanisms, bindings []string
		change               func(string) string
		want                 error // from a server that proves its offer
		without              error // from one that does not
	}{
		"nobody takes anything":                        {plain, []string{}, inTurn(), nil, nil},
		"nothing is taken, what can be bound is bound": {all, bindings[:1], inTurn(), refused, refused},
		"the end point is the same":                    {all, bindings[1:], inTurn(), nil, nil}, // the key is the server's
		"strong mechanisms":                            {plain, []string{}, without(plain[:2]...), found, nil},
		"-PLUS":                                        {all, bindings, without(plus...), found, found},
		"-PLUS and bindings":                           {all, bindings, inTurn(without(plus...), bindingsAre()), refused, refused},
		"bindings":                                     {all, bindings, bindingsAre(), found, nil},
		"the strong binding":                           {all, bindings, bindingsAre("tls-server-end-point"), found, nil},
		"bindings for one that nobody has":             {all, bindings, bindingsAre("tls-else"), found, found},
		"strong mechanisms, and the hash":              {plain, []string{}, inTurn(without(plain[:2]...), hashIs(cutHash)), refused, nil},
		"strong mechanisms, with another hash":         {plain, []string{}, inTurn(without(plain[:2]...), hashIs(forged)), found, found},
		"the strong binding, and the hash":             {all, bindings, inTurn(bindingsAre("tls-server-end-point"), hashIs(cutHash)), refused, nil},
		"a mechanism that is known to be weak is made up": {plain[:1], []string{}, func(s string) string {
			return strings.ReplaceAll(s, "<mechanism>SCRAM-SHA-512</mechanism>", "<mechanism>SCRAM-SHA-1</mechanism>")
		}, xmpp.InvalidMechanism, xmpp.InvalidMechanism},
	} {
		for _, form := range []string{"SASL 2", "SASL"} {
			for _, proves := range []bool{true, false} {
				t.Run(name+"/"+form, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						ca := testca.New()
						cert := ca.Issue(testca.Leaf{Names: []string{"example.org"}})
						srv := xmpptest.Start(t, xmpptest.Config{
							TLS: true, Certificate: &cert, Mechanisms: tt.mechanisms, Bindings: tt.bindings, NoSASL2: form == "SASL", ProveOffer: proves, Tokens: []string{},
						})
						want := tt.want
						if !proves {
							want = tt.without
						}
						c, err := tryConnect(t, srv, func(cfg *xmpp.Config) {
							cfg.TLS.RootCAs = ca.Pool()
							cfg.Dialer = between{srv, cert, tt.change}
						})
						if want != nil {
							require.ErrorIs(t, err, want)
							require.NotContains(t, err.Error(), "secret")
							return
						}
						require.NoError(t, err)
						require.NoError(t, c.Close(context.Background()))
					})
				})
			}
		}
	}
}

// XEP-0474, without anybody in between: the hash is that of the form of SASL that is used, of
// every hash function, and with bindings or without.
func TestProvedOffer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, noSASL2 := range []bool{true, false} {
			for _, m := range []string{"SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512-PLUS"} {
				srv := xmpptest.Start(t, xmpptest.Config{NoSASL2: noSASL2, ProveOffer: true})
				r := &recorder{}
				c := connect(t, srv, func(cfg *xmpp.Config) { cfg.Auth.Mechanisms, cfg.Trace = []string{m}, r.trace() })
				require.Contains(t, r.all(), "logged in "+m)
				_, err := tryConnect(t, srv, func(cfg *xmpp.Config) { cfg.Auth.Mechanisms, cfg.Password = []string{m}, "guess" })
				require.ErrorIs(t, err, xmpp.NotAuthorized)
				require.NoError(t, c.Close(context.Background()))
			}
		}
		// who was bound once does with less if the server proves that there is no more
		store := xmpp.MemoryStore()
		for _, cfg := range []xmpptest.Config{{}, {Mechanisms: []string{"SCRAM-SHA-512"}, Bindings: []string{}, ProveOffer: true}} {
			cfg.Tokens = []string{}
			srv := xmpptest.Start(t, cfg)
			c, err := tryConnect(t, srv, func(cfg *xmpp.Config) { cfg.Store = store })
			require.NoError(t, err)
			require.NoError(t, c.Close(context.Background()))
		}
	})
}
