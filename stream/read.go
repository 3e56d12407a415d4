package stream

import (
	"errors"

	"stanza.invalid/gen/sm"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// read is the reader: it frames, decodes, serves those who wait, and queues the rest.
func (s *Stream) read(c *Conn) error {
	for {
		if err := s.takeAll(c); err != nil {
			return c.because(err) // a peer may still say goodbye to who has hung up
		}
		if err := c.fill(); err != nil {
			return c.because(err)
		}
		s.pulse.reads.Add(1)
	}
}

// takeAll handles what one read has brought. It must not be inlined: see loop.
//
//go:noinline
func (s *Stream) takeAll(c *Conn) error {
	batch := c.batch[:0]
	for {
		k, err := c.framer.Next()
		if err == nil && k == wire.Element {
			if batch, err = s.takeElement(c, batch); err == nil {
				continue
			}
		}
		if e := s.queue.push(batch...); e != nil {
			return errors.Join(e, err)
		}
		switch {
		case err != nil:
			return err
		case k == wire.Footer:
			c.showMark(footer)
			return ErrEnded
		case k == wire.Header:
			return &Error{Condition: InvalidXML, Text: "a stream header out of order", Sent: true}
		}
		c.keepBatch(batch)
		if len(batch) == 0 {
			return nil
		}
		if !s.queue.over(true) {
			return nil
		}
		return s.queue.wait(s.hang.wait(), c.whenCut(), s.pause)
	}
}

// keepBatch keeps the memory of a batch while much is coming in.
func (c *Conn) keepBatch(batch []item) {
	clear(batch)
	if cap(batch) > 16 && !c.framer.Pending() {
		batch = nil
	}
	c.batch = batch[:0]
}

// takeElement handles one top-level element: it adds what is to be queued to the batch.
func (s *Stream) takeElement(c *Conn, batch []item) ([]item, error) {
	size := c.framer.Len()
	st, err := stanza.Take(c.framer)
	if st == nil {
		it, err := s.nonza(c, size)
		if err == nil && it.v != nil {
			batch = append(batch, it)
		}
		return batch, err
	}
	if s.cfg.XML != nil {
		c.showIn(element(st))
	}
	number, taken := uint64(0), true
	if s.sm != nil {
		number, taken = s.sm.in.take()
	}
	st.SetOrigin(s.origin.Load())
	if !taken {
		// it is here already, or the peer keeps it, or sends it back: handling it here would be once too often
		if q, ok := st.(*stanza.IQ); ok && !q.IsRequest() {
			s.answer(q)
		}
		return batch, nil
	}
	if s.cfg.Received != nil {
		s.guard("Config.Received", st, func() error { s.cfg.Received(st); return nil })
	}
	if s.serveWaiting(st, err) {
		if s.sm != nil {
			s.sm.in.done(number)
		}
		return batch, nil
	}
	it := stanzaItem(st, err, size)
	it.number = number
	it.again = s.sm != nil && s.sm.copies.again(st)
	return append(batch, it), nil
}

// serveWaiting gives a stanza to whom it answers and to collectors, and reports whether
// it goes no further. bad is what is wrong with the stanza.
func (s *Stream) serveWaiting(st stanza.Stanza, bad error) bool {
	if q, ok := st.(*stanza.IQ); ok && !q.IsRequest() {
		// an answer whose addresses are fine is one, even if its error is not
		var e *stanza.DecodeError
		if bad == nil || errors.As(bad, &e) && e.Element.Local == "error" {
			if s.answer(q) {
				return true
			}
		}
	}
	return bad == nil && s.waiters.lists.Load() > 0 && s.waiters.offer(st, false)
}

// nonza handles a top-level element that is no stanza.
func (s *Stream) nonza(c *Conn, size int) (item, error) {
	d := c.framer.Take()
	r := d.Root()
	c.showIn(r)
	if r.Is(wire.NSStream, "error") {
		return item{}, readError(r)
	}
	if r.Is(wire.NSStream, "features") && c.resumed {
		return item{}, nil // some servers send them after resuming by SASL 2 too
	}
	if s.sm != nil && r.Space() == sm.NS {
		return item{}, s.sm.nonza(c, r)
	}
	if s.cfg.Nonza != nil {
		taken := false
		s.guard("Config.Nonza", nil, func() error { taken = s.cfg.Nonza(r); return nil })
		if taken {
			return item{}, nil
		}
	}
	switch {
	case s.table.Load().takes(r):
	case r.Space() == wire.NSClient || r.Space() == wire.NSStream || r.Space() == "":
		return item{}, &Error{Condition: UnsupportedStanzaType, Text: r.Local(), Sent: true}
	case r.Local() == "message" || r.Local() == "presence" || r.Local() == "iq":
		return item{}, &Error{Condition: InvalidNamespace, Text: r.Space(), Sent: true}
	}
	return rawItem(r, size), nil
}

// takes reports whether there is a handler for an element that is no stanza.
func (t *table) takes(r wire.Raw) bool {
	for _, h := range t.nonzas {
		if h.matcher.name.IsZero() || h.matcher.name == r.Name() {
			return true
		}
	}
	return false
}

// pause notes that reading stops or goes on.
func (s *Stream) pause(on bool) {
	s.paused.Store(on)
	if on {
		s.cfg.Logger.Debug("reading is paused: handlers are behind")
	}
}
