package stream

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Suspended is the state of a session that can be resumed by another stream, perhaps of
// another process: see [Stream.Suspend] and [Management]. It can be written as JSON.
// Whoever has it and can log in has the session; the stanzas are in it in clear text.
type Suspended struct {
	// ID is what the peer calls the session, Location where it wants it to be resumed.
	ID, Location string
	// Local and Remote are the addresses of both sides.
	Local, Remote jid.JID
	// Until is how long the peer keeps the session; zero if it does not say.
	Until time.Time
	// Received is the count of what was received and handled, Acked that of what the peer
	// has acknowledged.
	Received, Acked uint32
	// Unacked are the elements that the peer has not acknowledged; the first Written of
	// them were given to the network whole.
	Unacked []string
	// Written is how many.
	Written int
	// Peer is what the layer above the stream knows of the peer; the stream keeps it as it is.
	Peer json.RawMessage `json:",omitempty"`
	// Running says that the stream went on when its state was saved ([Management.Save]):
	// more may have been received and sent since.
	Running bool `json:",omitempty"`
	// At is when the state was saved.
	At time.Time
}

// ErrNotResumable is returned for a session that the peer does not keep.
var ErrNotResumable = errors.New("stream: the session cannot be resumed")

// Suspend ends the stream without ending its session: the connection is cut off, what was
// received is handled, and what is returned lets another stream go on with the session.
// What was sent and is not acknowledged is a part of it, and so is what handlers send
// meanwhile, however much it is; its outcome is [Lost] for who waits for it here.
//
// It waits for all handlers, as long as ctx lets it: when that ends the stream is aborted,
// and the session lost. A handler cannot call it, not even a [Concurrent] one: that is
// [ErrWouldBlock]. If the session cannot be resumed the error is [ErrNotResumable], and
// nothing is changed. [Management.Save] gets what is returned, too, and its error comes with
// it.
func (s *Stream) Suspend(ctx context.Context) (*Suspended, error) {
	if s.runOf(ctx) != nil {
		return nil, ErrWouldBlock
	}
	if s.sm == nil {
		return nil, ErrNotResumable
	}
	saved := &Suspended{Local: s.Local(), Remote: s.Remote(), At: time.Now()}
	m := s.sm
	m.mu.Lock()
	saved.ID, saved.Location = m.id, m.location
	if m.keep > 0 {
		saved.Until = time.Now().Add(m.keep)
	}
	m.mu.Unlock()
	s.mu.Lock()
	switch {
	case s.closing:
		s.mu.Unlock()
		return nil, ErrClosed
	case saved.ID == "":
		s.mu.Unlock()
		return nil, ErrNotResumable
	}
	s.closing, s.saved = true, saved
	s.mu.Unlock()
	s.out.startSaving()
	s.disconnect()
	select {
	case <-s.done.wait():
	case <-ctx.Done():
		s.Abort()
		return nil, waitError(ctx)
	}
	saved.Received = m.in.part()
	return saved, m.keeper.final(saved)
}

// startSaving lets handlers send whatever they have to: there will be no connection that
// makes room, and all that they send is saved.
func (w *writer) startSaving() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sm.out.saving = true
	w.notify()
}

// save keeps what is left of the session. The caller holds the writer's lock.
func (u *unacked) save(v *Suspended, written uint64) {
	v.Acked = u.ackedTo
	for _, e := range u.entries {
		if !e.counted && e.end <= written {
			continue
		}
		if e.end <= written {
			v.Written++
		}
		v.Unacked = append(v.Unacked, string(e.b))
	}
}

// restore makes a session that was suspended the one before the first connection.
func (m *management) restore(v *Suspended) error {
	none := v.ID == "" && v.Running // there was no session yet, only what was to be sent
	if !none && (v.ID == "" || v.Local.Resource() == "") || v.Written < 0 || v.Written > len(v.Unacked) {
		return errors.New("stream: the suspended session makes no sense")
	}
	m.id, m.location = v.ID, v.Location
	r := &m.in
	r.next, r.first, r.said = uint64(v.Received), uint64(v.Received), v.Received
	r.saved = r.next
	w, u := &m.s.out, &m.out
	u.on, u.confirmed, u.ackedTo, u.behind = true, true, v.Acked, v.Running
	written := v.Written
	if v.Running {
		written = len(v.Unacked) // who knows
	}
	for i, text := range v.Unacked {
		e, err := wire.ParseIn(text, wire.NewContext(wire.NSClient, ""))
		if err != nil {
			return err
		}
		if i >= written {
			w.append([]byte(text))
		}
		u.add([]byte(text), w.queued, isStanza(e), nil)
		if !v.At.IsZero() {
			u.entries[i].at = v.At // or before
		}
	}
	m.began, m.copies.resumed = true, v.Running
	if none {
		return nil
	}
	m.s.origin.Store(&stanza.Origin{Account: v.Local, Server: v.Remote})
	m.s.suspended = true
	return nil
}
