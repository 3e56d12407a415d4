package docs

import (
	"html"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHighlight sees that marks add nothing to the code and take nothing from it: what is copied is the code.
func TestHighlight(t *testing.T) {
	t.Parallel()
	plain := func(marked string) string {
		return html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(marked, ""))
	}
	s := newSite(slices.Concat(own(t), sample(t)), nil)
	for _, p := range s.packages {
		for _, e := range s.examples[p] {
			if e.code == nil {
				continue // it is more than a literal can say
			}
			require.Equal(t, e.from.XML, plain(string(s.highlightXML("x", e.from.XML, e.code.Types))))
			require.Equal(t, e.code.Code, plain(string(s.highlightGo("x", e.code.Code, s.packages))))
		}
	}
	for _, text := range []string{"", "<", "<a", "<a b", "<a b='", "<a b='c", "<a\nb='c'\n>x</a\n>", "a > b", "<a b=\"'\" c='\"'/>", "</", "<<>>"} {
		require.Equal(t, text, plain(string(s.highlightXML("x", text, nil))))
	}

	const muc = "pkg/muc.html"
	marked := string(s.highlightXML(muc, "<x xmlns='u'>\n  <a b='1'/></x>", nil))
	require.Equal(t, `<span class="line">&lt;<span class="t">x</span> <span class="a">xmlns</span>=<span class="s">&#39;u&#39;</span>&gt;`+"\n"+`</span>`+
		`<span class="line in1">  &lt;<span class="t">a</span> <span class="a">b</span>=<span class="s">&#39;1&#39;</span>/&gt;&lt;/<span class="t">x</span>&gt;</span>`, marked)
	page := s.packages[0]
	for _, p := range s.packages {
		if p.Name == "muc" {
			page = p
		}
	}
	first := s.examples[page][0]
	require.Contains(t, string(s.highlightXML(muc, first.from.XML, first.code.Types)), `&lt;<a class="t" href="#Join">x</a>`)
	require.Contains(t, string(s.highlightGo(muc, first.code.Code, s.packages)), `muc.<a href="#Join">Join</a>{`)
}
