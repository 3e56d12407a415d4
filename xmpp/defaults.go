package xmpp

import (
	"context"
	"slices"

	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/ping"
	"stanza.invalid/gen/version"
	"stanza.invalid/xmpp/stanza"
)

// installDefaults answers what every entity should, unless the program does.
func (s *Session) installDefaults() {
	routes := []Route{
		OnIQ(func(context.Context, *stanza.IQ, *ping.Ping) (*stanza.Empty, error) { return nil, nil }),
		OnIQ(s.discoInfo),
		OnIQ(s.discoItems),
	}
	if s.cfg.Software != nil {
		routes = append(routes, OnIQ(func(context.Context, *stanza.IQ, *version.Query) (*version.Info, error) {
			info := *s.cfg.Software
			return &info, nil
		}))
	}
	for _, r := range routes {
		if !s.cfg.Handler.has(r.request) {
			r.install(s.stream)
		}
	}
}

// Features returns what the session advertises to service discovery, in order.
func (s *Session) Features() []string {
	all := append(s.cfg.Handler.Features(), s.cfg.Features...)
	s.mu.Lock()
	all = append(all, s.added...)
	s.mu.Unlock()
	if !s.cfg.NoDefaults {
		all = append(all, disco.NSInfo, disco.NSItems, ping.NS)
		if s.cfg.Software != nil {
			all = append(all, version.NS)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// nodes are what somebody knows of nodes of service discovery.
type nodes struct {
	info func(node string) *disco.Info
}

// AnswerNodes adds nodes to what service discovery is told (XEP-0030, section 3.2): f returns
// what there is to say of a node, or nil if it is none of its own. It is for packages that do
// a job; without them there are no nodes. The function that it returns removes them.
func (s *Session) AnswerNodes(f func(node string) *disco.Info) (remove func()) {
	added := &nodes{f}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nodes = append(slices.Clone(s.nodes), added)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.nodes = slices.DeleteFunc(slices.Clone(s.nodes), func(n *nodes) bool { return n == added })
	}
}

// discoInfo answers from what is registered (XEP-0030, section 3).
func (s *Session) discoInfo(_ context.Context, _ *stanza.IQ, q *disco.InfoQuery) (*disco.Info, error) {
	if q.Node == "" {
		return s.info(), nil
	}
	s.mu.Lock()
	all := s.nodes
	s.mu.Unlock()
	for _, n := range all {
		if found := n.info(q.Node); found != nil {
			info := *found
			info.Node = q.Node
			return &info, nil
		}
	}
	return nil, stanza.ItemNotFound
}

// Info returns what the session tells service discovery about itself, nil if that is left to
// the program.
func (s *Session) Info() *disco.Info {
	if s.cfg.NoDefaults || s.cfg.Handler.has(request{typ: stanza.Get, name: (*disco.InfoQuery)(nil).WireName()}) {
		return nil
	}
	return s.info()
}

func (s *Session) info() *disco.Info {
	info := &disco.Info{Identities: s.cfg.Identities}
	if len(info.Identities) == 0 {
		info.Identities = []disco.Identity{{Category: "automation", Type: "bot"}}
	}
	for _, f := range s.Features() {
		info.Features = append(info.Features, disco.Feature{Var: f})
	}
	return info
}

// discoItems answers that there are none (XEP-0030, section 4).
func (s *Session) discoItems(_ context.Context, _ *stanza.IQ, q *disco.ItemsQuery) (*disco.Items, error) {
	if q.Node != "" {
		return nil, stanza.ItemNotFound
	}
	return &disco.Items{}, nil
}
