package publishing

import (
	"context"

	"stanza.invalid/gen/pubsub"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Change is what has happened at a node.
type Change[T any] struct {
	// From is whose node it is: the bare address of an account, or a service. It is the
	// sender, who cannot be forged, not what anybody says.
	From jid.JID
	// Items were published.
	Items []Item[T]
	// Retracted are the ids of items that were deleted.
	Retracted []string
	// Purged says that all items were deleted, Deleted that the node was.
	Purged, Deleted bool
}

// OnChange calls h for what happens at the node, as the account or service tells: what others
// send, about a node of the same name, never gets there. It is to be called before the session
// is opened. For nodes of the own account it makes the session ask for notifications, if its
// presences say what it can do (package discovery); others are to be subscribed to.
func (n *Node[T, P]) OnChange(h func(ctx context.Context, c *Change[T]) error, opts ...stream.Option) {
	routes := []xmpp.Route{changes[T, P](n.cfg.Node, func(ctx context.Context, m *stanza.Message, c *Change[T]) error {
		if n.tells(m) {
			return h(ctx, c)
		}
		return nil
	}, append([]stream.Option{stream.At(stream.Site(1))}, opts...))}
	if n.cfg.Service.IsZero() {
		routes = append(routes, xmpp.Advertise(n.cfg.Node+"+notify"))
	}
	xmpp.Handle(n.link, routes...)
}

// tells reports whether a message is from whose node it is.
func (n *Node[T, P]) tells(m *stanza.Message) bool {
	if !n.cfg.Service.IsZero() {
		return m.From == n.cfg.Service
	}
	o := m.Origin()
	return o != nil && o.Allows(stanza.FromOwnAccount, m.From)
}

// Follow calls h for what others publish at nodes of this name, contacts for example, and what
// they delete. Change.From says who it was; the own account is not among them. It is to be called before
// the session is opened, and makes it ask for notifications, as [Node.OnChange] does.
func Follow[T any, P stanza.PayloadOf[T]](l xmpp.Link, node string, h func(ctx context.Context, c *Change[T]) error, opts ...stream.Option) {
	xmpp.Handle(l, changes[T, P](node, func(ctx context.Context, m *stanza.Message, c *Change[T]) error {
		if o := m.Origin(); m.From.Resource() != "" || o == nil || o.Allows(stanza.FromOwnAccount, m.From) {
			return nil // nodes belong to accounts and services, not to clients
		}
		return h(ctx, c)
	}, append([]stream.Option{stream.At(stream.Site(1))}, opts...)), xmpp.Advertise(node+"+notify"))
}

// changes handles notifications about nodes of a name.
func changes[T any, P stanza.PayloadOf[T]](node string, h func(ctx context.Context, m *stanza.Message, c *Change[T]) error, opts []stream.Option) xmpp.Route {
	return xmpp.OnMessage(func(ctx context.Context, m *stanza.Message, e *pubsub.Event) error {
		c := &Change[T]{From: m.From.Bare()}
		if m.From.IsZero() && m.Origin() != nil {
			c.From = m.Origin().Account.Bare()
		}
		about := ""
		switch what := e.Change.(type) {
		case *pubsub.EventItems:
			about = what.Node
			for _, i := range what.Items {
				c.Items = append(c.Items, itemOf[T, P](i.ID, i.Publisher, i.Payload))
			}
			for _, r := range what.Retracted {
				c.Retracted = append(c.Retracted, r.ID)
			}
		case *pubsub.EventPurge:
			about, c.Purged = what.Node, true
		case *pubsub.EventDelete:
			about, c.Deleted = what.Node, true
		}
		if about != node {
			return nil
		}
		return h(ctx, m, c)
	}, opts...)
}
