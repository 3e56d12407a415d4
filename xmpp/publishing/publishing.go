// Package publishing publishes typed items at nodes (XEP-0060), as a rule at those of the own
// account (XEP-0163), and tells what others publish.
//
//	tune := publishing.New[tune.Tune](client, publishing.Config{Node: tune.NS})
//	_, err := tune.Publish(ctx, "", &tune.Tune{Title: "Ach, ich fühl's"})
//
// What is meant for the account alone, such as bookmarks, is published with Config.Private: it
// leaves the client only if the server is known to keep it so (XEP-0223). What a handler gets
// as the account's own comes from the account's own address.
package publishing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/form"
	"stanza.invalid/gen/pubsub"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Config says which node it is, and how it is to be configured.
type Config struct {
	// Node is the name of the node.
	Node string
	// Service is where the node is: the zero JID is the own account.
	Service jid.JID
	// Private says that nobody else may read the items, and that they are kept (XEP-0223).
	Private bool
	// Options are how the node has to be configured; one that does not exist is created so.
	// Nothing is published at one that is configured otherwise: that is [ErrPrecondition].
	Options pubsub.PublishOptions
}

var (
	// ErrPrecondition is returned for a node that is configured otherwise than the item needs.
	// [Node.Configure] can change that.
	ErrPrecondition = errors.New("publishing: the node is configured otherwise")
	// ErrNotPrivate is returned for a service that does not say that it keeps items private.
	ErrNotPrivate = errors.New("publishing: the service does not check how a node is configured")
	// ErrAnswer is returned for an answer about another node.
	ErrAnswer = errors.New("publishing: the answer is about another node")
)

// Node is a node whose items are of type T. Its methods may be called from any goroutine.
type Node[T any, P stanza.PayloadOf[T]] struct {
	link xmpp.Link
	cfg  Config

	mu      sync.Mutex
	private bool // guarded by mu: the node was found to be so, or the service to look after it
}

// Item is an item of a node.
type Item[T any] struct {
	// ID is unique within the node.
	ID string
	// Value is what was published, nil if it was not sent along or does not fit.
	Value *T
	// Publisher is who published it, if the service says so.
	Publisher jid.JID
	// Err says why what was sent does not fit.
	Err error
}

// New returns a node.
func New[T any, P stanza.PayloadOf[T]](l xmpp.Link, cfg Config) *Node[T, P] {
	if cfg.Private {
		model, persist := pubsub.AccessModelWhitelist, true
		cfg.Options.AccessModel, cfg.Options.PersistItems = &model, &persist
	}
	return &Node[T, P]{link: l, cfg: cfg}
}

// Publish publishes an item, and returns its id, which the service chooses if it is "".
func (n *Node[T, P]) Publish(ctx context.Context, id string, v P) (string, error) {
	item, err := pubsub.NewItem(id, v)
	if err != nil {
		return "", err
	}
	if err := n.checkPrivate(ctx); err != nil {
		return "", err
	}
	set := &pubsub.PublishSet{Publish: pubsub.Publish{Node: n.cfg.Node, Items: []pubsub.Item{item}}}
	if f := n.cfg.Options.Submit(); len(f.Fields) > 1 { // more than its type
		set.Preconditions = &pubsub.Preconditions{Form: f}
	}
	done, err := xmpp.Call(ctx, n.link, n.cfg.Service, set)
	switch {
	case errors.Is(err, xmpp.ErrEmptyResult):
		return id, nil
	case err != nil:
		return "", n.refused(err)
	case done.Publish.Node != n.cfg.Node:
		return "", ErrAnswer
	case len(done.Publish.Items) > 0 && done.Publish.Items[0].ID != "":
		return done.Publish.Items[0].ID, nil
	}
	return id, nil
}

// refused tells a node that is configured otherwise from other errors.
func (n *Node[T, P]) refused(err error) error {
	var e *stanza.Error
	if !errors.As(err, &e) {
		return err
	}
	if why, bad := stanza.Find[pubsub.Error](e); bad == nil && why != nil && why.Condition == pubsub.ErrorConditionPreconditionNotMet {
		return fmt.Errorf("%w: %w", ErrPrecondition, err)
	}
	return err
}

// checkPrivate makes sure, before anything private leaves, that it will be so: the node is, or
// it does not exist and the service creates it so, and says that it does.
func (n *Node[T, P]) checkPrivate(ctx context.Context) error {
	n.mu.Lock()
	known := n.private || !n.cfg.Private
	n.mu.Unlock()
	if known {
		return nil
	}
	// a service that does not know preconditions ignores them
	info, err := xmpp.Call(ctx, n.link, n.account(), &disco.InfoQuery{})
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(info.Features, func(f disco.Feature) bool { return f.Var == pubsub.NS+"#"+string(pubsub.FeaturePublishOptions) }) {
		return ErrNotPrivate
	}
	cfg, err := n.configuration(ctx)
	switch {
	case errors.Is(err, stanza.ItemNotFound):
	case err != nil:
		return err
	case cfg.AccessModel == nil || *cfg.AccessModel != pubsub.AccessModelWhitelist:
		return ErrPrecondition
	}
	n.mu.Lock()
	n.private = true
	n.mu.Unlock()
	return nil
}

// account returns the address of the service, also where that is the own account.
func (n *Node[T, P]) account() jid.JID {
	if n.cfg.Service.IsZero() {
		return n.link.Session().Local().Bare()
	}
	return n.cfg.Service
}

// configuration asks how the node is configured.
func (n *Node[T, P]) configuration(ctx context.Context) (*pubsub.NodeConfig, error) {
	got, err := xmpp.Call(ctx, n.link, n.cfg.Service, &pubsub.ConfigurationGet{Configure: pubsub.OwnerConfigure{Node: n.cfg.Node}})
	if err != nil {
		return nil, err
	}
	if got.Configure.Node != n.cfg.Node {
		return nil, ErrAnswer
	}
	if got.Configure.Form == nil {
		return nil, stanza.NewError(stanza.NotAllowed, "the node cannot be configured")
	}
	return form.Decode[pubsub.NodeConfig](got.Configure.Form)
}

// Configure changes how the node is configured. Fields that change does not touch stay as
// they are.
func (n *Node[T, P]) Configure(ctx context.Context, change func(cfg *pubsub.NodeConfig)) error {
	cfg, err := n.configuration(ctx)
	if err != nil {
		return err
	}
	change(cfg)
	_, err = xmpp.Call(ctx, n.link, n.cfg.Service, &pubsub.ConfigurationSet{Configure: pubsub.OwnerConfigure{Node: n.cfg.Node, Form: cfg.Submit()}})
	return err
}

// Items returns the items with these ids, all of them without any.
func (n *Node[T, P]) Items(ctx context.Context, ids ...string) ([]Item[T], error) {
	get := pubsub.Items{Node: n.cfg.Node}
	for _, id := range ids {
		get.Items = append(get.Items, pubsub.Item{ID: id})
	}
	return n.get(ctx, get)
}

// Latest returns the items that were published last, so many at most.
func (n *Node[T, P]) Latest(ctx context.Context, most uint32) ([]Item[T], error) {
	return n.get(ctx, pubsub.Items{Node: n.cfg.Node, MaxItems: &most})
}

func (n *Node[T, P]) get(ctx context.Context, which pubsub.Items) ([]Item[T], error) {
	got, err := xmpp.Call(ctx, n.link, n.cfg.Service, &pubsub.ItemsGet{Items: which})
	if err != nil {
		return nil, err
	}
	if got.Items.Node != n.cfg.Node {
		return nil, ErrAnswer
	}
	var all []Item[T]
	for _, i := range got.Items.Items {
		all = append(all, itemOf[T, P](i.ID, i.Publisher, i.Payload))
	}
	return all, nil
}

// itemOf reads an item.
func itemOf[T any, P stanza.PayloadOf[T]](id string, publisher jid.JID, payload []stanza.Raw) Item[T] {
	item := Item[T]{ID: id, Publisher: publisher}
	if len(payload) > 0 {
		item.Value, item.Err = stanza.Decode[T, P](payload[0])
	}
	return item
}

// Retract deletes an item, and tells those who get notifications.
func (n *Node[T, P]) Retract(ctx context.Context, id string) error {
	_, err := xmpp.Call(ctx, n.link, n.cfg.Service, &pubsub.RetractSet{Retract: pubsub.Retract{Node: n.cfg.Node, Notify: true, Items: []pubsub.Item{{ID: id}}}})
	return err
}

// Delete deletes the node with all that was published.
func (n *Node[T, P]) Delete(ctx context.Context) error {
	n.mu.Lock()
	n.private = false
	n.mu.Unlock()
	_, err := xmpp.Call(ctx, n.link, n.cfg.Service, &pubsub.DeleteNode{Delete: pubsub.OwnerDelete{Node: n.cfg.Node}})
	return err
}
