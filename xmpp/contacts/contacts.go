// Package contacts keeps a client's roster (RFC 6121, section 2): the list of contacts that
// the server holds for the account.
//
//	client, err := xmpp.NewClient(addr, cfg)
//	friends := contacts.New(client, contacts.Config{Cache: cache})
//	err = client.Open(ctx)
//	...
//	for _, item := range friends.Items() { ... }
//
// The roster is asked for in each new session, and in the first one of a program also if it
// goes on with that of an earlier program; it is kept up to date by what the server pushes.
// With a [Cache] and a server that knows versions, only what has changed since the last time
// goes over the network. Pushes from anybody but the account itself and its server are not
// believed.
package contacts

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"stanza.invalid/gen/roster"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Config is how a roster is kept. The zero Config is useful.
type Config struct {
	// Cache keeps the roster between sessions and programs; nil keeps it in memory.
	Cache Cache
	// Order is when in a new session the roster is asked for; see xmpp.Session.Restore. It is
	// -20 if it is 0: before presence is sent, so that contacts are known when theirs comes.
	Order int
}

// A Cache keeps a roster. Methods are called one at a time.
type Cache interface {
	// Load returns what was saved last; a version of "" says that there is nothing.
	Load(ctx context.Context) (version string, items []roster.Item, err error)
	// Save keeps a version of the roster.
	Save(ctx context.Context, version string, items []roster.Item) error
}

// Changed is an event: an item of the roster is another.
type Changed struct {
	// Old is the item as it was, nil for one that is new; New as it is, nil for one that is
	// gone.
	Old, New *roster.Item
}

// Loaded is an event: the roster is that of the server.
type Loaded struct{}

// Contacts is a client's roster. Its methods may be called from any goroutine.
type Contacts struct {
	client *xmpp.Client
	cfg    Config

	mu      sync.Mutex
	items   map[jid.JID]roster.Item // guarded by mu
	version string                  // guarded by mu: "" for none
	cached  bool                    // guarded by mu: the cache was read
	loaded  bool                    // guarded by mu: the server has said what there is
	asking  int                     // guarded by mu: answers that are awaited
	pending []roster.Set            // guarded by mu: pushes that came meanwhile
	saving  sync.Mutex              // the order of what is saved
}

// New returns the roster of a client that is not open yet.
func New(c *xmpp.Client, cfg Config) *Contacts {
	r := &Contacts{client: c, cfg: cfg, items: map[jid.JID]roster.Item{}}
	xmpp.Handle(c, xmpp.OnIQ(r.pushed))
	c.Restore(cmp.Or(cfg.Order, -20), r.load)
	// a session that was begun by an earlier program has a roster that this one does not know
	stream.On(c, func(ctx context.Context, e xmpp.SessionStarted) error {
		r.mu.Lock()
		missing := e.Resumed && !r.loaded && r.asking == 0
		r.mu.Unlock()
		if missing {
			return r.load(ctx)
		}
		return nil
	}, stream.Concurrent(), stream.At("contacts"))
	return r
}

// load asks for the roster in a new session.
func (r *Contacts) load(ctx context.Context) error {
	if err := r.loadCache(ctx); err != nil {
		// what it cannot tell the server can
		r.client.Stream().Report(stream.Failure{Err: err, Handler: "contacts"})
	}
	r.mu.Lock()
	get := &roster.Get{}
	if r.client.Server().RosterVersions {
		version := r.version
		get.Ver = &version
	}
	r.asking++
	r.mu.Unlock()
	got, err := xmpp.Call(ctx, r.client, jid.JID{}, get)
	if errors.Is(err, xmpp.ErrEmptyResult) && get.Ver != nil {
		got, err = nil, nil // what we have is right; pushes tell what is not
	}
	changes := r.take(got, err == nil)
	for _, c := range changes {
		if e := xmpp.Emit(r.client, c); e != nil {
			return e
		}
	}
	if err != nil {
		return err
	}
	r.save(ctx)
	return xmpp.Emit(r.client, Loaded{})
}

// loadCache reads the cache, once.
func (r *Contacts) loadCache(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cached || r.cfg.Cache == nil {
		return nil
	}
	version, items, err := r.cfg.Cache.Load(ctx)
	if err != nil {
		return err
	}
	r.cached, r.version = true, version
	for _, item := range items {
		r.items[item.JID] = item
	}
	return nil
}

// take takes the answer, and then what was pushed while it was awaited: that is at least as
// new, and doing it twice does no harm.
func (r *Contacts) take(got *roster.Roster, ok bool) (changes []Changed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asking--
	r.loaded = r.loaded || ok
	if ok && got != nil {
		fresh := map[jid.JID]roster.Item{}
		for _, item := range got.Items {
			if item.Subscription != roster.SubscriptionRemove {
				fresh[item.JID] = item
			}
		}
		for j := range r.items {
			if _, still := fresh[j]; !still {
				changes = r.set(roster.Item{JID: j, Subscription: roster.SubscriptionRemove}, changes)
			}
		}
		for _, item := range got.Items {
			changes = r.set(item, changes)
		}
		r.version = ""
		if got.Ver != nil {
			r.version = *got.Ver
		}
	}
	for _, p := range r.pending {
		changes = r.push(&p, changes)
	}
	r.pending = nil
	return changes
}

// pushed takes what the server pushes. Who may push is checked before.
func (r *Contacts) pushed(ctx context.Context, _ *stanza.IQ, set *roster.Set) (*stanza.Empty, error) {
	if len(set.Items) != 1 {
		return nil, stanza.BadRequest
	}
	r.mu.Lock()
	switch _, known := r.items[set.Items[0].JID]; {
	case r.asking > 0 || !r.loaded:
		defer r.mu.Unlock()
		if len(r.pending) >= maxPending {
			return nil, stanza.ResourceConstraint
		}
		r.pending = append(r.pending, *set)
		return nil, nil
	case !known && len(r.items) >= maxItems:
		r.mu.Unlock()
		return nil, stanza.ResourceConstraint
	}
	changes := r.push(set, nil)
	r.mu.Unlock()
	for _, c := range changes {
		if err := xmpp.Emit(r.client, c); err != nil {
			return nil, err
		}
	}
	r.save(ctx)
	return nil, nil
}

// What a server can make a client keep: pushes for a roster that has not come yet, and items
// that it adds one by one. More of them are refused.
const (
	maxPending = 1000
	maxItems   = 50_000
)

// push takes a push. The caller holds mu.
func (r *Contacts) push(set *roster.Set, changes []Changed) []Changed {
	if set.Ver != nil {
		r.version = *set.Ver
	}
	return r.set(set.Items[0], changes)
}

// set changes one item, and notes what has changed. The caller holds mu.
func (r *Contacts) set(item roster.Item, changes []Changed) []Changed {
	var c Changed
	if old, ok := r.items[item.JID]; ok {
		c.Old = &old
	}
	if item.Subscription == roster.SubscriptionRemove {
		if c.Old == nil {
			return changes
		}
		delete(r.items, item.JID)
		return append(changes, c)
	}
	item = clone(item)
	if c.Old != nil && equal(*c.Old, item) {
		return changes
	}
	r.items[item.JID] = item
	c.New = &item
	return append(changes, c)
}

// clone returns an item that keeps nothing of the stanza that it came in.
func clone(item roster.Item) roster.Item {
	b, err := (&roster.Roster{Items: []roster.Item{item}}).AppendXML(nil, "")
	if err != nil {
		return item
	}
	c, err := parse(string(b))
	if err != nil || len(c.Items) != 1 {
		return item
	}
	return c.Items[0]
}

func equal(a, b roster.Item) bool {
	return a.Name == b.Name && a.Subscription == b.Subscription && a.Ask == b.Ask && a.Approved == b.Approved && slices.Equal(a.Groups, b.Groups)
}

// save saves what there is now.
func (r *Contacts) save(ctx context.Context) {
	if r.cfg.Cache == nil {
		return
	}
	r.saving.Lock()
	defer r.saving.Unlock()
	r.mu.Lock()
	version, items := r.version, r.list()
	r.mu.Unlock()
	// what is not saved is asked for the next time
	_ = r.cfg.Cache.Save(ctx, version, items)
}

// list returns the items in order. The caller holds mu.
func (r *Contacts) list() []roster.Item {
	all := make([]roster.Item, 0, len(r.items))
	for _, item := range r.items {
		all = append(all, item)
	}
	slices.SortFunc(all, func(a, b roster.Item) int { return jid.Compare(a.JID, b.JID) })
	return all
}

// Items returns the contacts, in the order of their addresses.
func (r *Contacts) Items() []roster.Item {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.list()
}

// Item returns a contact, and whether there is one of this address.
func (r *Contacts) Item(addr jid.JID) (roster.Item, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	item, ok := r.items[addr.Bare()]
	return item, ok
}

// Version returns the version of the roster, "" if the server does not number them.
func (r *Contacts) Version() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.version
}

// Set adds a contact to the roster, or changes its name and groups. The server tells all of
// the account's clients, this one too, before it answers or soon after.
func (r *Contacts) Set(ctx context.Context, item roster.Item) error {
	set := roster.Item{JID: item.JID.Bare(), Name: item.Name, Groups: item.Groups}
	_, err := xmpp.Call(ctx, r.client, jid.JID{}, &roster.Set{Items: []roster.Item{set}})
	return err
}

// Remove removes a contact, and with it the subscriptions of both sides.
func (r *Contacts) Remove(ctx context.Context, addr jid.JID) error {
	_, err := xmpp.Call(ctx, r.client, jid.JID{}, &roster.Set{Items: []roster.Item{{JID: addr.Bare(), Subscription: roster.SubscriptionRemove}}})
	return err
}

// Subscribe asks to see somebody's presence.
func (r *Contacts) Subscribe(ctx context.Context, addr jid.JID) error {
	return r.say(ctx, addr, stanza.Subscribe)
}

// Unsubscribe does not want to see it any more.
func (r *Contacts) Unsubscribe(ctx context.Context, addr jid.JID) error {
	return r.say(ctx, addr, stanza.Unsubscribe)
}

// Approve lets somebody see the account's presence. On a server with pre-approval
// (xmpp.ServerFeatures) it may come before they ask.
func (r *Contacts) Approve(ctx context.Context, addr jid.JID) error {
	return r.say(ctx, addr, stanza.Subscribed)
}

// Deny does not let them, or not any more.
func (r *Contacts) Deny(ctx context.Context, addr jid.JID) error {
	return r.say(ctx, addr, stanza.Unsubscribed)
}

func (r *Contacts) say(ctx context.Context, addr jid.JID, t stanza.PresenceType) error {
	return r.client.Send(ctx, &stanza.Presence{To: addr.Bare(), Type: t})
}
