// Package discovery finds out what others can do, and tells them what this side can (XEP-0030,
// XEP-0115, XEP-0390).
//
//	others := discovery.New(client, discovery.Config{})
//	...
//	ok, err := others.Supports(ctx, friend, receipts.NS)
//
// Presences announce hashes of what a client can do. Each hash is asked for once, whoever
// announces it, and the answer is believed for others only if the hash is really its own, by a
// computation that leaves no room for another meaning. Own presences get the hashes of
// what the session has handlers for, and are sent again when that changes.
package discovery

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"stanza.invalid/gen/caps"
	"stanza.invalid/gen/caps2"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/hashes"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Config is how a [Directory] works. The zero Config is useful.
type Config struct {
	// Node is a URI for the software, such as that of its web page, which others see
	// (XEP-0115); without it, it is this library's.
	Node string
	// Cache keeps what is known between programs; nil keeps it in memory.
	Cache Cache
	// Answers bounds how many answers are kept in memory (default 500), Entities of how many
	// addresses it is known what they have announced (default 2000). The oldest make room.
	Answers, Entities int
}

// library is Config.Node of programs that have none.
const library = "https://stanza.invalid"

// maxAnswer bounds one answer that is kept, in bytes as XML.
const maxAnswer = 32 << 10

// A Cache keeps what hashes stand for. What it returns is verified again, so that it need not
// be trusted. Its methods may be called from several goroutines.
type Cache interface {
	// Load returns what was saved under a key, an XML text, or nil.
	Load(ctx context.Context, key string) ([]byte, error)
	// Save saves it.
	Save(ctx context.Context, key string, info []byte) error
}

// Mismatch is an event: somebody announces a hash that is not that of the answer. What it says
// is believed of itself, and of nobody else.
type Mismatch struct {
	// JID is who it is.
	JID jid.JID
	// Key names the hash.
	Key string
	// Err says what is wrong.
	Err error
}

// Directory knows what others can do. Its methods may be called from any goroutine.
type Directory struct {
	link xmpp.Link
	cfg  Config

	mu       sync.Mutex
	entities recent[jid.JID, *entity]    // guarded by mu
	answers  recent[string, *disco.Info] // guarded by mu, by key; never changed
	flights  map[string]chan struct{}    // guarded by mu: queries under way, by key

	own own
}

// entity is what somebody has announced.
type entity struct {
	key  key
	info *disco.Info // of the entity itself, if it is good for nobody else
}

// New returns the directory of a session that is not open yet, and makes its presences
// announce what it can do, unless the program answers service discovery by itself.
func New(l xmpp.Link, cfg Config) *Directory {
	cfg.Node = cmp.Or(cfg.Node, library)
	d := &Directory{link: l, cfg: cfg, flights: map[string]chan struct{}{}}
	d.entities.max = cmp.Or(cfg.Entities, 2000)
	d.answers.max = cmp.Or(cfg.Answers, 500)
	xmpp.Handle(l, xmpp.Advertise(caps.NS, caps2.NS), xmpp.OnAnyPresence(d.presence))
	s := l.Session()
	s.Stream().Filter(stream.Out, 100, d.announce)
	s.AnswerNodes(d.ownNode)
	stream.On(s, d.changed, stream.Concurrent())
	xmpp.On(l, func(e xmpp.SessionStarted) {
		if !e.Resumed {
			d.mu.Lock()
			d.entities.clear() // whoever is there says so again
			d.mu.Unlock()
		}
	}, stream.Direct())
	return d
}

// presence notes what somebody announces.
func (d *Directory) presence(_ context.Context, p *stanza.Presence) error {
	from := p.From.Clone()
	d.mu.Lock()
	defer d.mu.Unlock()
	switch p.Type {
	case stanza.Unavailable:
		d.entities.remove(from)
	case "":
		// servers may take hashes away that they have delivered before
		if k, ok := announced(p); ok {
			if old, known := d.entities.get(from); !known || old.key != k {
				d.entities.put(from, &entity{key: k})
			}
		}
	}
	return nil
}

// Lookup returns what an entity says that it is and can do. It is not to be changed. An
// answer that is known by the hash which the entity has announced needs no query.
func (d *Directory) Lookup(ctx context.Context, addr jid.JID) (*disco.Info, error) {
	d.mu.Lock()
	e, _ := d.entities.get(addr)
	d.mu.Unlock()
	if e == nil {
		a, err := d.ask(ctx, addr, "")
		if err != nil {
			return nil, err
		}
		return a.info, nil
	}
	// a handler that waits for another would hold up the answer to that one's query
	alone := xmpp.FromContext(ctx) != nil || !e.key.proves()
	for {
		info, wait, done := d.known(e, alone)
		switch {
		case info != nil:
			return info, nil
		case wait == nil:
			defer done()
			return d.query(ctx, addr, e)
		}
		// somebody asks for that hash already; if it is to no avail, it is our turn
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Supports reports whether an entity has a feature.
func (d *Directory) Supports(ctx context.Context, addr jid.JID, feature string) (bool, error) {
	info, err := d.Lookup(ctx, addr)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(info.Features, func(f disco.Feature) bool { return f.Var == feature }), nil
}

// known returns what is known of an entity, or what to wait for, or neither: then a query is
// up to the caller, for whom others wait until it is done.
func (d *Directory) known(e *entity, alone bool) (info *disco.Info, wait <-chan struct{}, done func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e.info != nil {
		return e.info, nil, nil
	}
	id := e.key.id
	if info, ok := d.answers.get(id); ok {
		return info, nil, nil
	}
	if alone {
		return nil, nil, func() {}
	}
	if f, ok := d.flights[id]; ok {
		return nil, f, nil
	}
	f := make(chan struct{})
	d.flights[id] = f
	return nil, nil, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.flights, id)
		close(f)
	}
}

// query asks an entity.
func (d *Directory) query(ctx context.Context, addr jid.JID, e *entity) (*disco.Info, error) {
	k := e.key
	if info := d.load(ctx, k); info != nil {
		return info, nil
	}
	a, err := d.ask(ctx, addr, k.node)
	if err == nil {
		var common *disco.Info
		if common, err = k.verify(a); err == nil {
			d.keep(ctx, k, common)
			return common, nil
		}
		_ = xmpp.Emit(d.link, Mismatch{JID: addr, Key: k.id, Err: err})
	}
	var refused *stanza.Error
	if err != nil && a == nil && !errors.As(err, &refused) {
		return nil, err
	}
	// what it says of itself, whatever it has announced
	if a, err = d.ask(ctx, addr, ""); err != nil {
		return nil, err
	}
	if size(a.info) <= maxAnswer {
		d.mu.Lock()
		e.info = a.info
		d.mu.Unlock()
	}
	return a.info, nil
}

// answer is an answer, with the language in which it is.
type answer struct {
	info *disco.Info
	lang string
}

// ask asks an entity.
func (d *Directory) ask(ctx context.Context, addr jid.JID, node string) (*answer, error) {
	q, err := d.link.Session().Stream().Request(ctx, stanza.NewIQ(stanza.Get, addr, &disco.InfoQuery{Node: node}))
	if err != nil {
		return nil, err
	}
	if q.Type == stanza.IQError {
		if q.Err == nil {
			return nil, stanza.NewError(stanza.UndefinedCondition, "")
		}
		return nil, q.Err
	}
	info, err := stanza.Find[disco.Info](q)
	if err != nil {
		return nil, err
	}
	if info == nil {
		return nil, xmpp.ErrEmptyResult
	}
	a := &answer{info: info, lang: q.Lang}
	if lang, ok := q.Raw(info.WireName()).Attr("xml:lang"); ok {
		a.lang = lang
	}
	return a, nil
}

// load looks into the cache, whose content has to prove what it is.
func (d *Directory) load(ctx context.Context, k key) *disco.Info {
	if d.cfg.Cache == nil || !k.proves() {
		return nil
	}
	b, err := d.cfg.Cache.Load(ctx, k.id)
	if err != nil || len(b) == 0 || len(b) > maxAnswer {
		return nil
	}
	info, err := parse(b)
	if err != nil {
		return nil
	}
	if info, err = k.verify(&answer{info: info}); err != nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answers.put(k.id, info)
	return info
}

// keep keeps an answer that is good for all who announce the hash.
func (d *Directory) keep(ctx context.Context, k key, info *disco.Info) {
	b, err := info.AppendXML(nil, "")
	if err != nil || len(b) > maxAnswer {
		return
	}
	d.mu.Lock()
	d.answers.put(k.id, info)
	d.mu.Unlock()
	if d.cfg.Cache != nil {
		_ = d.cfg.Cache.Save(ctx, k.id, b) // what is not saved is asked for again
	}
}

func size(info *disco.Info) int {
	b, err := info.AppendXML(nil, "")
	if err != nil {
		return maxAnswer + 1
	}
	return len(b)
}

func parse(b []byte) (*disco.Info, error) {
	r, err := parseRaw(string(b))
	if err != nil {
		return nil, err
	}
	return stanza.Decode[disco.Info](r)
}

// key is a hash that somebody has announced.
type key struct {
	id       string // names it among all hashes
	node     string // to ask for it
	function hashes.Algorithm
	value    string // in base64
	strict   bool   // it is one of XEP-0390
}

// announced returns the hash of a presence to go by. Those of XEP-0390, which leave no room for
// another meaning, come first.
func announced(p *stanza.Presence) (k key, ok bool) {
	if c, err := stanza.Find[caps2.Caps](p); err == nil && c != nil {
		for _, h := range c.Hashes {
			if strength(h.Algorithm) > strength(k.function) && len(h.Value) == function(h.Algorithm)().Size() {
				k, ok = keyOf(h), true
			}
		}
	}
	if ok {
		return k.clone(), true
	}
	// without a name of the function it is the legacy format, which proves nothing
	c, err := stanza.Find[caps.Capabilities](p)
	if err != nil || c == nil || c.Hash == "" || len(c.Node)+len(c.Ver)+len(c.Hash) > 1000 {
		return key{}, false
	}
	// the node is no part of what is hashed: the answer is the same for all
	k = key{id: caps.NS + "#" + c.Hash + "." + c.Ver, node: c.Node + "#" + c.Ver, function: hashes.Algorithm(c.Hash), value: c.Ver}
	return k.clone(), true
}

// NodeOf returns the node to ask for a hash of XEP-0390.
func NodeOf(h hashes.Hash) string { return keyOf(h).node }

// verify returns what of an answer is good for everybody who announces the hash.
func (k key) verify(a *answer) (*disco.Info, error) {
	if !k.proves() {
		return nil, errors.New("discovery: an unknown hash function")
	}
	err := error(nil)
	for _, info := range a.readings() {
		var d *digested
		if d, err = digest(info, k.strict); err != nil {
			return nil, err
		}
		text := d.joined
		if k.strict {
			text = d.separated
		} else if err = d.unambiguous(); err != nil {
			return nil, err
		}
		if encode(sum(function(k.function), text())) == k.value {
			return d.info(), nil
		}
	}
	return nil, errors.New("discovery: it is not the hash of the answer")
}
