package jid

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

var fuzzSeeds = []string{
	"", "@", "/", "a", "a@b", "a@b/c", "a/b@c", "juliet@example.com/foo bar", "Romeo@Montague.EXAMPLE./X",
	`foo\20bar@example.com`, "fu\u00dfball@example.com", "\u03a3\u03c2@example.com/\u265a", "a@xn--bcher-kva.example",
	"a@XN--FA-HIA.de", "xn--0", "xn--", "xn--a-", "b\u0308ucher\u3002example", "\uff41\uff20@\uff42\uff0e\uff43",
	"[::1]/x", "[2001:0DB8::1]", "[fe80::1%eth0]", "1.2.3.4", "1.2.3.256", "\u05d0\u05d1.example", "1.\u05d0",
	"\u13a0@\uab70", "\u0345@\u1fb3", "\u0130@\u0130", "a-.b", "-a", "a..b", "a_b", "ab--c", "üb--c", "x@y/\u00a0\u3000z\u0301",
	"\xff@a", "a@\xc3", "a/\xed\xa0\x80", "\u1112\u1161\u11ab@x", "\uff76\uff9e@\uff76\uff9e/\uff76\uff9e", "l·l@l·l", "a\u200cb@x",
}

// FuzzParse holds Parse to what its documentation promises: no panic (VX15), errors of one type,
// values that are stable, within the limits and equal exactly if their texts are.
func FuzzParse(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		j, err := Parse(s)
		slow, slowErr := parseAny(s)
		if j != slow || (err == nil) != (slowErr == nil) {
			t.Fatalf("Parse(%q) = %q, %v; by all rules %q, %v", s, j, err, slow, slowErr)
		}
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Part == "" || e.Reason == "" || err.Error() == "" {
				t.Fatalf("Parse(%q): %#v", s, err)
			}
			if !j.IsZero() {
				t.Fatalf("Parse(%q) = %q and an error", s, j)
			}
			return
		}
		text := j.String()
		again, err := Parse(text)
		if err != nil || again != j {
			t.Fatalf("Parse(%q) = %q, which parses as %q, %v", s, j, again, err)
		}
		if isASCII(text) && !strings.HasSuffix(j.Domain(), "]") && !isDigit(text[len(j.bare())-1]) {
			if fast, ok := parseCanonical(text); !ok || fast != j {
				t.Fatalf("the fast path does not know %q", text)
			}
		}
		local, domain, resource := j.Local(), j.Domain(), j.Resource()
		for _, part := range []string{local, domain, resource} {
			if len(part) > maxPart || !utf8.ValidString(part) {
				t.Fatalf("Parse(%q) has the part %q", s, part)
			}
		}
		if strings.ContainsAny(local, "\"&'/:<>@ ") || strings.ContainsAny(domain, "@/ ") || domain == "" {
			t.Fatalf("Parse(%q) has the parts %q, %q, %q", s, local, domain, resource)
		}
		if j.IsFull() != strings.Contains(s, "/") || j.IsBare() == j.IsFull() {
			t.Fatalf("Parse(%q) = %q: bare %v, full %v", s, j, j.IsBare(), j.IsFull())
		}
		if n, err := New(local, domain, resource); err != nil || n != j {
			t.Fatalf("New(%q, %q, %q) = %q, %v", local, domain, resource, n, err)
		}
		if b, err := Parse(j.Bare().String()); err != nil || b != j.Bare() {
			t.Fatalf("%q: bare address %q, %v", s, b, err)
		}
		if d, err := Parse(j.DomainJID().String()); err != nil || d != j.DomainJID() {
			t.Fatalf("%q: domain %q, %v", s, d, err)
		}
		if w, err := j.Bare().WithResource(resource); err != nil || w != j {
			t.Fatalf("%q: with resource %q, %v", s, w, err)
		}
		if c := j.Clone(); c != j || Compare(c, j) != 0 {
			t.Fatalf("%q: clone %q", s, c)
		}
	})
}

// FuzzEqual checks that two addresses are equal values exactly if their texts are equal, and that
// Compare agrees.
func FuzzEqual(f *testing.F) {
	for i, s := range fuzzSeeds {
		f.Add(s, fuzzSeeds[(i+1)%len(fuzzSeeds)])
		f.Add(s, strings.ToUpper(s))
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		j, errJ := Parse(a)
		k, errK := Parse(b)
		if errJ != nil || errK != nil {
			return
		}
		if same := j.String() == k.String(); (j == k) != same || (Compare(j, k) == 0) != same {
			t.Fatalf("%q and %q: texts equal is %v, values equal is %v, order %d", a, b, same, j == k, Compare(j, k))
		}
		if Compare(j, k) != -Compare(k, j) {
			t.Fatalf("%q and %q have no order", a, b)
		}
	})
}

// FuzzEscape checks that unescaping undoes escaping, also once the text went through an address, and
// that escaped text has none of the characters that localparts exclude.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{``, ` `, `a b`, `\20`, `\5c`, `\\5c3A`, `"&'/:<>@`, `\2F\3a`, `É \27`, "\xff \\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		Unescape(s)
		escaped, err := Escape(s)
		if err != nil {
			if !strings.HasPrefix(s, " ") && !strings.HasSuffix(s, " ") {
				t.Fatalf("Escape(%q): %v", s, err)
			}
			return
		}
		if strings.ContainsAny(escaped, escapable) {
			t.Fatalf("Escape(%q) = %q", s, escaped)
		}
		if back := Unescape(escaped); back != s {
			t.Fatalf("Escape(%q) = %q, which is %q", s, escaped, back)
		}
		if isASCII(s) {
			if j, err := New(escaped, "example.org", ""); err == nil && Unescape(j.Local()) != lowerASCII(s) {
				t.Fatalf("Escape(%q) is %q in an address, which is %q", s, j.Local(), Unescape(j.Local()))
			}
		}
	})
}
