package discovery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"stanza.invalid/gen/caps"
	"stanza.invalid/gen/caps2"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/form"
	"stanza.invalid/gen/hashes"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/discovery"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var juliet = jid.MustParse("juliet@example.org/balcony")

// what a contact can do
var (
	able   = &disco.Info{Identities: []disco.Identity{{Category: "client", Type: "phone", Name: "Orchard"}}, Features: features("urn:a", "urn:b", "urn:secret")}
	unable = &disco.Info{Identities: able.Identities, Features: features("urn:a", "urn:b")}
)

// contact is somebody who announces hashes and answers.
type contact struct {
	*xmpptest.User
	mu    sync.Mutex
	says  *disco.Info          // guarded by mu
	asked []string             // guarded by mu: the nodes
	wait  chan struct{}        // if not nil, answers wait for it
	lang  string               // of answers
	plain func() *disco.Info   // answers without a node, if it is not nil
	fail  func(n string) error // refuses nodes, if it is not nil
}

func (c *contact) queries() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.asked
	c.asked = nil
	return asked
}

func (c *contact) serve(ctx context.Context) {
	for {
		st, err := c.Receive(ctx)
		if err != nil {
			return
		}
		q, ok := st.(*stanza.IQ)
		if !ok {
			continue
		}
		query, err := stanza.Find[disco.InfoQuery](q)
		if err != nil || query == nil {
			continue
		}
		c.mu.Lock()
		c.asked = append(c.asked, query.Node)
		info := *c.says
		c.mu.Unlock()
		if c.wait != nil {
			select {
			case <-c.wait:
			case <-ctx.Done():
				return
			}
		}
		if query.Node == "" && c.plain != nil {
			info = *c.plain()
		}
		info.Node = query.Node
		a := q.Result(&info)
		if c.fail != nil {
			if err := c.fail(query.Node); err != nil {
				a = q.Fail(err)
			}
		}
		a.Lang = c.lang
		if err := c.Send(a); err != nil {
			return
		}
	}
}

// announce sends a presence with payloads.
func (c *contact) announce(t *testing.T, payloads ...stanza.Payload) {
	t.Helper()
	p := &stanza.Presence{To: juliet}
	p.Add(payloads...)
	require.NoError(t, c.Send(p))
	synctest.Wait()
}

func newer(t *testing.T, info *disco.Info, algorithms ...hashes.Algorithm) *caps2.Caps {
	t.Helper()
	c := &caps2.Caps{}
	for _, a := range algorithms {
		h, err := discovery.Hash(info, a)
		require.NoError(t, err)
		c.Hashes = append(c.Hashes, h)
	}
	return c
}

func older(t *testing.T, info *disco.Info) *caps.Capabilities {
	t.Helper()
	ver, err := discovery.Verification(info, hashes.AlgorithmSHA1)
	require.NoError(t, err)
	return &caps.Capabilities{Hash: "sha-1", Node: "https://orchard.example", Ver: ver}
}

// stage is a client with a directory, and contacts.
type stage struct {
	t          *testing.T
	srv        *xmpptest.Server
	client     *xmpp.Client
	dir        *discovery.Directory
	mu         sync.Mutex
	mismatches []discovery.Mismatch // guarded by mu
}

func onStage(t *testing.T, cfg discovery.Config, change func(c *xmpp.Config)) *stage {
	t.Helper()
	s := &stage{t: t, srv: xmpptest.Start(t, xmpptest.Config{})}
	s.srv.Account(juliet.Bare().String(), "secret")
	conf := s.srv.ClientConfig(juliet.String())
	if change != nil {
		change(&conf)
	}
	c, err := xmpp.NewClient(juliet, conf)
	require.NoError(t, err)
	s.client, s.dir = c, discovery.New(c, cfg)
	xmpp.On(c, func(m discovery.Mismatch) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.mismatches = append(s.mismatches, m)
	}, stream.Direct())
	require.NoError(t, c.Open(t.Context()))
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return s
}

func (s *stage) wrong() (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.mismatches {
		all = append(all, m.JID.String()+": "+m.Err.Error())
	}
	s.mismatches = nil
	return all
}

func (s *stage) contact(addr string, says *disco.Info) *contact {
	c := &contact{User: s.srv.User(addr), says: says}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		c.serve(ctx)
		close(done)
	}()
	s.t.Cleanup(func() {
		cancel()
		<-done
	})
	return c
}

func (s *stage) features(c *contact) (all []string) {
	s.t.Helper()
	info, err := s.dir.Lookup(s.t.Context(), c.JID())
	require.NoError(s.t, err)
	for _, f := range info.Features {
		all = append(all, f.Var)
	}
	return all
}

var (
	isAble   = []string{"urn:a", "urn:b", "urn:secret"}
	isUnable = []string{"urn:a", "urn:b"}
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

// VS12: who announces another's hash speaks for himself alone, whoever is asked first, and no
// cache remembers what he says.
func TestVS12Poisoning(t *testing.T) {
	t.Parallel()
	for name, announce := range map[string]func(t *testing.T) stanza.Payload{
		"XEP-0390": func(t *testing.T) stanza.Payload { return newer(t, able, hashes.AlgorithmSHA256) },
		"XEP-0115": func(t *testing.T) stanza.Payload { return older(t, able) },
	} {
		for liar, says := range map[string]*disco.Info{
			"other features":  unable,
			"a feature twice": {Identities: able.Identities, Features: append(features("urn:a"), able.Features...)},
			"nothing":         {},
		} {
			t.Run(name+" "+liar, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					cache := &memory{}
					s := onStage(t, discovery.Config{Cache: cache}, nil)
					mallory, romeo := s.contact("mallory@example.com/x", says), s.contact("romeo@example.net/y", able)
					mallory.announce(t, announce(t))
					romeo.announce(t, announce(t))
					for range 2 {
						got := s.features(mallory)
						require.Len(t, got, len(says.Features), "of himself he may say what he likes")
					}
					require.Len(t, s.wrong(), 1)
					require.Empty(t, cache.keys())
					asked := mallory.queries()
					require.Len(t, asked, 2, "by the node, and once without")
					require.Empty(t, asked[1])
					require.Equal(t, isAble, s.features(romeo))
					require.Len(t, romeo.queries(), 1)
					require.Len(t, cache.keys(), 1)
					require.NotEqual(t, isAble, s.features(mallory), "what he was caught with stays with him")
				})
			})
		}
	}
}

// VS12: answers that go with another's hash of XEP-0115, but mean something else: features that
// became a form, identities, or run into each other at a '<'. They hide what the others can do.
func TestVS12Collisions(t *testing.T) {
	t.Parallel()
	victim := &disco.Info{
		Identities: []disco.Identity{{Category: "client", Type: "pc", Name: "Orchard"}},
		Features:   features("http://jabber.org/protocol/muc", "urn:xmpp:jingle:1", "urn:xmpp:ping", "urn:xmpp:receipts"),
	}
	slashed := &disco.Info{Identities: []disco.Identity{{Category: "client", Type: "pc", Name: "Or/chard"}}, Features: victim.Features}
	full := &disco.Info{Identities: victim.Identities, Features: victim.Features, Forms: []form.Form{typedForm("a:form", "x=y")}}
	for name, c := range map[string]struct{ victim, lie *disco.Info }{
		"features as a form": {victim, &disco.Info{
			Identities: victim.Identities, Features: victim.Features[:2], Forms: []form.Form{typedForm("urn:xmpp:ping", "urn:xmpp:receipts")},
		}},
		"a feature as an identity": {victim, &disco.Info{
			Identities: append(slices.Clone(victim.Identities), disco.Identity{Category: "http:", Lang: "jabber.org", Name: "protocol/muc"}), Features: victim.Features[1:],
		}},
		"features in one": {victim, &disco.Info{
			Identities: victim.Identities, Features: features("http://jabber.org/protocol/muc<urn:xmpp:jingle:1<urn:xmpp:ping", "urn:xmpp:receipts"),
		}},
		"features in the name": {victim, &disco.Info{
			Identities: []disco.Identity{{Category: "client", Type: "pc", Name: "Orchard<http://jabber.org/protocol/muc<urn:xmpp:jingle:1"}}, Features: victim.Features[2:],
		}},
		"all features as a form": {victim, &disco.Info{
			Identities: victim.Identities, Forms: []form.Form{typedForm("http://jabber.org/protocol/muc", "urn:xmpp:jingle:1=urn:xmpp:ping,urn:xmpp:receipts")},
		}},
		"a type in the category": {slashed, &disco.Info{
			Identities: []disco.Identity{{Category: "client/pc", Lang: "Or", Name: "chard"}}, Features: victim.Features,
		}},
		"the last feature as the first form": {full, &disco.Info{
			Identities: victim.Identities, Features: victim.Features[:3], Forms: []form.Form{typedForm("urn:xmpp:receipts", "a:form=x,y")},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := onStage(t, discovery.Config{}, nil)
				require.Equal(t, older(t, c.victim).Ver, older(t, c.lie).Ver, "the hash is the same")
				mallory, romeo := s.contact("mallory@example.com/x", c.lie), s.contact("romeo@example.net/y", c.victim)
				mallory.announce(t, older(t, c.lie))
				romeo.announce(t, older(t, c.victim))
				s.features(mallory)
				require.Len(t, s.wrong(), 1)
				require.Len(t, s.features(romeo), len(c.victim.Features))
				require.Len(t, romeo.queries(), 1, "mallory has not spoken for romeo")

				// XEP-0390 tells them apart
				h, err := discovery.Hash(c.victim, hashes.AlgorithmSHA256)
				require.NoError(t, err)
				l, err := discovery.Hash(c.lie, hashes.AlgorithmSHA256)
				require.True(t, err != nil || !slices.Equal(h.Value, l.Value))
			})
		})
	}
}

// VS12: what no hash covers is not handed on with what one does.
func TestVS12Uncovered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, discovery.Config{}, nil)
		said := &disco.Info{Identities: able.Identities, Features: able.Features, Forms: []form.Form{typedForm("a", "v=1")}}
		said.Forms[0].Title = "a title"
		said.Forms[0].Fields[1].Label = "a label"
		untyped := typedForm("b", "w=2")
		untyped.Fields = untyped.Fields[1:]
		mallory, romeo := s.contact("mallory@example.com/x", &disco.Info{Identities: said.Identities, Features: said.Features, Forms: append(said.Forms, untyped)}), s.contact("romeo@example.net/y", said)
		mallory.announce(t, older(t, said))
		romeo.announce(t, older(t, said))
		s.features(mallory)
		info, err := s.dir.Lookup(t.Context(), romeo.JID())
		require.NoError(t, err)
		require.Empty(t, romeo.queries())
		require.Len(t, info.Forms, 1)
		require.Empty(t, info.Forms[0].Title)
		require.Equal(t, []string{"1"}, info.Forms[0].Fields[1].Values)
		require.Empty(t, info.Forms[0].Fields[1].Label)
	})
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

// memory is a cache.
type memory struct {
	mu sync.Mutex
	m  map[string][]byte
}

func (c *memory) Load(_ context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.m[key], nil
}

func (c *memory) Save(_ context.Context, key string, info []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = map[string][]byte{}
	}
	c.m[key] = info
	return nil
}

func (c *memory) keys() (all []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.m {
		all = append(all, k)
	}
	return all
}

// A cache outlives the program; VS12: it is not believed more than a contact is.
func TestVS12Cache(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := &memory{}
		s := onStage(t, discovery.Config{Cache: cache}, nil)
		romeo := s.contact("romeo@example.net/y", able)
		for _, p := range []stanza.Payload{older(t, able), newer(t, able, hashes.AlgorithmSHA256)} {
			romeo.announce(t, p)
			require.Equal(t, isAble, s.features(romeo))
		}
		require.Len(t, cache.keys(), 2)
		require.Len(t, romeo.queries(), 2)
		require.NoError(t, s.client.Close(t.Context()))

		second := func(cache discovery.Cache, queries int) {
			s := onStage(t, discovery.Config{Cache: cache}, nil)
			romeo := s.contact("romeo@example.net/y", able)
			for _, p := range []stanza.Payload{older(t, able), newer(t, able, hashes.AlgorithmSHA256)} {
				romeo.announce(t, p)
				require.Equal(t, isAble, s.features(romeo))
			}
			require.Len(t, romeo.queries(), queries)
			require.NoError(t, s.client.Close(t.Context()))
		}
		second(cache, 0)
		lie, err := unable.AppendXML(nil, "")
		require.NoError(t, err)
		for _, bad := range []string{string(lie), "", "no XML", "<query/>", strings.Repeat(" ", 100_000)} {
			for _, k := range cache.keys() {
				cache.m[k] = []byte(bad)
			}
			second(cache, 2)
		}
		second(broken{}, 2)
	})
}

type broken struct{}

func (broken) Load(context.Context, string) ([]byte, error) { return nil, errors.New("broken") }
func (broken) Save(context.Context, string, []byte) error   { return errors.New("broken") }

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

// Own presences announce what the session has handlers for, as it changes.
func TestOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, discovery.Config{Node: "https://orchard.example"}, func(c *xmpp.Config) {
			c.Handler = xmpp.NewMux(xmpp.OnMessage(func(context.Context, *stanza.Message, *receipts.Request) error { return nil }))
		})
		romeo := s.srv.User("romeo@example.net/y")
		var nodes []string
		next := func(p *stanza.Presence) *caps.Capabilities {
			t.Helper()
			p.To = romeo.JID()
			require.NoError(t, s.client.Send(t.Context(), p))
			got := romeo.ExpectPresence(t)
			c := xmpptest.Payload[caps.Capabilities](t, got)
			require.Equal(t, "https://orchard.example", c.Node)
			require.Len(t, xmpptest.Payload[caps2.Caps](t, got).Hashes, 2)
			nodes = append(nodes, c.Node+"#"+c.Ver)
			for _, h := range xmpptest.Payload[caps2.Caps](t, got).Hashes {
				nodes = append(nodes, discovery.NodeOf(h))
			}
			return c
		}
		first := next(&stanza.Presence{})
		ask := func(node string) *disco.Info {
			t.Helper()
			info, err := xmpptest.Call(t.Context(), romeo, juliet, &disco.InfoQuery{Node: node})
			require.NoError(t, err, node)
			return info
		}
		plain := ask("")
		require.Contains(t, plain.Features, disco.Feature{Var: receipts.NS})
		require.Contains(t, plain.Features, disco.Feature{Var: caps.NS})
		require.Equal(t, older(t, plain).Ver, first.Ver)
		for _, n := range nodes {
			require.Equal(t, plain.Features, ask(n).Features)
		}
		require.Equal(t, first.Ver, next(&stanza.Presence{Show: stanza.Away}).Ver)

		xmpp.Handle(s.client, xmpp.Advertise("urn:new"))
		synctest.Wait()
		changed := next(&stanza.Presence{})
		require.NotEqual(t, first.Ver, changed.Ver)
		require.Contains(t, ask(changed.Node+"#"+changed.Ver).Features, disco.Feature{Var: "urn:new"})
		require.NotContains(t, ask(first.Node+"#"+first.Ver).Features, disco.Feature{Var: "urn:new"}, "the last few are still known")
		_, err := xmpptest.Call(t.Context(), romeo, juliet, &disco.InfoQuery{Node: "https://orchard.example#x"})
		require.ErrorIs(t, err, stanza.ItemNotFound)

		// its own, or none
		p := &stanza.Presence{To: romeo.JID()}
		p.Add(&caps.Capabilities{Node: "n", Hash: "sha-1", Ver: "v"})
		require.NoError(t, s.client.Send(t.Context(), p))
		got := romeo.ExpectPresence(t)
		require.Equal(t, "v", xmpptest.Payload[caps.Capabilities](t, got).Ver)
		require.False(t, stanza.Has[caps2.Caps](got))
		for _, typ := range []stanza.PresenceType{stanza.Unavailable, stanza.Subscribe} {
			require.NoError(t, s.client.Send(t.Context(), &stanza.Presence{To: romeo.JID(), Type: typ}))
			require.Zero(t, romeo.ExpectPresence(t).Len())
		}
	})
}

// When there is more to announce, everybody is told once, for as long as the client is there.
func TestOwnChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var sent []string
		s := onStage(t, discovery.Config{}, func(c *xmpp.Config) {
			c.Presence = &stanza.Presence{Status: stanza.Plain("here")}
			c.Trace = &xmpp.Trace{XML: func(d stream.Direction, text string) {
				if d == stream.Out && strings.HasPrefix(text, "<presence") {
					mu.Lock()
					defer mu.Unlock()
					sent = append(sent, text)
				}
			}}
		})
		take := func() []string {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			all := sent
			sent = nil
			return all
		}
		first := take()
		require.Len(t, first, 1)
		require.Contains(t, first[0], caps2.NS)
		xmpp.Handle(s.client, xmpp.Advertise(receipts.NS), xmpp.Advertise(receipts.NS))
		second := take()
		require.Len(t, second, 1)
		require.Contains(t, second[0], "<status>here</status>")
		require.NotEqual(t, first[0], second[0])
		require.Equal(t, 1, strings.Count(second[0], "'"+caps.NS+"'"))
		xmpp.Handle(s.client, xmpp.Advertise(receipts.NS))
		require.Empty(t, take(), "that is nothing new")
		require.NoError(t, s.client.SetPresence(t.Context(), &stanza.Presence{Type: stanza.Unavailable}))
		require.Len(t, take(), 1)
		xmpp.Handle(s.client, xmpp.Advertise("urn:more"))
		require.Empty(t, take(), "nobody is there to be told about")
	})
}

// A program that answers service discovery by itself announces by itself.
func TestOwnAnswers(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(c *xmpp.Config){
		"nobody": func(c *xmpp.Config) { c.NoDefaults = true },
		"the program": func(c *xmpp.Config) {
			c.Handler = xmpp.NewMux(xmpp.OnIQ(func(context.Context, *stanza.IQ, *disco.InfoQuery) (*disco.Info, error) { return able, nil }))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := onStage(t, discovery.Config{}, change)
				require.Nil(t, s.client.Info())
				romeo := s.srv.User("romeo@example.net/y")
				require.NoError(t, s.client.Send(t.Context(), &stanza.Presence{To: romeo.JID()}))
				require.Zero(t, romeo.ExpectPresence(t).Len())
			})
		})
	}
}
