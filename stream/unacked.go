package stream

import (
	"strconv"
	"time"

	"stanza.invalid/gen/sm"
	"stanza.invalid/stream/wire"
)

// unacked are the elements that were sent and that the peer has not acknowledged, and
// those that still wait to be written, in order. The lock of the writer guards it.
type unacked struct {
	cfg Management // immutable
	s   *Stream    // immutable

	on        bool   // the peer counts what it gets, from the first stanza of the session on
	confirmed bool   // it has said so
	ackedTo   uint32 // the count that it has acknowledged
	entries   []entry
	arena     []byte // where the texts of entries are
	stanzas   int    // entries that count
	bytes     int    // of all entries
	since     int    // stanzas since the peer was asked
	asked     bool   // it has not answered
	timer     *time.Timer
	saving    bool   // what is left is kept for another stream
	behind    bool   // there was more than what is known: the process that saved it went on
	askEnd    uint64 // behind the question, until it was written; 0 after that
}

// entry is one element.
type entry struct {
	b       []byte
	end     uint64 // where it ends in what was ever queued
	d       *Delivery
	counted bool
	at      time.Time // when it was sent, if it may be sent again
	tries   uint8     // in how many sessions it was, that ended before it was acknowledged
}

const ackRequest = "<r xmlns='" + sm.NS + "'/>"

// keepText returns a copy of b.
func (u *unacked) keepText(b []byte) []byte {
	if len(b) > cap(u.arena)-len(u.arena) {
		size := 512
		if len(u.entries) > 8 {
			size = 16 << 10
		}
		u.arena = make([]byte, 0, max(size, len(b)))
	}
	n := len(u.arena)
	u.arena = append(u.arena, b...)
	return u.arena[n:len(u.arena):len(u.arena)]
}

// full reports whether a stanza of a length has to wait.
func (u *unacked) full(n int) bool {
	return u.stanzas >= u.cfg.MaxUnacked || u.stanzas > 0 && u.bytes+n > u.cfg.MaxUnackedBytes
}

// add takes an element that was queued.
func (u *unacked) add(b []byte, end uint64, counted bool, d *Delivery) {
	e := entry{b: u.keepText(b), end: end, d: d, counted: counted}
	if u.cfg.Resend {
		e.at = time.Now()
	}
	u.entries = append(u.entries, e)
	u.bytes += len(b)
	if counted {
		u.stanzas++
		u.since++
	}
}

// drop takes the first n entries away, all of which are decided.
func (u *unacked) drop(n int) {
	for i := range u.entries[:n] {
		e := &u.entries[i]
		u.bytes -= len(e.b)
		if e.counted {
			u.stanzas--
		}
		*e = entry{}
	}
	u.entries = u.entries[n:]
	if len(u.entries) == 0 {
		u.entries = nil
		if u.arena = u.arena[:0]; cap(u.arena) > 1<<10 {
			u.arena = nil
		}
	}
}

// prune drops, from the front, what nobody will acknowledge and was written.
func (u *unacked) prune(written uint64) {
	n := 0
	for n < len(u.entries) && u.entries[n].end <= written && !(u.on && u.entries[n].counted) {
		u.entries[n].d.resolve(Sent)
		n++
	}
	if n > 0 {
		u.drop(n)
	}
}

// acked takes an acknowledgement.
func (w *writer) acked(h uint32) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := &w.sm.out
	n := h - u.ackedTo // wraps at 2^32
	left, i := n, 0
	for handed := w.written + uint64(w.handing); left > 0; i++ {
		if u.behind && u.on && i == len(u.entries) && n < 1<<31 {
			break // sent since the state was saved; more than that is a count that goes backwards
		}
		if !u.on || i == len(u.entries) || u.entries[i].end > handed {
			text := "acknowledged are " + strconv.FormatUint(uint64(h), 10) + " stanzas, before that it were " +
				strconv.FormatUint(uint64(u.ackedTo), 10) + ", and " + strconv.FormatUint(uint64(n-left), 10) + " were sent since"
			return &Error{Condition: UndefinedCondition, Text: text, Sent: true, Err: ErrCounters, Details: tooHigh(h, u.ackedTo+n-left)}
		}
		if u.entries[i].counted {
			left--
		}
	}
	for j := range u.entries[:i] {
		if e := &u.entries[j]; e.counted {
			e.d.resolve(Acked)
		} else {
			e.d.resolve(Sent)
		}
	}
	u.drop(i)
	u.ackedTo, u.behind = h, false
	u.asked, u.askEnd = false, 0
	u.prune(w.written)
	if u.stanzas > 0 {
		w.askLater()
	}
	u.s.sm.keeper.touch()
	w.notify()
	return nil
}

// advance is acked, and reports whether the peer has got more than was known.
func (w *writer) advance(h uint32) (more bool, err error) {
	w.mu.Lock()
	before := w.sm.out.ackedTo
	w.mu.Unlock()
	return h != before, w.acked(h)
}

// tooHigh is the peer's mistake in XML (XEP-0198, section 6).
func tooHigh(h, sent uint32) []wire.Raw {
	b, err := (&sm.HandledCountTooHigh{Handled: &h, SendCount: &sent}).AppendXML(nil, "")
	if err != nil {
		return nil
	}
	r, err := wire.Parse(string(b))
	if err != nil {
		return nil
	}
	return []wire.Raw{r}
}

// manage notes an element that was just queued. The caller holds mu.
func (w *writer) manage(b []byte, counted bool, d *Delivery) {
	u := &w.sm.out
	u.add(b, w.queued, counted, d)
	u.s.sm.keeper.touch()
	if !counted || !u.confirmed || u.asked {
		return
	}
	if u.since >= u.cfg.AckEvery || u.full(0) {
		w.ask()
	} else {
		w.askLater()
	}
}

// ask asks the peer what it has handled. The caller holds mu.
func (w *writer) ask() {
	u := &w.sm.out
	if u.asked || !u.confirmed || w.conn == nil || w.last > 0 {
		return
	}
	w.appendQuestion()
}

// appendQuestion puts a question behind what waits. The caller holds mu.
func (w *writer) appendQuestion() {
	u := &w.sm.out
	u.asked, u.since = true, 0
	w.append([]byte(ackRequest))
	u.askEnd = w.queued
}

// noteQuestion begins to wait for the answer once the question has left. The caller holds
// mu.
func (w *writer) noteQuestion() {
	if u := &w.sm.out; u.askEnd > 0 && w.written >= u.askEnd {
		u.askEnd = 0
		u.s.pulse.asked()
	}
}

// askLater asks after a while. The caller holds mu.
func (w *writer) askLater() {
	u := &w.sm.out
	if u.timer == nil && !w.closed {
		u.timer = time.AfterFunc(u.cfg.AckAfter, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			if u.timer = nil; u.stanzas > 0 && !w.closed {
				w.ask()
				w.start(true)
			}
		})
	}
}

// managed says that the peer manages the session, if it was asked to.
func (w *writer) managed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := &w.sm.out
	if !u.on || u.confirmed {
		return false
	}
	u.confirmed = true
	if u.stanzas > 0 {
		w.askLater()
	}
	return true
}

// unmanaged says that the peer does not, if it was asked to.
func (w *writer) unmanaged() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := &w.sm.out
	if !u.on || u.confirmed {
		return false
	}
	u.on, u.asked, u.askEnd = false, false, 0
	u.prune(w.written)
	w.notify()
	return true
}

// renew begins a new session: what the peer did not acknowledge in the one before is lost,
// unless it is to be sent again; what was not written goes out behind first.
func (w *writer) renew(first string, on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := &w.sm.out
	kept := u.entries[:0]
	for i := range u.entries {
		e := &u.entries[i]
		if unsent := e.end > w.written; unsent && !w.half.deadly(e.b) || !unsent && u.resend(e) {
			kept = append(kept, *e)
			continue
		}
		u.bytes -= len(e.b)
		if e.counted {
			u.stanzas--
			e.d.resolve(Lost)
		} else {
			e.d.resolve(Sent)
		}
	}
	clear(u.entries[len(kept):])
	u.entries = kept
	u.drop(0) // gives back what nobody needs
	u.on, u.confirmed, u.asked, u.ackedTo, u.since, u.behind = on, false, false, 0, u.stanzas, false
	w.rebuild(first)
}

// resume goes on with a session: what the peer did not acknowledge is written again, and
// behind it, if the answer is needed, a question.
func (w *writer) resume(ask bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := &w.sm.out
	kept := u.entries[:0]
	for _, e := range u.entries {
		if !e.counted && e.end <= w.written {
			e.d.resolve(Sent)
			u.bytes -= len(e.b)
			continue
		}
		kept = append(kept, e)
	}
	clear(u.entries[len(kept):])
	u.entries = kept
	u.asked, u.since = false, u.stanzas
	w.rebuild("")
	if ask {
		w.appendQuestion()
	} else if u.stanzas > 0 {
		w.askLater()
	}
}

// rebuild makes what waits to be written anew. The caller holds mu; no write is under way.
func (w *writer) rebuild(first string) {
	u := &w.sm.out
	u.askEnd = 0
	w.written += uint64(w.pending())
	if w.cur != nil {
		w.cur.giveBack()
		w.cur = nil
	}
	w.ackDue = false
	if first != "" {
		w.append([]byte(first))
	}
	for i := range u.entries {
		w.append(u.entries[i].b)
		u.entries[i].end = w.queued
	}
	if w.last > 0 {
		// Close was called while the session began
		w.append([]byte(footer))
		w.last = w.queued
	}
	w.notify()
}

// answerSoon tells the peer what was handled, with the next write.
func (w *writer) answerSoon() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn == nil || w.last > 0 || !w.sm.out.confirmed {
		return
	}
	w.ackDue = true
	w.start(true)
}

// appendAck puts what was handled behind what waits. The caller holds mu.
func (w *writer) appendAck() {
	w.ackDue = false
	w.appendCount(w.sm.in.count())
}

func (w *writer) appendCount(h uint32) {
	b := append([]byte("<a xmlns='"+sm.NS+"' h='"), strconv.FormatUint(uint64(h), 10)...)
	w.append(append(b, "'/>"...))
}

// farewell lets both sides know what was handled before the stream is closed: what is
// queued here will be, and what comes later will not. The caller holds mu.
func (w *writer) farewell() {
	u := &w.sm.out
	if w.conn == nil || !u.on {
		return
	}
	if u.confirmed {
		w.ackDue = false
		w.appendCount(w.sm.in.part())
	}
	if u.stanzas > 0 {
		// A peer that has not said yet whether it manages the session will in front of this.
		// One that was asked before has perhaps not got all that was sent since.
		w.appendQuestion()
	}
}

// closeManaged decides what is left, and keeps it if somebody wants it. The caller holds
// mu.
func (w *writer) closeManaged(saved *Suspended) {
	u := &w.sm.out
	if u.timer != nil {
		u.timer.Stop()
		u.timer = nil
	}
	u.prune(w.written)
	if saved != nil {
		u.save(saved, w.written)
	}
	for i := range u.entries {
		u.entries[i].d.resolve(Lost)
	}
	u.drop(len(u.entries))
}
