package jid

import (
	"errors"
	"slices"
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

var (
	lenientSeeds = []string{"a@b/c", "A@b/\u200d", "a@b/e\u0301\ufe0f", "b/\U0001f469\u200d\U0001f680", "a@b/\n", "a@b/\xff", "\u200d@b/c"}
	escapeSeeds  = []string{``, ` `, `a b`, `\20`, `\5c`, `\\5c3A`, `"&'/:<>@`, `\2F\3a`, `É \27`, "\xff \\"}
)

// FuzzParse holds Parse to what its documentation promises: no panic (VX15), errors of one type,
// values that are stable, within the limits and equal exactly if their texts are; and so its lenient kin, and escaping.
func FuzzParse(f *testing.F) {
	for _, s := range slices.Concat(fuzzSeeds, lenientSeeds, escapeSeeds) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkLenient(t, s)
		checkEscape(t, s)
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

// checkLenient checks that what Parse takes is the same to ParseLenient, and what that takes is stable.
func checkLenient(t *testing.T, s string) {
	strict, bad := Parse(s)
	j, err := ParseLenient(s)
	if bad == nil && (err != nil || j != strict) {
		t.Fatalf("%q: %q, %v; Parse has %q", s, j, err, strict)
	}
	if err != nil {
		if !j.IsZero() {
			t.Fatalf("%q: %q and an error", s, j)
		}
		return
	}
	if again, err := ParseLenient(j.String()); err != nil || again != j {
		t.Fatalf("%q: %q reads back as %q, %v", s, j, again, err)
	}
	if b, err := Parse(j.Bare().String()); err != nil || b != j.Bare() {
		t.Fatalf("%q: bare address %q, %v", s, b, err)
	}
	if bad != nil && !strings.HasSuffix(s, "/"+j.Resource()) {
		t.Fatalf("%q: resource %q", s, j.Resource())
	}
}

// checkEscape checks that unescaping undoes escaping, also once the text went through an address, and
// that escaped text has none of the characters that localparts exclude.
func checkEscape(t *testing.T, s string) {
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
}
