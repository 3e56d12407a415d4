package xmpp_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/xmpptest"
)

// Who logs a device out leaves nothing that anybody could log in with, and keeps what the
// next login is protected with.
func TestForgetTokenLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		srv.Account(julietBare.String(), "secret")
		store := xmpp.MemoryStore()
		keys := func() (keys []string) {
			b, err := store.Load(t.Context(), julietBare)
			require.NoError(t, err)
			var all map[string]any
			require.NoError(t, json.Unmarshal(b, &all))
			for k := range all {
				keys = append(keys, k)
			}
			return keys
		}
		c, err := dialFast(t, srv, nil, func(cfg *xmpp.Config) { cfg.Store = store })
		require.NoError(t, err)
		hangUp(t, c)
		require.ElementsMatch(t, []string{"agent", "token", "hashed", "bound", "offer"}, keys())
		cfg := srv.ClientConfig(julietBare.String())
		cfg.Store, cfg.Password = store, ""
		require.NoError(t, xmpp.ForgetToken(t.Context(), julietBare, cfg))
		require.ElementsMatch(t, []string{"agent", "hashed", "bound"}, keys())
		_, err = dialFast(t, srv, nil, func(cfg *xmpp.Config) { cfg.Store, cfg.Password = store, "" })
		require.Error(t, err)
	})
}

// Of an account that was deleted nothing stays, neither in memory nor on the disk, also if
// the server hangs up, the client connects meanwhile, or the answer is lost on its way.
func TestDeleteAccountLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]bool{"answered": false, "the answer is lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.Start(t, xmpptest.Config{Registration: true})
				srv.Account("somebody@example.org", "else")
				srv.Account(julietBare.String(), "secret")
				again := srv.ClientConfig(julietBare.String())
				c, err := dialFast(t, srv, nil, func(cfg *xmpp.Config) {
					cfg.Store, cfg.NoManagement, cfg.Idle = xmpp.FileStore(dir), true, -1
					cfg.Backoff = stream.Backoff{Min: time.Second, Spread: time.Second}
				})
				require.NoError(t, err)
				files, err := os.ReadDir(dir)
				require.NoError(t, err)
				require.Len(t, files, 1)
				// somebody was killed while writing
				require.NoError(t, os.WriteFile(filepath.Join(dir, xmpp.DraftOf(julietBare)+"1"), []byte(`{"token":`), 0o600))
				done := make(chan error, 1)
				srv.Swallow(lose)
				go func() { done <- c.DeleteAccount(t.Context()) }()
				if lose {
					synctest.Wait()
					srv.Swallow(false)
					require.True(t, srv.Disconnect(c.Local().String()))
				}
				require.NoError(t, <-done)
				<-c.Done()
				require.Error(t, c.Err())
				files, err = os.ReadDir(dir)
				require.NoError(t, err)
				require.Empty(t, files)
				_, err = xmpp.Dial(t.Context(), julietBare, again)
				require.ErrorIs(t, err, xmpp.NotAuthorized)
			})
		})
	}
}

// An account that the server does not delete is not forgotten.
func TestDeleteAccountRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		srv.Account(julietBare.String(), "secret")
		store := xmpp.MemoryStore()
		c, err := dialFast(t, srv, nil, func(cfg *xmpp.Config) { cfg.Store = store })
		require.NoError(t, err)
		require.Error(t, c.DeleteAccount(t.Context()))
		b, err := store.Load(t.Context(), julietBare)
		require.NoError(t, err)
		require.Contains(t, string(b), "token")
		require.NoError(t, c.Err())
		hangUp(t, c)
		// nor one whose client the program ends
		c, err = dialFast(t, srv, nil, func(cfg *xmpp.Config) { cfg.Store = store })
		require.NoError(t, err)
		hangUp(t, c)
		require.ErrorIs(t, c.DeleteAccount(t.Context()), stream.ErrClosed)
		b, err = store.Load(t.Context(), julietBare)
		require.NoError(t, err)
		require.Contains(t, string(b), "token")
	})
}

// Several processes may have one folder: each finds what one of them has written, whole.
func TestFileStoreShared(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "store")
	var wg sync.WaitGroup
	for i := range 4 {
		s := xmpp.FileStore(dir)
		data := bytes.Repeat([]byte{byte('a' + i)}, 10_000*(i+1))
		wg.Go(func() {
			for range 50 {
				if err := s.Save(t.Context(), julietBare, data); err != nil {
					t.Error(err)
				}
				b, err := s.Load(t.Context(), julietBare)
				if err != nil || len(b) == 0 || len(b) != 10_000*int(b[0]-'a'+1) || bytes.Count(b, b[:1]) != len(b) {
					t.Errorf("%d bytes: %v", len(b), err)
				}
			}
		})
	}
	wg.Wait()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	checkPrivate(t, dir)
}
