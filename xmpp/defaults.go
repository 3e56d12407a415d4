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

// discoInfo answers from what is registered (XEP-0030, section 3). There are no nodes.
func (s *Session) discoInfo(_ context.Context, _ *stanza.IQ, q *disco.InfoQuery) (*disco.Info, error) {
	if q.Node != "" {
		return nil, stanza.ItemNotFound
	}
	info := &disco.Info{Identities: s.cfg.Identities}
	if len(info.Identities) == 0 {
		info.Identities = []disco.Identity{{Category: "automation", Type: "bot"}}
	}
	for _, f := range s.Features() {
		info.Features = append(info.Features, disco.Feature{Var: f})
	}
	return info, nil
}

// discoItems answers that there are none (XEP-0030, section 4).
func (s *Session) discoItems(_ context.Context, _ *stanza.IQ, q *disco.ItemsQuery) (*disco.Items, error) {
	if q.Node != "" {
		return nil, stanza.ItemNotFound
	}
	return &disco.Items{}, nil
}
