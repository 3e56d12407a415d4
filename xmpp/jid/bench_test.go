package jid_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp/jid"
)

// TestAllocations is not parallel, as testing.AllocsPerRun demands.
func TestAllocations(t *testing.T) {
	j := jid.MustParse("romeo@montague.example/orchard-desktop")
	buffer := make([]byte, 0, 128)
	parse := func(s string) func() {
		return func() {
			if _, err := jid.Parse(s); err != nil {
				panic(err)
			}
		}
	}
	tests := []struct {
		name string
		want float64
		run  func()
	}{
		{"full", 0, parse("romeo@montague.example/orchard-desktop")},
		{"bare", 0, parse("romeo@montague.example")},
		{"domain", 0, parse("montague.example")},
		{"domain and resource", 0, parse("montague.example/a@b")},
		{"IPv4", 0, parse("romeo@192.0.2.1/orchard")},
		{"capitals in the localpart", 1, parse("Romeo@montague.example/orchard-desktop")},
		{"capitals in localpart and domainpart", 1, parse("Romeo@Montague.Example/Orchard")},
		{"parts", 0, func() {
			if j.Local()+j.Domain()+j.Resource() == "" || j.Bare() == j.DomainJID() || !j.IsFull() {
				panic("no parts")
			}
		}},
		{"AppendText", 0, func() { buffer, _ = j.AppendText(buffer[:0]) }},
		{"New", 1, func() { _, _ = jid.New("romeo", "montague.example", "orchard-desktop") }},
		{"WithResource", 1, func() { _, _ = j.WithResource("balcony") }},
		{"WithResource unchanged", 0, func() { _, _ = j.WithResource("orchard-desktop") }},
		{"WithResource empty", 0, func() { _, _ = j.WithResource("") }},
	}
	for _, tt := range tests {
		got := testing.AllocsPerRun(100, tt.run)
		if tt.name == "parts" {
			got-- // the test's own concatenation
		}
		require.LessOrEqual(t, got, tt.want, tt.name)
	}
}

func BenchmarkParse(b *testing.B) {
	for _, bb := range []struct{ name, in string }{
		{"full", "romeo@montague.example/orchard-desktop"},
		{"bare", "romeo@montague.example"},
		{"domain", "montague.example"},
		{"upper", "Romeo@Montague.Example/Orchard-Desktop"},
		{"ipv4", "romeo@192.0.2.1/orchard"},
		{"unicode-resource", "romeo@montague.example/\u265a"},
		{"unicode", "ромео@монтекки.рф/сад"},
		{"a-label", "romeo@xn--bcher-kva.example/orchard"},
		{"invalid", "romeo montague@example.org"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = jid.Parse(bb.in)
			}
		})
	}
}

func BenchmarkWithResource(b *testing.B) {
	room := jid.MustParse("coven@chat.shakespeare.example")
	b.ReportAllocs()
	for b.Loop() {
		_, _ = room.WithResource("thirdwitch")
	}
}

func BenchmarkMapLookup(b *testing.B) {
	roster := map[jid.JID]int{jid.MustParse("romeo@montague.example"): 1}
	full := jid.MustParse("romeo@montague.example/orchard-desktop")
	b.ReportAllocs()
	for b.Loop() {
		if roster[full.Bare()] != 1 {
			b.Fatal("not found")
		}
	}
}
