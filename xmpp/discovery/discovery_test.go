package discovery_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/caps"
	"stanza.invalid/gen/caps2"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/hashes"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/discovery"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// What one contact has said is good for all who announce the same.
func TestLookup(t *testing.T) {
	t.Parallel()
	for name, announce := range map[string]func(t *testing.T) []stanza.Payload{
		"XEP-0390": func(t *testing.T) []stanza.Payload { return []stanza.Payload{newer(t, able, hashes.AlgorithmSHA256)} },
		"the better hash": func(t *testing.T) []stanza.Payload {
			return []stanza.Payload{newer(t, able, hashes.AlgorithmSHA3512, hashes.AlgorithmSHA256)}
		},
		"XEP-0115": func(t *testing.T) []stanza.Payload { return []stanza.Payload{older(t, able)} },
		"both": func(t *testing.T) []stanza.Payload {
			return []stanza.Payload{older(t, unable), newer(t, able, hashes.AlgorithmSHA3256)} // the newer one counts
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := onStage(t, discovery.Config{}, nil)
				one, two := s.contact("one@example.net/x", able), s.contact("two@example.net/y", able)
				require.Equal(t, isAble, s.features(one))
				require.Equal(t, []string{""}, one.queries(), "nothing is announced")
				require.Equal(t, isAble, s.features(one))
				require.Equal(t, []string{""}, one.queries(), "and nothing known")
				for _, c := range []*contact{one, two} {
					c.announce(t, announce(t)...)
				}
				for range 3 {
					require.Equal(t, isAble, s.features(one))
					require.Equal(t, isAble, s.features(two))
				}
				asked := one.queries()
				require.Len(t, asked, 1)
				require.NotEmpty(t, asked[0])
				require.Empty(t, two.queries())
				require.Empty(t, s.wrong())

				ok, err := s.dir.Supports(t.Context(), two.JID(), "urn:secret")
				require.NoError(t, err)
				require.True(t, ok)
				ok, err = s.dir.Supports(t.Context(), two.JID(), "urn:other")
				require.NoError(t, err)
				require.False(t, ok)

				// presences without hashes say nothing, others something new
				one.announce(t)
				s.features(one)
				require.Empty(t, one.queries())
				one.says = unable
				one.announce(t, newer(t, unable, hashes.AlgorithmSHA256))
				require.Equal(t, isUnable, s.features(one))
				require.Len(t, one.queries(), 1)
				require.Equal(t, isAble, s.features(two))
				require.NoError(t, two.Send(&stanza.Presence{To: juliet, Type: stanza.Unavailable}))
				synctest.Wait()
				s.features(two)
				require.Equal(t, []string{""}, two.queries(), "gone")
			})
		})
	}
}

// One question is asked for each hash, however many want to know, and nobody depends on the
// patience of another.
func TestOneQuery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, discovery.Config{}, nil)
		var all []*contact
		hold := make(chan struct{})
		for i := range 5 {
			c := s.contact(fmt.Sprintf("c%d@example.net/x", i), able)
			c.wait = hold
			c.announce(t, newer(t, able, hashes.AlgorithmSHA256))
			all = append(all, c)
		}
		asked := func() (n int) {
			for _, c := range all {
				n += len(c.queries())
			}
			return n
		}
		impatient, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 20)
		go func() {
			_, err := s.dir.Lookup(impatient, all[0].JID())
			errs <- err
		}()
		synctest.Wait()
		for i := range 10 {
			go func() {
				_, err := s.dir.Lookup(t.Context(), all[1+i%4].JID()) // the first is busy with its answer
				errs <- err
			}()
		}
		waiter, stop := context.WithCancel(t.Context())
		go func() {
			_, err := s.dir.Lookup(waiter, all[1].JID())
			errs <- err
		}()
		synctest.Wait()
		require.Equal(t, 1, asked())
		stop()
		require.ErrorIs(t, <-errs, context.Canceled)
		synctest.Wait()
		require.Zero(t, asked(), "nobody depends on who waits")
		cancel()
		require.ErrorIs(t, <-errs, context.Canceled)
		synctest.Wait()
		require.Equal(t, 1, asked(), "somebody else takes over")
		close(hold)
		for range 10 {
			require.NoError(t, <-errs)
		}
		require.Zero(t, asked())
	})
}

// A handler may look up, and never waits for another's query.
func TestInHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var dir *discovery.Directory
		got := make(chan string, 1)
		s := onStage(t, discovery.Config{}, func(c *xmpp.Config) {
			c.Handler = xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, _ string) error {
				ok, err := dir.Supports(ctx, m.From, "urn:secret")
				got <- fmt.Sprint(ok, err)
				return err
			}))
		})
		dir = s.dir
		romeo := s.contact("romeo@example.net/y", able)
		romeo.wait = make(chan struct{})
		romeo.announce(t, newer(t, able, hashes.AlgorithmSHA256))
		looked := make(chan error, 1)
		go func() {
			_, err := s.dir.Lookup(t.Context(), romeo.JID())
			looked <- err
		}()
		synctest.Wait()
		require.NoError(t, romeo.Send(stanza.NewMessage(juliet, "hi")))
		synctest.Wait()
		close(romeo.wait)
		require.Equal(t, "true <nil>", <-got)
		require.NoError(t, <-looked)
	})
}

// Whoever announces whatever costs a bounded amount of memory.
func TestBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, discovery.Config{Answers: 3, Entities: 5}, nil)
		var all []*contact
		for i := range 8 {
			info := &disco.Info{Identities: able.Identities, Features: features(fmt.Sprint("urn:", i))}
			c := s.contact(fmt.Sprintf("c%d@example.net/x", i), info)
			c.announce(t, newer(t, info, hashes.AlgorithmSHA256))
			all = append(all, c)
		}
		for range 2 {
			for i, c := range all {
				require.Equal(t, []string{fmt.Sprint("urn:", i)}, s.features(c))
				for _, node := range c.queries() {
					require.Equal(t, i < 3, node == "", "of the first it is not known any more what they announced")
				}
			}
		}
		// an answer that is too long is used and forgotten
		long := &disco.Info{Identities: able.Identities, Features: features("urn:" + strings.Repeat("x", 40_000))}
		c := s.contact("long@example.net/x", long)
		c.announce(t, newer(t, long, hashes.AlgorithmSHA256))
		for range 2 {
			require.Len(t, s.features(c), 1)
			require.Len(t, c.queries(), 1)
		}
	})
}

// Odd announcements and answers do no harm.
func TestOddities(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, discovery.Config{}, nil)
		romeo := s.contact("romeo@example.net/y", able)
		for _, p := range []stanza.Payload{
			&caps2.Caps{},
			&caps2.Caps{Hashes: []hashes.Hash{{Algorithm: "md5", Value: []byte("x")}, {Algorithm: hashes.AlgorithmSHA1, Value: make([]byte, 20)}, {Algorithm: hashes.AlgorithmSHA256, Value: make([]byte, 31)}}},
			&caps.Capabilities{Node: "https://example.org", Ver: "1.0", Ext: "a b"}, // the legacy format
			&caps.Capabilities{Node: "https://example.org/" + strings.Repeat("x", 5000), Hash: "sha-1", Ver: "x"},
		} {
			romeo.announce(t, p)
			require.Equal(t, isAble, s.features(romeo))
			require.Equal(t, []string{""}, romeo.queries(), "as if nothing was announced: %s", stanza.String(p))
		}
		// a function that nobody knows: asked for once, and good for nobody else
		romeo.announce(t, &caps.Capabilities{Node: "n", Hash: "sha-9", Ver: "x"})
		for range 2 {
			require.Equal(t, isAble, s.features(romeo))
		}
		require.Equal(t, []string{"n#x", ""}, romeo.queries())
		s.wrong()
		// nodes that are not answered
		romeo.fail = func(node string) error {
			if node != "" {
				return stanza.ItemNotFound
			}
			return nil
		}
		romeo.announce(t, older(t, able))
		require.Equal(t, isAble, s.features(romeo))
		require.Len(t, romeo.queries(), 2)
		romeo.fail = func(string) error { return stanza.Forbidden }
		romeo.announce(t, older(t, unable))
		_, err := s.dir.Lookup(t.Context(), romeo.JID())
		require.ErrorIs(t, err, stanza.Forbidden)
		romeo.fail = nil
		// a language that a server has added, and one that was meant
		romeo.lang = "en"
		romeo.announce(t, newer(t, able, hashes.AlgorithmSHA512))
		require.Equal(t, isAble, s.features(romeo))
		spoken := *able
		spoken.Identities = []disco.Identity{{Category: "client", Type: "phone", Name: "Orchard", Lang: "en"}}
		romeo.announce(t, newer(t, &spoken, hashes.AlgorithmSHA512))
		info, err := s.dir.Lookup(t.Context(), romeo.JID())
		require.NoError(t, err)
		require.Equal(t, "en", info.Identities[0].Lang)
		require.Empty(t, s.wrong())
		// nobody answers
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = s.dir.Lookup(ctx, jid.MustParse("nobody@example.net/x"))
		require.Error(t, err)
	})
}
