package wire

// Namespace names that the XML layer itself knows.
const (
	// NSXML is the namespace of the reserved prefix xml (xml:lang).
	NSXML = "http://www.w3.org/XML/1998/namespace"
	// NSXMLNS is the namespace of the reserved prefix xmlns; nothing may be bound to it.
	NSXMLNS = "http://www.w3.org/2000/xmlns/"
	// NSStream is the namespace of the stream header, features and stream errors.
	NSStream = "http://etherx.jabber.org/streams"
	// NSClient is the content namespace as types see it on every kind of stream.
	NSClient = "jabber:client"
	// NSServer is the content namespace of server-to-server streams.
	NSServer = "jabber:server"
	// NSComponent is the content namespace of component streams (XEP-0114).
	NSComponent = "jabber:component:accept"
)

// Name is an expanded XML name: a namespace name and a local name.
type Name struct {
	Space, Local string
}

// String returns the name in Clark notation, {space}local, or the bare local
// name if it is in no namespace.
func (n Name) String() string {
	if n.Space == "" {
		return n.Local
	}
	return "{" + n.Space + "}" + n.Local
}

// IsZero reports whether n names nothing.
func (n Name) IsZero() bool { return n.Local == "" }

// Matches reports whether n is a certain name. Generated code calls it for each type, so that it is not inlined.
//
//go:noinline
func (n Name) Matches(space, local string) bool { return n.Local == local && n.Space == space }
