package discovery

import (
	"context"
	"slices"
	"sync"

	"stanza.invalid/gen/caps"
	"stanza.invalid/gen/caps2"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/hashes"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
)

// kept is how many sets of hashes are answered for (XEP-0390, section 5.1: at least three).
const kept = 4

// own is what this side announces.
type own struct {
	mu   sync.Mutex
	sets []*announcement // guarded by mu, the last one first
	// guarded by mu: what was last sent to all, and what it announced
	presence *stanza.Presence
	sent     *announcement
}

// announcement is a set of hashes of one's own.
type announcement struct {
	info  *disco.Info
	older caps.Capabilities
	newer caps2.Caps
	nodes []string
}

// current returns what there is to announce, nil if no hash stands for it.
func (d *Directory) current() *announcement {
	info := d.link.Session().Info()
	if info == nil {
		return nil // nobody would answer for it
	}
	ver, err := Verification(info, hashes.AlgorithmSHA1)
	if err != nil {
		return nil
	}
	o := &d.own
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, a := range o.sets {
		if a.older.Ver == ver {
			o.sets = slices.Insert(slices.Delete(o.sets, i, i+1), 0, a)
			return a
		}
	}
	a := &announcement{info: info, older: caps.Capabilities{Hash: string(hashes.AlgorithmSHA1), Node: d.cfg.Node, Ver: ver}}
	a.nodes = []string{d.cfg.Node + "#" + ver}
	for _, f := range []hashes.Algorithm{hashes.AlgorithmSHA256, hashes.AlgorithmSHA3256} {
		h, err := Hash(info, f)
		if err != nil {
			return nil
		}
		a.newer.Hashes = append(a.newer.Hashes, h)
		a.nodes = append(a.nodes, NodeOf(h))
	}
	o.sets = slices.Insert(o.sets, 0, a)
	o.sets = o.sets[:min(len(o.sets), kept)]
	return a
}

// announce adds the hashes to a presence that goes out.
func (d *Directory) announce(st stanza.Stanza) stanza.Stanza {
	p, ok := st.(*stanza.Presence)
	if !ok || p.Type != "" && p.Type != stanza.Unavailable {
		return st
	}
	o := &d.own
	if p.Type == stanza.Unavailable {
		if p.To.IsZero() {
			o.mu.Lock()
			o.presence, o.sent = nil, nil
			o.mu.Unlock()
		}
		return st
	}
	if stanza.Has[caps.Capabilities](p) || stanza.Has[caps2.Caps](p) {
		return st // the program does it itself
	}
	a := d.current()
	if a == nil {
		return st
	}
	if p.To.IsZero() {
		o.mu.Lock()
		o.presence, o.sent = p.Clone(), a
		o.mu.Unlock()
	}
	older, newer := a.older, a.newer
	p.Add(&older, &newer)
	return p
}

// changed tells everybody when there is something else to announce.
func (d *Directory) changed(ctx context.Context, _ xmpp.FeaturesChanged) error {
	a, o := d.current(), &d.own
	o.mu.Lock()
	p, again := o.presence, o.presence != nil && a != o.sent
	o.mu.Unlock()
	if !again {
		return nil
	}
	return d.link.Session().Send(ctx, p.Clone())
}

// ownNode answers for the hashes that were announced last.
func (d *Directory) ownNode(node string) *disco.Info {
	d.own.mu.Lock()
	defer d.own.mu.Unlock()
	for _, a := range d.own.sets {
		if slices.Contains(a.nodes, node) {
			return a.info
		}
	}
	return nil
}
