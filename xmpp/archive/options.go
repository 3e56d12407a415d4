package archive

import (
	"time"

	"stanza.invalid/gen/form"
	"stanza.invalid/gen/mam"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// maxPage bounds what one page may cost in memory.
const maxPage = 500

// An Option says what to read of an archive, and how.
type Option func(*options)

type options struct {
	archive       jid.JID
	node          string
	filter        mam.Filter
	filtered      bool
	after, before string
	backward      bool
	page, limit   int
	anyAuthor     bool
}

// In reads the archive of somebody else than the own account: a room, for example. Messages
// that are not from the room or its occupants are left out and reported as [Forged].
func In(archive jid.JID) Option { return func(o *options) { o.archive = archive } }

// AnyAuthor believes an archive that is not the own account's, whoever it says the messages are
// from: for a service that is trusted to keep those of others.
func AnyAuthor() Option { return func(o *options) { o.anyAuthor = true } }

// Node reads the archive of a node of a pubsub service (XEP-0442).
func Node(node string) Option { return func(o *options) { o.node = node } }

// With reads only messages to and from an address: with a bare one, of any of its resources.
func With(addr jid.JID) Option {
	return func(o *options) { o.filter.With, o.filtered = &addr, true }
}

// Since reads only messages of this time and later, Until none that are later.
func Since(t time.Time) Option {
	return func(o *options) { at := stanza.At(t.UTC()); o.filter.Start, o.filtered = &at, true }
}

// Until reads only messages of this time and earlier.
func Until(t time.Time) Option {
	return func(o *options) { at := stanza.At(t.UTC()); o.filter.End, o.filtered = &at, true }
}

// Text reads only messages that contain a text, in archives that can search.
func Text(words string) Option {
	return func(o *options) { o.filter.FullText, o.filtered = &words, true }
}

// IDs reads only messages with these ids, in archives that have the extended fields
// (urn:xmpp:mam:2#extended).
func IDs(ids ...string) Option {
	return func(o *options) { o.filter.IDs, o.filtered = ids, true }
}

// After reads only what stands behind the message with this id.
func After(id string) Option { return func(o *options) { o.after = id } }

// Before reads only what stands before the message with this id. Where a query does not begin
// but ends by Before or After, the archive has to have the extended fields.
func Before(id string) Option { return func(o *options) { o.before = id } }

// Backward reads the newest messages first.
func Backward() Option { return func(o *options) { o.backward = true } }

// PageSize is how many messages are asked for at a time: 50 without it, 500 at most.
func PageSize(n int) Option { return func(o *options) { o.page = n } }

// Limit is how many messages are read at most, whatever there is; 0 is no limit.
func Limit(n int) Option { return func(o *options) { o.limit = n } }

// stopAt puts the id where an iteration ends into the filter.
func (o *options) stopAt(id string, field **string) {
	if id != "" {
		*field, o.filtered = &id, true
	}
}

// form returns the filter, nil if there is none.
func (o *options) form() *form.Form {
	if !o.filtered {
		return nil
	}
	return o.filter.Submit()
}
