package mechanism

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xdg-go/scram"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// logIn logs in by SCRAM to a server that knows a password, and returns what the client
// remembers of it.
func logIn(t *testing.T, k *Keys, name, password, actual, salt string, iterations int) error {
	t.Helper()
	srv, err := scram.HashGeneratorFcn(hashOf(name)).NewServer(func(string) (scram.StoredCredentials, error) {
		c, err := scram.HashGeneratorFcn(hashOf(name)).NewClient("me", actual, "")
		require.NoError(t, err)
		return c.GetStoredCredentialsWithError(scram.KeyFactors{Salt: salt, Iters: iterations})
	})
	require.NoError(t, err)
	server := srv.NewConversation()
	m, err := Choose(Offer{Mechanisms: []string{name}}, Credentials{Username: "me", Password: password}, Policy{Keys: k})
	require.NoError(t, err)
	first, err := m.Start()
	require.NoError(t, err)
	challenge, err := server.Step(string(first))
	require.NoError(t, err)
	answer, err := m.Next(t.Context(), []byte(challenge))
	require.NoError(t, err)
	final, err := server.Step(string(answer))
	if err != nil {
		return err
	}
	return m.Finish([]byte(final), true)
}

// The work for a password is done once for each salt, and never again for another password.
func TestKeys(t *testing.T) {
	t.Parallel()
	k := new(Keys)
	require.NoError(t, logIn(t, k, "SCRAM-SHA-256", "one", "one", "salt", 4096))
	first := k.client
	require.NotNil(t, first)
	for range 3 {
		require.NoError(t, logIn(t, k, "SCRAM-SHA-256", "one", "one", "salt", 4096))
	}
	require.Same(t, first, k.client)
	require.Len(t, k.have, 1, "worked out once")

	require.Error(t, logIn(t, k, "SCRAM-SHA-256", "one", "another", "salt", 4096), "what is remembered is no way in")
	require.NoError(t, logIn(t, k, "SCRAM-SHA-256", "another", "another", "salt", 4096))
	require.NotSame(t, first, k.client, "nothing is left of the old password")
	require.Error(t, logIn(t, k, "SCRAM-SHA-256", "one", "another", "salt", 4096))

	second := k.client
	require.NoError(t, logIn(t, k, "SCRAM-SHA-512", "one", "one", "salt", 4096))
	require.NotSame(t, second, k.client, "another hash")

	third := k.client
	require.NoError(t, logIn(t, k, "SCRAM-SHA-512", "one", "one", "other", 4096))
	require.NoError(t, logIn(t, k, "SCRAM-SHA-512", "one", "one", "other", 5000))
	require.Same(t, third, k.client)
	require.Len(t, k.have, 3)
	for i := range 50 { // a server that makes salts up
		require.NoError(t, logIn(t, k, "SCRAM-SHA-512", "one", "one", fmt.Sprint(i), 4096))
		require.LessOrEqual(t, len(k.have), maxKeys+1)
	}
	k.Forget()
	require.Nil(t, k.client)
	require.NoError(t, logIn(t, k, "SCRAM-SHA-512", "one", "one", "salt", 4096))
	require.NoError(t, logIn(t, nil, "SCRAM-SHA-512", "one", "one", "salt", 4096), "nothing to remember it by")
}

// VT6: who gives up does not wait for the work that a server has asked for, and does not pile
// it up by trying again.
func TestVT6Cancelled(t *testing.T) {
	t.Parallel()
	k := new(Keys)
	try := func(ctx context.Context, iterations int) error {
		m, err := Choose(Offer{Mechanisms: []string{"SCRAM-SHA-512"}}, me, Policy{Keys: k})
		require.NoError(t, err)
		first, err := m.Start()
		require.NoError(t, err)
		_, nonce, _ := strings.Cut(string(first), ",r=")
		_, err = m.Next(ctx, fmt.Appendf(nil, "r=%sx,s=%s,i=%d", nonce, base64.StdEncoding.EncodeToString([]byte("salt")), iterations))
		return err
	}
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		require.ErrorIs(t, try(ctx, defaultIterations/4), context.DeadlineExceeded)
		cancel()
	}
	require.Len(t, k.have, 1, "begun once")
	start := time.Now()
	require.NoError(t, try(t.Context(), defaultIterations/4), "what was begun is of use")
	worked := time.Since(start)
	require.Len(t, k.have, 1)
	start = time.Now()
	require.NoError(t, try(t.Context(), defaultIterations/4))
	require.Less(t, time.Since(start), max(worked, 20*time.Millisecond))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := SaltedPassword(ctx, "SCRAM-SHA-512", "secret", []byte("salt"), 100_000, Policy{})
	require.ErrorIs(t, err, context.Canceled)
	require.Eventually(t, func() bool {
		all := make([]byte, 1<<20)
		return !bytes.Contains(all[:runtime.Stack(all, true)], []byte("GetStoredCredentials"))
	}, time.Minute, 10*time.Millisecond, "what goes on comes to its end")
}

func BenchmarkLogin(b *testing.B) {
	for name, keys := range map[string]*Keys{"first": nil, "again": new(Keys)} {
		b.Run(name, func(b *testing.B) {
			challenge := func(first []byte) []byte {
				_, nonce, _ := strings.Cut(string(first), ",r=")
				return []byte("r=" + nonce + "x,s=c2FsdA==,i=10000")
			}
			b.ReportAllocs()
			for b.Loop() {
				m, err := Choose(Offer{Mechanisms: []string{"SCRAM-SHA-512"}}, me, Policy{Keys: keys})
				if err != nil {
					b.Fatal(err)
				}
				first, err := m.Start()
				if err != nil {
					b.Fatal(err)
				}
				if _, err := m.Next(b.Context(), challenge(first)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
