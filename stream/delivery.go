package stream

import (
	"context"

	"stanza.invalid/xmpp/stanza"
)

// DeliveryOutcome is what became of a stanza that was sent.
type DeliveryOutcome uint8

const (
	// Undecided is before the outcome is known.
	Undecided DeliveryOutcome = iota
	// Sent says that the stanza was handed to the network whole, and that nobody will say
	// more, because there is no stream management.
	Sent
	// Acked says that the peer has taken responsibility for the stanza (XEP-0198).
	Acked
	// Lost says that the session ended before the peer has acknowledged the stanza: it may
	// have arrived or not. Without stream management it says that the stanza was never
	// handed to the network whole.
	Lost
)

// String returns the name of the outcome.
func (o DeliveryOutcome) String() string {
	switch o {
	case Undecided:
		return "undecided"
	case Sent:
		return "sent"
	case Acked:
		return "acked"
	case Lost:
		return "lost"
	}
	return "unknown"
}

// Delivery follows one stanza that was sent.
type Delivery struct {
	done    chan struct{}
	outcome DeliveryOutcome // set before done is closed
	end     uint64          // guarded by writer.mu: where the stanza ends in what was ever queued
}

func newDelivery() *Delivery { return &Delivery{done: make(chan struct{})} }

// resolve decides. It is called once.
func (d *Delivery) resolve(o DeliveryOutcome) {
	if d != nil {
		d.outcome = o
		close(d.done)
	}
}

// Done is closed when the outcome is known.
func (d *Delivery) Done() <-chan struct{} { return d.done }

// Outcome returns what became of the stanza: [Undecided] before Done is closed.
func (d *Delivery) Outcome() DeliveryOutcome {
	select {
	case <-d.done:
		return d.outcome
	default:
		return Undecided
	}
}

// Wait waits for the outcome. A handler that waits holds up others, and must pass its own
// context.
func (d *Delivery) Wait(ctx context.Context) (DeliveryOutcome, error) {
	if r, _ := ctx.Value(runKey{}).(*run); r != nil {
		if r = r.s.enterWait(ctx); r != nil {
			defer r.leave()
		}
	}
	select {
	case <-d.done:
		return d.outcome, nil
	case <-ctx.Done():
		return Undecided, waitError(ctx)
	}
}

// SendTracked is [Stream.Send] for who wants to know what becomes of the stanza. A stanza
// that a filter drops is [ErrFiltered].
func (s *Stream) SendTracked(ctx context.Context, st stanza.Stanza) (*Delivery, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if st = s.prepare(st); st == nil {
		return nil, ErrFiltered
	}
	d := newDelivery()
	if err := s.sendElement(ctx, st, d); err != nil {
		return nil, err
	}
	return d, nil
}
