package mechanism

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xdg-go/scram"

	"stanza.invalid/internal/testca"
)

// connection returns the state of a TLS connection.
func connection(t *testing.T, version uint16) *tls.ConnectionState {
	t.Helper()
	ca := testca.New()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	server := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{ca.Issue(testca.Leaf{Names: []string{"example.org"}})}, MaxVersion: version})
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	client := tls.Client(a, &tls.Config{RootCAs: ca.Pool(), ServerName: "example.org"})
	require.NoError(t, client.Handshake())
	require.NoError(t, <-done)
	cs := client.ConnectionState()
	return &cs
}

var me = Credentials{Username: "me", Password: "secret"}

// VT7: what the client says about channel binding, in every case.
func TestVT7Flags(t *testing.T) {
	t.Parallel()
	tls12, tls13 := connection(t, tls.VersionTLS12), connection(t, tls.VersionTLS13)
	both := []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}
	for name, c := range map[string]struct {
		offer     Offer
		policy    Policy
		mechanism string // "" for none
		flag      string
	}{
		"no TLS":                          {Offer{Mechanisms: both}, Policy{}, "SCRAM-SHA-256", "n,"},
		"no -PLUS":                        {Offer{Mechanisms: both[1:], TLS: tls13}, Policy{}, "SCRAM-SHA-256", "y,"},
		"no -PLUS, required":              {Offer{Mechanisms: both[1:], TLS: tls13}, Policy{RequireBinding: true}, "", ""},
		"exporter":                        {Offer{Mechanisms: both, TLS: tls13, Bindings: []string{"tls-server-end-point", "tls-exporter"}}, Policy{}, "SCRAM-SHA-256-PLUS", "p=tls-exporter,"},
		"exporter on TLS 1.2":             {Offer{Mechanisms: both, TLS: tls12, Bindings: []string{"tls-unique", "tls-exporter"}}, Policy{}, "SCRAM-SHA-256-PLUS", "p=tls-exporter,"},
		"unique":                          {Offer{Mechanisms: both, TLS: tls12, Bindings: []string{"tls-unique", "tls-server-end-point"}}, Policy{}, "SCRAM-SHA-256-PLUS", "p=tls-unique,"},
		"end point":                       {Offer{Mechanisms: both, TLS: tls13, Bindings: []string{"tls-unique", "tls-server-end-point"}}, Policy{}, "SCRAM-SHA-256-PLUS", "p=tls-server-end-point,"},
		"nothing said, TLS 1.2":           {Offer{Mechanisms: both, TLS: tls12}, Policy{}, "SCRAM-SHA-256-PLUS", "p=tls-unique,"},
		"nothing said, TLS 1.3":           {Offer{Mechanisms: both, TLS: tls13}, Policy{}, "SCRAM-SHA-256", "n,"},
		"nothing said, TLS 1.3, required": {Offer{Mechanisms: both, TLS: tls13}, Policy{RequireBinding: true}, "", ""},
		"nothing said in SASL2":           {Offer{Mechanisms: both, TLS: tls12, Extensible: true}, Policy{}, "", ""},
		"strange bindings":                {Offer{Mechanisms: both, TLS: tls13, Bindings: []string{"tls-else"}}, Policy{}, "SCRAM-SHA-256", "n,"},
		"tls-unique alone on TLS 1.3":     {Offer{Mechanisms: both, TLS: tls13, Bindings: []string{"tls-unique"}}, Policy{}, "SCRAM-SHA-256", "n,"},
		"an empty list":                   {Offer{Mechanisms: both, TLS: tls13, Bindings: []string{}}, Policy{}, "SCRAM-SHA-256", "n,"},
		"bindings without -PLUS":          {Offer{Mechanisms: both[1:], TLS: tls13, Bindings: []string{"tls-exporter"}}, Policy{}, "", ""},
		"only without -PLUS":              {Offer{Mechanisms: both, TLS: tls13, Bindings: []string{"tls-exporter"}}, Policy{Only: both[1:]}, "SCRAM-SHA-256", "n,"},
	} {
		m, err := Choose(c.offer, me, c.policy)
		if c.mechanism == "" {
			require.Error(t, err, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, c.mechanism, m.Name(), name)
		first, err := m.Start()
		require.NoError(t, err, name)
		require.True(t, strings.HasPrefix(string(first), c.flag), "%s: %s", name, first)
	}
}

// The strongest mechanism that the credentials fit.
func TestChoose(t *testing.T) {
	t.Parallel()
	cs := connection(t, tls.VersionTLS13)
	all := []string{"ANONYMOUS", "PLAIN", "OAUTHBEARER", "SCRAM-SHA-1", "X-UNKNOWN", "SCRAM-SHA-512", "SCRAM-SHA-256", "EXTERNAL"}
	for want, c := range map[string]Credentials{
		"SCRAM-SHA-512": me,
		"OAUTHBEARER":   {Bearer: "token"},
		"EXTERNAL":      {Certificate: true, Username: "me", Password: "secret"},
		"ANONYMOUS":     {Anonymous: true},
	} {
		m, err := Choose(Offer{Mechanisms: all, TLS: cs}, c, Policy{})
		require.NoError(t, err)
		require.Equal(t, want, m.Name())
	}
	_, err := Choose(Offer{Mechanisms: all, TLS: cs}, Credentials{}, Policy{})
	require.ErrorIs(t, err, ErrNone)
	require.ErrorContains(t, err, `"X-UNKNOWN": not known`)
	_, err = Choose(Offer{Mechanisms: []string{"PLAIN", "OAUTHBEARER"}}, Credentials{Username: "me", Password: "p", Bearer: "t"}, Policy{})
	require.ErrorIs(t, err, ErrNone, "not in clear text")
	_, err = Choose(Offer{Mechanisms: []string{"PLAIN"}, TLS: cs}, Credentials{Username: "me", Password: "a\x00b"}, Policy{})
	require.ErrorIs(t, err, ErrNone)
	_, err = Choose(Offer{Mechanisms: []string{"SCRAM-SHA-1"}, TLS: cs}, Credentials{Username: "me", Password: "a\u0007secret"}, Policy{})
	require.ErrorIs(t, err, ErrNone)
	require.NotContains(t, err.Error(), "secret")
}

// A server whose accounts have nothing to bind may list bindings all the same: in SASL 2 that
// is a mistake or an attack, before it just useless.
func TestBindingsWithoutSCRAM(t *testing.T) {
	t.Parallel()
	o := Offer{Mechanisms: []string{"PLAIN", "EXTERNAL"}, TLS: connection(t, tls.VersionTLS13), Bindings: []string{"tls-exporter"}}
	m, err := Choose(o, me, Policy{})
	require.NoError(t, err)
	require.Equal(t, "PLAIN", m.Name())
	_, err = Choose(o, me, Policy{NoPlain: true})
	require.ErrorIs(t, err, ErrNone)
	_, err = Choose(o, me, Policy{Bound: true})
	require.ErrorIs(t, err, ErrDowngrade)
	o.Extensible = true
	_, err = Choose(o, me, Policy{})
	require.ErrorIs(t, err, ErrDowngrade)
}

// A login that was once bound goes on without only if the server proves what it offers
// (XEP-0474).
func TestOnceBound(t *testing.T) {
	t.Parallel()
	cs := connection(t, tls.VersionTLS13)
	for name, c := range map[string]struct {
		mechanisms []string
		bindings   []string
		want       string
	}{
		"still":     {[]string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-512"}, []string{"tls-exporter"}, "SCRAM-SHA-1-PLUS"},
		"no more":   {[]string{"SCRAM-SHA-512"}, nil, "SCRAM-SHA-512"},
		"PLAIN":     {[]string{"PLAIN"}, nil, ""},
		"a token":   {[]string{"OAUTHBEARER"}, nil, ""},
		"a key":     {[]string{"EXTERNAL"}, nil, "EXTERNAL"},
		"anonymous": {[]string{"ANONYMOUS"}, nil, ""},
	} {
		m, err := Choose(Offer{Mechanisms: c.mechanisms, Bindings: c.bindings, TLS: cs},
			Credentials{Username: "me", Password: "secret", Bearer: "t", Certificate: true}, Policy{Bound: true})
		if c.want == "" {
			require.Error(t, err, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, c.want, m.Name(), name)
		if x, ok := m.(*exchange); ok {
			require.Equal(t, !IsPlus(m.Name()), x.sure, "what is offered has to be proved")
		}
	}
	_, err := Token("HT-SHA-256-NONE", "me", "t", Offer{TLS: cs}, Policy{Bound: true})
	require.ErrorIs(t, err, ErrTokenBinding)
}

// XEP-0474: the server's hash of what it has offered is checked where it gives one.
func TestDowngradeProtection(t *testing.T) {
	t.Parallel()
	offered := Offer{Mechanisms: []string{"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"}, Bindings: nil, TLS: connection(t, tls.VersionTLS13)}
	run := func(o Offer, text string) error {
		m, err := Choose(o, me, Policy{Only: []string{"SCRAM-SHA-256"}})
		require.NoError(t, err)
		first, err := m.Start()
		require.NoError(t, err)
		srv, err := scram.SHA256.NewServer(func(string) (scram.StoredCredentials, error) {
			c, err := scram.SHA256.NewClient("me", "secret", "")
			if err != nil {
				return scram.StoredCredentials{}, err
			}
			return c.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "salt", Iters: 4096})
		})
		require.NoError(t, err)
		msg, err := srv.NewConversation().Step(string(first))
		require.NoError(t, err)
		sum := sha256.Sum256([]byte(text))
		_, err = m.Next(t.Context(), []byte(msg+",h="+base64.StdEncoding.EncodeToString(sum[:])))
		return err
	}
	require.NoError(t, run(offered, "PLAIN\x1eSCRAM-SHA-1\x1eSCRAM-SHA-256"))
	require.ErrorIs(t, run(offered, "PLAIN\x1eSCRAM-SHA-1\x1eSCRAM-SHA-256\x1eSCRAM-SHA-256-PLUS"), ErrDowngrade)
	bound := offered
	bound.Mechanisms = append(bound.Mechanisms, "SCRAM-SHA-256-PLUS")
	bound.Bindings = []string{"tls-server-end-point", "tls-exporter"}
	require.NoError(t, run(bound, "PLAIN\x1eSCRAM-SHA-1\x1eSCRAM-SHA-256\x1eSCRAM-SHA-256-PLUS\x1ftls-exporter\x1etls-server-end-point"))
	require.ErrorIs(t, run(bound, "PLAIN\x1eSCRAM-SHA-1\x1eSCRAM-SHA-256\x1eSCRAM-SHA-256-PLUS\x1ftls-exporter\x1etls-server-end-point\x1etls-unique"), ErrDowngrade)
}

func TestSimpleMechanisms(t *testing.T) {
	t.Parallel()
	c := Credentials{Username: "me", Password: "secret", Authzid: "you,=@example.org", Bearer: "token"}
	start := func(m Mechanism) string {
		b, err := m.Start()
		require.NoError(t, err)
		require.NotNil(t, b)
		_, err = m.Next(t.Context(), []byte("what?"))
		if m.Name() != "OAUTHBEARER" {
			require.ErrorIs(t, err, ErrChallenge)
			require.NoError(t, m.Finish(nil, false))
		}
		return string(b)
	}
	require.Equal(t, "you,=@example.org\x00me\x00secret", start(plain{c}))
	require.Equal(t, "you,=@example.org", start(external{c.Authzid}))
	require.Empty(t, start(anonymous{}))
	b := &bearer{c: c, host: "example.org", port: 5222}
	require.Equal(t, "n,a=you=2C=3D@example.org,\x01auth=Bearer token\x01host=example.org\x01port=5222\x01\x01", start(b))
	require.ErrorIs(t, b.Finish(nil, false), ErrServer, "the server has just explained why not")
	_, err := (&bearer{c: Credentials{Bearer: "a\x01b"}}).Start()
	require.Error(t, err)
}

// A server's messages of all kinds end in an error, and in no work.
func FuzzSCRAM(f *testing.F) {
	for _, s := range []string{"", "r=", "r=x,s=c2FsdA==,i=4096", "r=x,s=,i=0", "m=a,r=x", "e=other-error", ",,,", "r=x,s=c2FsdA==,i=99999999999"} {
		f.Add(s, "v=")
	}
	f.Fuzz(func(t *testing.T, first, final string) {
		m, err := Choose(Offer{Mechanisms: []string{"SCRAM-SHA-1"}}, me, Policy{Iterations: 5000})
		require.NoError(t, err)
		_, err = m.Start()
		require.NoError(t, err)
		_, err = m.Next(t.Context(), []byte(first))
		require.Error(t, err, "nobody can guess the nonce")
		require.Error(t, m.Finish([]byte(final), true))
	})
}
