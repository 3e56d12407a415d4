package bench

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
	"testing"

	"stanza.invalid/gen/caps"
	"stanza.invalid/gen/chatstate"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/mam"
	"stanza.invalid/gen/marker"
	"stanza.invalid/gen/muc"
	"stanza.invalid/gen/omemo"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/gen/roster"
	"stanza.invalid/gen/stanzaid"
	"stanza.invalid/gen/vcard"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// sample is one stanza, with both ways to decode it. Each way reads every field and
// returns what it read as a sum, so that nothing is left out and both can be compared.
type sample struct {
	name string
	text string
	// ours decodes what the framer found last, std the bytes.
	ours func(f *wire.Framer) (sum int, s stanza.Stanza)
	std  func(b []byte) (sum int, v any)
	// typed returns the stanza with its payloads as typed values, for encoding.
	typed func(s stanza.Stanza) stanza.Stanza
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func unmarshal[T any](b []byte) *T {
	v := new(T)
	if err := xml.Unmarshal(b, v); err != nil {
		panic(err)
	}
	return v
}

func take[T any](f *wire.Framer) T { return any(must(stanza.Take(f))).(T) }

func find[T any, P stanza.PayloadOf[T]](c stanza.Container) *T {
	v := must(stanza.FindUnverified[T, P](c))
	if v == nil {
		panic(fmt.Sprintf("%T is missing", v))
	}
	return v
}

// sum adds up the lengths of strings.
func sum(ss ...string) (n int) {
	for _, s := range ss {
		n += len(s)
	}
	return n
}

func sumText(t stanza.Text) (n int) {
	for i := range t {
		n += sum(t[i].Lang, t[i].Value)
	}
	return n
}

func sumAttributes(to, from jid.JID, id, typ, lang string) int {
	return sum(to.String(), from.String(), id, typ, lang)
}

func (a *attributes) sum() int { return sumAttributes(a.To, a.From, a.ID, a.Type, a.Lang) }

func ourAttributes(s stanza.Stanza) int {
	switch s := s.(type) {
	case *stanza.Message:
		t := string(s.Type)
		if s.Type == stanza.Normal {
			t = ""
		}
		return sumAttributes(s.To, s.From, s.ID, t, s.Lang) + sumText(s.Subject) + sumText(s.Body) + len(s.Thread.ID)
	case *stanza.Presence:
		return sumAttributes(s.To, s.From, s.ID, string(s.Type), s.Lang) + len(s.Show) + sumText(s.Status) + int(s.Priority)
	case *stanza.IQ:
		return sumAttributes(s.To, s.From, s.ID, string(s.Type), s.Lang)
	}
	return 0
}

func sumRoster(r *roster.Roster) (n int) {
	for i := range r.Items {
		it := &r.Items[i]
		n += sum(it.JID.String(), it.Name, string(it.Subscription), string(it.Ask)) + sum(it.Groups...)
		if it.Approved {
			n++
		}
	}
	if r.Ver != nil {
		n += len(*r.Ver)
	}
	return n
}

func sumInfo(v *disco.Info) (n int) {
	n = len(v.Node)
	for i := range v.Identities {
		id := &v.Identities[i]
		n += sum(id.Category, id.Type, id.Name, id.Lang)
	}
	for i := range v.Features {
		n += len(v.Features[i].Var)
	}
	for i := range v.Forms {
		f := &v.Forms[i]
		n += sum(string(f.Type), f.Title)
		for j := range f.Fields {
			fl := &f.Fields[j]
			n += sum(fl.Var, string(fl.Type), fl.Label, fl.Description) + sum(fl.Values...)
		}
	}
	return n
}

func sumUser(u *muc.User) (n int) {
	for i := range u.Items {
		it := &u.Items[i]
		n += sum(string(it.Affiliation), string(it.Role), it.JID.String(), it.Nick, it.Reason)
	}
	for i := range u.Statuses {
		n += int(u.Statuses[i].Code)
	}
	return n + len(u.Password)
}

func sumCaps(c *caps.Capabilities) int { return sum(c.Hash, c.Node, c.Ver, c.Ext) }

func sumBundle(b *omemo.Bundle) (n int) {
	n = len(b.SignedPreKey.Key) + int(b.SignedPreKey.ID) + len(b.SignedPreKeySignature) + len(b.IdentityKey)
	for i := range b.PreKeys.Keys {
		n += int(b.PreKeys.Keys[i].ID) + len(b.PreKeys.Keys[i].Key) + int(b.PreKeys.Keys[i].Key[0])
	}
	return n
}

func sumVCard(v *vcard.VCard) (n int) {
	n = sum(v.FormattedName, v.Name.Family, v.Name.Given) + sum(v.Nicknames...) + sum(v.URLs...)
	for i := range v.Organizations {
		n += sum(v.Organizations[i].Name)
	}
	for i := range v.Emails {
		n += sum(v.Emails[i].UserID)
		if v.Emails[i].Internet {
			n++
		}
	}
	for i := range v.JIDs {
		n += sum(v.JIDs[i].String())
	}
	for i := range v.Photos {
		n += sum(v.Photos[i].Type) + len(v.Photos[i].Data) + int(v.Photos[i].Data[0])
	}
	return n
}

func sumResult(r *mam.Result) int {
	m, d := r.Forwarded.Message, r.Forwarded.Delay
	return sum(r.QueryID, r.ID) + ourAttributes(m) + int(d.Stamp.Unix()) + sum(d.From.String(), d.Reason)
}

func sumFive(s *chatstate.Notification, o *stanzaid.OriginID, id *stanzaid.ID) int {
	return sum(string(s.State), o.ID, id.ID, id.By.String())
}

func (m *envMessage) sum() int {
	return m.attributes.sum() + sumText(m.Subject) + sumText(m.Body) + len(m.Thread)
}

// with returns a stanza that has typed payloads in place of the received ones.
func with(s stanza.Stanza, ps ...stanza.Payload) stanza.Stanza {
	c := stanza.Clone(s)
	switch c := c.(type) {
	case *stanza.Message:
		c.Clear()
		c.Add(ps...)
	case *stanza.Presence:
		c.Clear()
		c.Add(ps...)
	case *stanza.IQ:
		c.Clear()
		c.Add(ps...)
	}
	return c
}

func iqSample[T any, P stanza.PayloadOf[T]](name, text string, read func(*T) int, field func(*envIQ) *T) sample {
	return sample{
		name: name, text: text,
		ours: func(f *wire.Framer) (int, stanza.Stanza) {
			q := take[*stanza.IQ](f)
			return ourAttributes(q) + read(find[T, P](q)), q
		},
		std: func(b []byte) (int, any) {
			v := unmarshal[envIQ](b)
			return v.attributes.sum() + read(field(v)), v
		},
		typed: func(s stanza.Stanza) stanza.Stanza { return with(s, P(find[T, P](s))) },
	}
}

func samples() []sample {
	return []sample{
		{
			name: "plain message", text: plainText(),
			ours: func(f *wire.Framer) (int, stanza.Stanza) {
				m := take[*stanza.Message](f)
				return ourAttributes(m), m
			},
			std: func(b []byte) (int, any) {
				v := unmarshal[bareMessage](b)
				return v.attributes.sum() + sumText(v.Subject) + sumText(v.Body) + len(v.Thread), v
			},
			typed: func(s stanza.Stanza) stanza.Stanza { return s },
		},
		{
			name: "five payloads", text: fiveText(),
			ours: func(f *wire.Framer) (int, stanza.Stanza) {
				m := take[*stanza.Message](f)
				_, _ = find[receipts.Request](m), find[marker.Markable](m)
				return ourAttributes(m) + sumFive(find[chatstate.Notification](m), find[stanzaid.OriginID](m), find[stanzaid.ID](m)), m
			},
			std: func(b []byte) (int, any) {
				v := unmarshal[envMessage](b)
				if v.Request == nil || v.Markable == nil {
					panic("missing")
				}
				return v.sum() + sumFive(v.State, v.Origin, v.StanzaID), v
			},
			typed: func(s stanza.Stanza) stanza.Stanza {
				return with(s, find[chatstate.Notification](s), find[receipts.Request](s), find[marker.Markable](s), find[stanzaid.OriginID](s), find[stanzaid.ID](s))
			},
		},
		{
			name: "muc presence", text: mucText(),
			ours: func(f *wire.Framer) (int, stanza.Stanza) {
				p := take[*stanza.Presence](f)
				return ourAttributes(p) + sumUser(find[muc.User](p)) + sumCaps(find[caps.Capabilities](p)), p
			},
			std: func(b []byte) (int, any) {
				v := unmarshal[envPresence](b)
				return v.attributes.sum() + len(v.Show) + sumText(v.Status) + int(v.Priority) + sumUser(v.User) + sumCaps(v.Caps), v
			},
			typed: func(s stanza.Stanza) stanza.Stanza { return with(s, find[caps.Capabilities](s), find[muc.User](s)) },
		},
		iqSample("roster of 200", rosterText(), sumRoster, func(v *envIQ) *roster.Roster { return v.Roster }),
		iqSample("disco with form", discoText(), sumInfo, func(v *envIQ) *disco.Info { return v.Info }),
		{
			name: "archive result", text: archiveText(),
			ours: func(f *wire.Framer) (int, stanza.Stanza) {
				m := take[*stanza.Message](f)
				return ourAttributes(m) + sumResult(find[mam.Result](m)), m
			},
			std: func(b []byte) (int, any) {
				v := unmarshal[envMessage](b)
				return v.sum() + sumResult(v.Result), v
			},
			typed: func(s stanza.Stanza) stanza.Stanza { return with(s, find[mam.Result](s)) },
		},
		iqSample("omemo bundle", omemoText(), sumBundle, func(v *envIQ) *omemo.Bundle { return v.Bundle }),
		iqSample("vcard with photo", vcardText(), sumVCard, func(v *envIQ) *vcard.VCard { return v.VCard }),
	}
}

const header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

// framer returns a framer inside of a stream.
func framer() *wire.Framer {
	f := wire.NewFramer(wire.Limits{})
	f.FeedString(header)
	if k := must(f.Next()); k != wire.Header {
		panic(k)
	}
	return f
}

// next feeds a stanza and has it framed and checked.
func next(f *wire.Framer, b []byte) {
	f.Feed(b)
	if k := must(f.Next()); k != wire.Element {
		panic(k)
	}
}

// standalone is the text with the namespace that encoding/xml needs to see.
func standalone(text string) []byte {
	i := strings.IndexByte(text, ' ')
	return []byte(text[:i] + " xmlns='jabber:client'" + text[i:])
}

func TestSamples(t *testing.T) {
	for _, s := range samples() {
		f := framer()
		next(f, []byte(s.text))
		ours, st := s.ours(f)
		std, _ := s.std(standalone(s.text))
		if ours != std || ours == 0 {
			t.Errorf("%s: read %d, encoding/xml %d", s.name, ours, std)
		}
		// what is written from typed values is what was read
		again := must(s.typed(st).AppendXML(nil, wire.NSClient))
		f = framer()
		next(f, again)
		if n, _ := s.ours(f); n != ours {
			t.Errorf("%s: read %d from what was written, not %d: %s", s.name, n, ours, again)
		}
	}
}

// row is one line of a table: nanoseconds of both.
type row struct {
	name      string
	bytes     int
	ours, std float64
}

// measure runs two functions in turn, nine times each, and keeps the best of each, so that
// a busy machine disturbs the ratio little.
func measure(b *testing.B, name string, bytes int, ours, std func()) row {
	r := row{name: name, bytes: bytes, ours: math.Inf(1), std: math.Inf(1)}
	for range 9 {
		for _, v := range []struct {
			name string
			run  func()
			best *float64
		}{{"encoding-xml", std, &r.std}, {"stanza", ours, &r.ours}} {
			b.Run(strings.ReplaceAll(name, " ", "-")+"/"+v.name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(bytes))
				for b.Loop() {
					v.run()
				}
				*v.best = min(*v.best, float64(b.Elapsed().Nanoseconds())/float64(b.N))
			})
		}
	}
	return r
}

// table prints rows with their ratios and the geometric mean.
func table(title string, rows []row) {
	fmt.Printf("\n%-22s %8s %16s %12s %8s\n", title, "bytes", "encoding/xml ns", "stanza ns", "ratio")
	logs, least := 0.0, math.Inf(1)
	for _, r := range rows {
		fmt.Printf("%-22s %8d %16.0f %12.0f %7.1fx\n", r.name, r.bytes, r.std, r.ours, r.std/r.ours)
		logs += math.Log(r.std / r.ours)
		least = min(least, r.std/r.ours)
	}
	fmt.Printf("%-22s %8s %16s %12s %7.1fx   least %.1fx\n\n", "geometric mean", "", "", "", math.Exp(logs/float64(len(rows))), least)
}

var sink int

// BenchmarkDecode decodes stanzas from bytes to typed values and reads every field. Ours
// includes framing and every check; encoding/xml decodes the same bytes into the same
// types.
func BenchmarkDecode(b *testing.B) {
	var rows []row
	for _, s := range samples() {
		f, text, alone := framer(), []byte(s.text), standalone(s.text)
		rows = append(rows, measure(b, s.name, len(text), func() {
			next(f, text)
			n, _ := s.ours(f)
			sink += n
		}, func() {
			n, _ := s.std(alone)
			sink += n
		}))
	}
	table("decode", rows)
}

// BenchmarkEncode encodes stanzas with typed payloads, ours into a buffer with room and
// encoding/xml into one that is reused as well.
func BenchmarkEncode(b *testing.B) {
	var rows []row
	for _, s := range samples() {
		f := framer()
		next(f, []byte(s.text))
		_, st := s.ours(f)
		typed := s.typed(st)
		_, env := s.std(standalone(s.text))
		buf := make([]byte, 0, 2*len(s.text)+1024)
		out := writerTo(make([]byte, 0, 4*len(s.text)+1024))
		enc := xml.NewEncoder(&out)
		rows = append(rows, measure(b, s.name, len(s.text), func() {
			buf = must(typed.AppendXML(buf[:0], wire.NSClient))
		}, func() {
			out = out[:0]
			if err := enc.Encode(env); err != nil {
				b.Fatal(err)
			}
		}))
	}
	table("encode", rows)
}

type writerTo []byte

func (w *writerTo) Write(b []byte) (int, error) {
	*w = append(*w, b...)
	return len(b), nil
}

// BenchmarkEnvelope decodes stanzas whose payloads nobody asks for.
func BenchmarkEnvelope(b *testing.B) {
	var rows []row
	for _, s := range samples() {
		f, text, alone := framer(), []byte(s.text), standalone(s.text)
		var std func()
		switch {
		case strings.HasPrefix(s.text, "<message"):
			std = func() {
				v := unmarshal[bareMessage](alone)
				sink += v.sum() + sumText(v.Subject) + sumText(v.Body) + len(v.Thread)
			}
		case strings.HasPrefix(s.text, "<presence"):
			std = func() {
				v := unmarshal[barePresence](alone)
				sink += v.sum() + len(v.Show) + sumText(v.Status) + int(v.Priority)
			}
		default:
			std = func() { sink += unmarshal[bareIQ](alone).sum() }
		}
		rows = append(rows, measure(b, s.name, len(text), func() {
			next(f, text)
			sink += ourAttributes(must(stanza.Take(f)))
		}, std))
	}
	table("envelope", rows)
}
