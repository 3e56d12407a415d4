package xmpptest

import (
	"slices"
	"strconv"
	"time"

	"stanza.invalid/gen/delay"
	"stanza.invalid/gen/form"
	"stanza.invalid/gen/forward"
	"stanza.invalid/gen/hints"
	"stanza.invalid/gen/mam"
	"stanza.invalid/gen/roster"
	"stanza.invalid/gen/rsm"
	"stanza.invalid/gen/stanzaid"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// maxPage is how many messages a page of an archive has, at most and by itself.
const maxPage = 100

// archive is an account's archive (XEP-0313).
type archive struct {
	list  []archived
	last  int // the number of the newest
	prefs mam.Preferences
}

// archived is one message.
type archived struct {
	id   string
	at   time.Time
	with jid.JID // the other side
	text string  // the message as XML
}

// Archive puts a message into the archive of an account, as of a time, and returns the id
// that it has there. Those of earlier times are put in first: the archive keeps the order
// of the calls. It panics if there is no such account, or the message is none.
func (s *Server) Archive(account string, at time.Time, m *stanza.Message) (id string) {
	a := s.mustAccount(account)
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := s.archive(a, at, m)
	if err != nil {
		panic("xmpptest: " + err.Error())
	}
	return id
}

// archive adds a message, and drops the oldest if there are too many. The caller holds mu.
func (s *Server) archive(a *account, at time.Time, m *stanza.Message) (string, error) {
	b, err := m.AppendXML(nil, wire.NSClient)
	if err != nil {
		return "", err
	}
	with := m.From
	if with.Bare() == a.addr {
		with = m.To
	}
	a.archive.last++
	id := "archive-" + strconv.Itoa(a.archive.last)
	a.archive.list = append(a.archive.list, archived{id, at, with, string(b)})
	if over := len(a.archive.list) - s.cfg.Archive; over > 0 {
		a.archive.list = slices.Delete(a.archive.list, 0, over)
	}
	return id, nil
}

// keeps reports whether a message is kept in an account's archive. The caller holds mu.
func (s *Server) keeps(a *account, m *stanza.Message) bool {
	if s.cfg.Archive < 0 || m.Type != stanza.Chat && m.Type != stanza.Normal && m.Type != "" || m.Body.String() == "" || unstored(m) {
		return false
	}
	with := m.From
	if with.Bare() == a.addr {
		with = m.To
	}
	p := &a.archive.prefs
	lists := func(l *mam.JIDList) bool {
		return l != nil && slices.ContainsFunc(l.JIDs, func(j jid.JID) bool { return j == with || j == with.Bare() })
	}
	switch {
	case lists(p.Never):
		return false
	case lists(p.Always):
		return true
	case p.Default == mam.DefaultPolicyRoster:
		item, ok := a.roster[with.Bare()]
		return ok && item.Subscription != roster.SubscriptionNone
	}
	return p.Default != mam.DefaultPolicyNever
}

// unstored reports whether the sender wants a message not to be kept (XEP-0334).
func unstored(m *stanza.Message) bool {
	for name := range m.Names() {
		if name.Space == hints.NS && (name.Local == "no-store" || name.Local == "no-permanent-store") {
			return true
		}
	}
	return false
}

// archiveSent keeps what a client has sent.
func (s *Server) archiveSent(a *account, m *stanza.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.To.Bare() != a.addr && s.keeps(a, m) { // else it is kept where it arrives
		_, _ = s.archive(a, time.Now(), m)
	}
}

// archiveReceived keeps what came for an account, and returns it with the id that it has in
// the archive (XEP-0359). Ids that others have forged go.
func (s *Server) archiveReceived(a *account, m *stanza.Message) *stanza.Message {
	marked := m.Clone()
	ids, _ := stanza.FindAll[stanzaid.ID](m)
	forged := slices.ContainsFunc(ids, func(i *stanzaid.ID) bool { return i.By == a.addr })
	if forged {
		marked.Remove((*stanzaid.ID)(nil).WireName())
		for _, i := range ids {
			if i.By != a.addr {
				marked.Add(i)
			}
		}
	}
	s.mu.Lock()
	kept := s.keeps(a, m)
	if kept {
		if id, err := s.archive(a, time.Now(), marked); err == nil {
			marked.Add(&stanzaid.ID{ID: id, By: a.addr})
		}
	}
	s.mu.Unlock()
	if kept || forged {
		if st, err := reparse(marked); err == nil {
			return st.(*stanza.Message)
		}
	}
	return m
}

// answerArchive answers a request to an archive by the account's client.
func (s *Server) answerArchive(r *resource, q *stanza.IQ) *stanza.IQ {
	if name := q.First().Local; q.Type == stanza.Set && name == "query" {
		query, err := stanza.Find[mam.Query](q)
		if err != nil {
			return q.Fail(err)
		}
		fin, err := s.query(r, query)
		if err != nil {
			return q.Fail(err)
		}
		return q.Result(fin)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &r.account.archive
	switch name := q.First().Local; {
	case q.Type == stanza.Get && name == "query":
		return q.Result(&mam.Query{Form: new(mam.Filter).Form()})
	case q.Type == stanza.Get && name == "metadata":
		m := &mam.Metadata{}
		if n := len(a.list); n > 0 {
			m.Start, m.End = bound(a.list[0]), bound(a.list[n-1])
		}
		return q.Result(m)
	case name == "prefs":
		if set, err := stanza.Find[mam.Preferences](q); q.Type == stanza.Set {
			if err != nil || set == nil || !set.Default.Known() {
				return q.Fail(stanza.BadRequest)
			}
			a.prefs = mam.Preferences{Default: set.Default, Always: set.Always, Never: set.Never}
		}
		p := a.prefs
		if p.Default == "" {
			p.Default = mam.DefaultPolicyAlways
		}
		for _, l := range []**mam.JIDList{&p.Always, &p.Never} {
			if *l == nil {
				*l = &mam.JIDList{}
			}
		}
		return q.Result(&p)
	}
	return q.Fail(stanza.ServiceUnavailable)
}

func bound(m archived) *mam.Bound { return &mam.Bound{ID: m.id, Timestamp: stanza.At(m.at)} }

// query sends a page of an archive, and returns what ends it.
func (s *Server) query(r *resource, q *mam.Query) (*mam.Fin, error) {
	f, err := filter(q.Form)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	list := slices.Clone(r.account.archive.list)
	s.mu.Unlock()
	list, err = choose(list, f)
	if err != nil {
		return nil, err
	}
	page, fin, err := cut(list, q.Set)
	if err != nil {
		return nil, err
	}
	if bool(q.FlipPage) {
		page = slices.Clone(page)
		slices.Reverse(page)
	}
	for _, m := range page {
		st, err := parse(m.text)
		if err != nil {
			return nil, err
		}
		out := &stanza.Message{From: r.account.addr, To: r.addr}
		out.Add(&mam.Result{QueryID: q.QueryID, ID: m.id, Forwarded: forward.Forwarded{
			Delay: &delay.Delay{From: r.account.addr.DomainJID(), Stamp: stanza.At(m.at)}, Message: st.(*stanza.Message),
		}})
		s.toResource(r, out)
	}
	return fin, nil
}

// filter reads the form of a query.
func filter(x *form.Form) (*mam.Filter, error) {
	if x == nil {
		return &mam.Filter{}, nil
	}
	for _, field := range x.Fields {
		switch field.Var {
		case "FORM_TYPE", "with", "start", "end", "before-id", "after-id", "ids":
		default:
			return nil, stanza.NewError(stanza.FeatureNotImplemented, "the field "+field.Var)
		}
	}
	f, err := form.Decode[mam.Filter](x)
	if err != nil {
		return nil, stanza.NewError(stanza.BadRequest, err.Error())
	}
	return f, nil
}

// place returns where a message is.
func place(list []archived, id string) (int, error) {
	i := slices.IndexFunc(list, func(m archived) bool { return m.id == id })
	if i < 0 {
		return 0, stanza.NewError(stanza.ItemNotFound, id)
	}
	return i, nil
}

// choose returns the messages that a filter wants.
func choose(list []archived, f *mam.Filter) ([]archived, error) {
	from, to := 0, len(list)
	if f.AfterID != nil {
		i, err := place(list, *f.AfterID)
		if err != nil {
			return nil, err
		}
		from = i + 1
	}
	if f.BeforeID != nil {
		i, err := place(list, *f.BeforeID)
		if err != nil {
			return nil, err
		}
		to = max(i, from)
	}
	for _, id := range f.IDs {
		if _, err := place(list, id); err != nil {
			return nil, err
		}
	}
	var chosen []archived
	for _, m := range list[from:to] {
		switch {
		case f.With != nil && m.with != *f.With && (!f.With.IsBare() || m.with.Bare() != *f.With):
		case f.Start != nil && m.at.Before(f.Start.Time):
		case f.End != nil && m.at.After(f.End.Time):
		case len(f.IDs) > 0 && !slices.Contains(f.IDs, m.id):
		default:
			chosen = append(chosen, m)
		}
	}
	return chosen, nil
}

// cut returns one page (XEP-0059).
func cut(list []archived, set *rsm.Set) ([]archived, *mam.Fin, error) {
	if set == nil {
		set = &rsm.Set{}
	}
	if set.Index != nil {
		return nil, nil, stanza.NewError(stanza.FeatureNotImplemented, "pages by their place")
	}
	from, to, size := 0, len(list), maxPage
	if set.Max != nil {
		size = int(min(*set.Max, maxPage))
	}
	if set.After != "" {
		i, err := place(list, set.After)
		if err != nil {
			return nil, nil, err
		}
		from = i + 1
	}
	if set.Before != nil {
		if set.Before.ID != "" {
			i, err := place(list, set.Before.ID)
			if err != nil {
				return nil, nil, err
			}
			to = max(i, from)
		}
		first := max(from, to-size)
		return describe(list, first, to, first == from)
	}
	last := min(to, from+size)
	return describe(list, from, last, last == to)
}

func describe(list []archived, from, to int, complete bool) ([]archived, *mam.Fin, error) {
	count := uint32(len(list))
	fin := &mam.Fin{Complete: complete, Set: rsm.Set{Count: &count}}
	if from < to {
		index := uint32(from)
		fin.Set.First = &rsm.First{ID: list[from].id, Index: &index}
		fin.Set.Last = list[to-1].id
	}
	return list[from:to], fin, nil
}
