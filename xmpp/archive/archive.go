// Package archive reads archives of messages (XEP-0313): the one that the server keeps for
// an account, those of rooms, and others.
//
//	for m, err := range archive.Query(ctx, client, archive.With(friend), archive.Backward(), archive.Limit(20)) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(m.Time, m.Stanza.Body)
//	}
//
// An archive is read page by page while the loop asks for more; no more than a page is held
// at a time. Messages count as results only if they come from the archive that was asked,
// carry the query's id, which nobody can guess, and come before the page's end. Whatever else
// looks like a result reaches no loop and no handler.
package archive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"stanza.invalid/gen/delay"
	"stanza.invalid/gen/mam"
	"stanza.invalid/gen/rsm"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Message is one message of an archive.
type Message struct {
	// ID is the archive's id of the message, for [After] and [Before].
	ID string
	// Time is when the archive got the message, zero if it does not say.
	Time time.Time
	// Stanza is the message, nil if it was deleted. Its addresses are what the archive says
	// they were. What has a sender rule, such as carbons, is refused in it.
	Stanza *stanza.Message
	// Result is the result as it came, for what extensions add to it.
	Result *mam.Result
}

// Forged is an event: something that looked like a result of a query under way was not one.
type Forged struct {
	// Archive is whom the query went to; the zero JID is the own account's archive.
	Archive jid.JID
	// Message is the message that was taken out of the way.
	Message *stanza.Message
	// Err says what is wrong with it: [ErrSender], [ErrAuthor], [ErrTooMany], or what of it could
	// not be read.
	Err error
}

var (
	// ErrSender is for a result from somebody who was not asked.
	ErrSender = errors.New("archive: the result does not come from the archive")
	// ErrAuthor is for a message that an archive has no say in: see [AnyAuthor].
	ErrAuthor = errors.New("archive: a room can only tell what was said in it")
	// ErrTooMany is returned when an archive sends more results than were asked for.
	ErrTooMany = errors.New("archive: more results than were asked for")
	// ErrNoProgress is returned when an archive gives the same page again and again, or page after
	// page with nothing in it.
	ErrNoProgress = errors.New("archive: the next page is no further")
)

// Query iterates over the messages of an archive, without options over all of the own
// account's, the oldest first. The first error ends the iteration; a [*stanza.Error] is the
// archive's, item-not-found for an id that it does not know. Each page has as long as
// [xmpp.Call] gives it. After a lost session the rest can be read by another query [After]
// the last message.
//
// Handlers may query: the reader goes on meanwhile. Messages that arrive during a query and
// are no results of it stay in the queue, in their order.
func Query(ctx context.Context, l xmpp.Link, opts ...Option) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		q, err := newQuery(l, opts)
		for n := 0; err == nil; {
			var page []*Message
			var more bool
			page, more, err = q.next(ctx, n)
			for _, m := range page {
				if n++; !yield(m, nil) || n == q.limit {
					return
				}
			}
			if err == nil && !more {
				return
			}
		}
		yield(nil, err)
	}
}

// query is a query under way.
type query struct {
	options
	link   xmpp.Link
	cursor string // behind or before which the next page begins
	begun  bool   // there was a page
	barren int    // pages in a row that had no message
}

func newQuery(l xmpp.Link, opts []Option) (*query, error) {
	q := &query{link: l, options: options{page: 50}}
	for _, o := range opts {
		o(&q.options)
	}
	if q.page < 1 || q.page > maxPage {
		return nil, fmt.Errorf("archive: a page has 1 to %d messages", maxPage)
	}
	// where it begins is for the pages, where it ends for the filter
	q.cursor = q.after
	if q.backward {
		q.cursor = q.before
		q.stopAt(q.after, &q.filter.AfterID)
	} else {
		q.stopAt(q.before, &q.filter.BeforeID)
	}
	return q, nil
}

// next reads a page, in the order of the iteration, and reports whether there may be
// another. n messages were read before.
func (q *query) next(ctx context.Context, n int) (page []*Message, more bool, err error) {
	size := q.page
	if q.limit > 0 {
		size = min(size, q.limit-n)
	}
	id := stream.NewID()
	request := &mam.Query{QueryID: id, Node: q.node, Form: q.form(), Set: q.set(size)}
	s := q.link.Session().Stream()
	marked, err := stream.MatchMask("<message><result xmlns='" + mam.NS + "' queryid='" + id + "'/></message>")
	if err != nil {
		return nil, false, err
	}
	// at the reader: when the answer is here, so are all results before it, and none behind
	results := s.Collect(stream.MatchAll(marked, stream.MatchSender(q.senders()...)), stream.Exclusive(), stream.AtMost(size))
	forged := s.Collect(marked, stream.Exclusive(), stream.AtMost(maxForged))
	fin, err := xmpp.Call(ctx, q.link, q.archive, request)
	got := results.Stop()
	for _, st := range forged.Stop() {
		why := ErrSender
		if slices.Contains(q.senders(), st.Attributes().From) {
			why = ErrTooMany
		}
		q.report(st, why)
	}
	switch {
	case err != nil:
		return nil, false, err
	case results.Lost() > 0:
		return nil, false, ErrTooMany
	}
	for _, st := range got {
		m, err := q.take(st.(*stanza.Message))
		if err != nil {
			q.report(st, err)
			continue
		}
		page = append(page, m)
	}
	if q.backward {
		slices.Reverse(page)
	}
	more, err = q.advance(fin, page)
	if q.barren++; len(page) > 0 {
		q.barren = 0
	}
	if more && q.barren == maxBarren {
		return nil, false, ErrNoProgress
	}
	return page, more, err
}

// report tells of a result that is none.
func (q *query) report(st stanza.Stanza, err error) {
	// a queue that is full has worse to tell
	_ = xmpp.Emit(q.link, Forged{Archive: q.archive, Message: st.(*stanza.Message), Err: err})
}

// maxBarren is how many pages in a row may have no message: one whose messages are all refused
// has none.
const maxBarren = 100

// maxForged bounds how many forged results of a page are reported.
const maxForged = 16

// senders returns from whom results come: an absent sender is one's own account (RFC 6120,
// section 8.1.2.1).
func (q *query) senders() []jid.JID {
	if own := q.link.Session().Local().Bare(); q.archive.IsZero() || q.archive == own {
		return []jid.JID{{}, own}
	}
	return []jid.JID{q.archive}
}

// own reports whether the archive is one's own account's.
func (q *query) own() bool { return len(q.senders()) > 1 }

// set says which page.
func (q *query) set(size int) *rsm.Set {
	most := uint32(size)
	set := &rsm.Set{Max: &most}
	switch {
	case q.backward:
		set.Before = &rsm.Before{ID: q.cursor}
	default:
		set.After = q.cursor
	}
	return set
}

// take reads one result.
func (q *query) take(m *stanza.Message) (*Message, error) {
	r, err := stanza.FindUnverified[mam.Result](m) // the collector has seen to its sender rule
	if err != nil {
		return nil, err
	}
	f := &r.Forwarded
	if f.Message != nil {
		if !q.own() && !q.anyAuthor && f.Message.From.Bare() != q.archive.Bare() {
			return nil, ErrAuthor
		}
		f.Message.SetOrigin(m.Origin())
	}
	return &Message{ID: r.ID, Time: timeOf(f.Delay), Stanza: f.Message, Result: r}, nil
}

func timeOf(d *delay.Delay) time.Time {
	if d == nil {
		return time.Time{}
	}
	return d.Stamp.Time
}

// advance goes to the end of a page, and reports whether there may be another.
func (q *query) advance(fin *mam.Fin, page []*Message) (more bool, err error) {
	if fin.Complete {
		return false, nil
	}
	// the archive says where the page ends; the messages say it as well
	cursor := fin.Set.Last
	if q.backward {
		cursor = ""
		if fin.Set.First != nil {
			cursor = fin.Set.First.ID
		}
	}
	if cursor == "" && len(page) > 0 {
		cursor = page[len(page)-1].ID
	}
	if cursor == "" {
		return false, nil // an empty page
	}
	if q.begun && cursor == q.cursor {
		return false, ErrNoProgress
	}
	q.begun, q.cursor = true, cursor
	return true, nil
}
