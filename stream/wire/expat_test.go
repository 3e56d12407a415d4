package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// theirs is what expat makes of a document.
type theirs struct {
	verdict string // ok, or error and the reason
	met     []string
	dump    string
}

// askExpat runs one process that parses all documents.
func askExpat(t testing.TB, docs []string) []theirs {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3, whose standard library has expat")
	}
	var in bytes.Buffer
	for _, d := range docs {
		require.NoError(t, binary.Write(&in, binary.BigEndian, uint32(len(d))))
		in.WriteString(d)
	}
	cmd := exec.Command(python, filepath.Join(testdata, "expat.py"))
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	raw, err := cmd.Output()
	require.NoError(t, err)
	out := bufio.NewReader(bytes.NewReader(raw))
	line := func() string {
		s, err := out.ReadString('\n')
		require.NoError(t, err)
		return strings.TrimSuffix(s, "\n")
	}
	answers := make([]theirs, len(docs))
	for i := range answers {
		a := &answers[i]
		a.verdict, a.met = line(), strings.Fields(line())
		var n uint32
		require.NoError(t, binary.Read(out, binary.BigEndian, &n))
		text := make([]byte, n)
		_, err := io.ReadFull(out, text)
		require.NoError(t, err)
		a.dump = string(text)
	}
	return answers
}

// disagree returns what is wrong with our verdict on a document, given expat's,
// or "" if nothing is. What we accept expat must accept and understand alike; what
// we refuse alone must be one of the things that XMPP or a limit forbids.
func disagree(doc string, a theirs) string {
	r, err := Parse(doc)
	if err == nil {
		var b strings.Builder
		dumpRaw(&b, r)
		switch {
		case a.verdict != "ok":
			return "accepted, but expat says " + a.verdict
		case len(a.met) > 0:
			return "accepted, but expat met " + strings.Join(a.met, " ")
		case a.dump != b.String():
			return "we read " + strconv.Quote(b.String()) + "\nexpat " + strconv.Quote(a.dump)
		}
		return ""
	}
	if a.verdict != "ok" {
		return ""
	}
	e, ok := err.(*SyntaxError)
	if !ok {
		return "expat accepts: " + err.Error()
	}
	met := func(what ...string) bool {
		return slices.ContainsFunc(what, func(s string) bool { return slices.Contains(a.met, s) })
	}
	switch e.Condition {
	case PolicyViolation:
		return ""
	case RestrictedXML:
		if met("comment", "pi", "doctype", "standalone") {
			return ""
		}
	case UnsupportedEncoding:
		if met("encoding") || strings.ContainsRune(doc[:min(4, len(doc))], 0) || doc[0] >= 0xFE {
			return ""
		}
	case NotWellFormed:
		// RFC 6120, section 11.6: it is a character like any other
		// what begins with white space is not looked at for UTF-16
		if strings.HasPrefix(doc, "\ufeff") || strings.ContainsRune(doc[:min(4, len(doc))], 0) || met("version") || e.Reason == spaceInNamespace {
			return ""
		}
	}
	return "expat accepts: " + err.Error()
}

// mutations returns documents made from others by small damage.
func mutations(docs []string, n int, seed uint64) []string {
	rnd := rand.New(rand.NewPCG(seed, 1))
	parts := []string{
		"<", ">", "/", "/>", "</", "=", "'", "\"", " ", "\t", "\n", "\r", "\r\n", "&", ";", ":", "!", "?", "[", "]", "]]>", "<![CDATA[",
		"<!--", "-->", "<?", "?>", "&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#9;", "&#10;", "&#13;", "&#32;", "&#x41;", "&#0;", "&#xD800;",
		"&#xFFFE;", "&#x10FFFF;", "&#x110000;", "xmlns", "xmlns:", "xmlns='u'", " xmlns:p='u'", " xmlns:q='u'", " xmlns:p='v'", " xmlns=''", " xmlns:p=''",
		"p:", "q:", "xml:", "xml:lang", " xml:lang='en'", "http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/", "a", "b", "ab",
		"abcdefgh", "abcdefghi", "1", "-", ".", "_", "é", "·", "\u0301", "中", "\u0132", "😀", "\ufeff", "\ufffe", "\uffff", "\u00a0", "\u0085", "\u2028",
		"\x00", "\x01", "\x0b", "\x1f", "\x7f", "\x80", "\xc0", "\xc1", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xff",
		"<?xml version='1.0'?>", "<?xml", "version='1.0'", " encoding='utf-8'", " standalone='yes'", "<!DOCTYPE a>", "<a>", "</a>", "<b/>", "<p:b/>", " c='d'", " p:c='d'",
		" q:c='d'", " c = \"d\"", "        ", "aaaaaaaa", "12345678",
	}
	out := make([]string, 0, n)
	for len(out) < n {
		d := docs[rnd.IntN(len(docs))]
		for range 1 + rnd.IntN(3) {
			i := rnd.IntN(len(d) + 1)
			j := min(len(d), i+rnd.IntN(8))
			switch rnd.IntN(7) {
			case 0: // insert
				d = d[:i] + parts[rnd.IntN(len(parts))] + d[i:]
			case 1: // replace
				d = d[:i] + parts[rnd.IntN(len(parts))] + d[j:]
			case 2: // delete
				d = d[:i] + d[j:]
			case 3: // repeat
				d = d[:j] + d[i:]
			case 4: // change one byte
				if i < len(d) {
					d = d[:i] + string([]byte{byte(rnd.IntN(256))}) + d[i+1:]
				}
			case 5: // move
				k := rnd.IntN(len(d) + 1)
				d = d[:k] + d[i:j] + d[k:]
			case 6: // splice
				o := docs[rnd.IntN(len(docs))]
				d = d[:i] + o[rnd.IntN(len(o)+1):]
			}
		}
		out = append(out, d)
	}
	return out
}

// TestThreatVX1Expat compares verdict and contents with those of expat on our
// samples and on thousands of mutations of them.
func TestThreatVX1Expat(t *testing.T) {
	t.Parallel()
	var docs, small []string
	for _, s := range readSamples(t, "elements.txt") {
		if docs = append(docs, s.input); len(s.input) < 500 {
			small = append(small, s.input)
		}
	}
	small = append(small,
		`<message from='romeo@montague.example/orchard' to='juliet@capulet.example/balcony' type='chat' id='ktx72v49'><body xml:lang='en'>Art thou not Romeo?</body><thread>e0ffe42b28561960c6b1</thread></message>`,
		`<iq type='result' id='4'><query xmlns='jabber:iq:roster' ver='7'><item jid='a@b' name='x &amp; y'><group>Friends</group></item><item jid='c@d'/></query></iq>`,
		`<p:a xmlns:p='u' xmlns='v' p:b='1' b='2'><c xmlns=''><p:d/></c>text<e xmlns:p='w' p:f='&#x20;'/></p:a>`,
	)
	count, seed := 5000, uint64(1)
	if n, err := strconv.Atoi(os.Getenv("XMPP_MUTATIONS")); err == nil { // to look further than every test run does
		count, seed = n, rand.Uint64()
	}
	docs = append(docs, mutations(small, count, seed)...)
	for from := 0; from < len(docs); from += 20_000 {
		part := docs[from:min(from+20_000, len(docs))]
		for i, a := range askExpat(t, part) {
			if what := disagree(part[i], a); what != "" {
				t.Errorf("%q: %s", part[i], what)
			}
		}
	}
}

// TestExpatNames compares which characters may stand in names: around the ends of
// all ranges of our tables, and a sample of all others.
func TestExpatNames(t *testing.T) {
	t.Parallel()
	var runes []rune
	for _, table := range []*unicode.RangeTable{nameStartTable, nameCharTable} {
		for _, r := range table.R16 {
			runes = append(runes, rune(r.Lo)-1, rune(r.Lo), rune(r.Hi), rune(r.Hi)+1)
		}
	}
	for r := rune(0); r < 0x12000; r += 1 + r/100 {
		runes = append(runes, r)
	}
	var docs []string
	for _, r := range runes {
		docs = append(docs, "<"+string(r)+"/>", "<a"+string(r)+"/>", "<a b"+string(r)+"=''/>", "<a b='"+string(r)+"'/>")
	}
	for i, a := range askExpat(t, docs) {
		require.Empty(t, disagree(docs[i], a), "%q", docs[i])
	}
}

// TestExpatStreams does the same for whole streams, in which more is forbidden.
func TestExpatStreams(t *testing.T) {
	t.Parallel()
	var docs []string
	for _, s := range readSamples(t, "streams.txt") {
		if len(s.input) < 1000 {
			docs = append(docs, s.input, s.input+"</stream:stream>")
		}
	}
	docs = append(docs, mutations(docs, 3000, 2)...)
	for i, a := range askExpat(t, docs) {
		o := run(false, docs[i])
		switch {
		case o.verdict == "ok" && a.verdict != "ok":
			t.Errorf("%q: accepted, but expat says %s", docs[i], a.verdict)
		case o.verdict == "ok" && len(a.met) > 0:
			t.Errorf("%q: accepted, but expat met %s", docs[i], a.met)
		case a.verdict == "ok" && o.verdict != "ok" && len(a.met) == 0 && o.verdict != string(BadFormat) && o.verdict != string(PolicyViolation) &&
			!strings.HasPrefix(docs[i], "\ufeff") && disagree(docs[i], a) != "":
			t.Errorf("%q: expat accepts, we say %s at %d", docs[i], o.verdict, o.offset)
		}
	}
}
