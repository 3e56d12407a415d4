package discovery_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"stanza.invalid/gen/caps"
	"stanza.invalid/gen/caps2"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/hashes"
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
