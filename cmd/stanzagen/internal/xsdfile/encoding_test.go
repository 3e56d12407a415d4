package xsdfile_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
	"stanza.invalid/cmd/stanzagen/internal/xsdfile"
)

// documented is a schema whose documentation is the given text.
func documented(declaration, text string) string {
	return declaration + `<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:example:tea'>
<xs:annotation><xs:documentation>` + text + `</xs:documentation></xs:annotation>
<xs:element name='tea'/>
</xs:schema>`
}

func wide(s string, big bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

func readString(data string) (*syntax.File, *source.Collector) {
	c := &source.Collector{}
	return xsdfile.Read("tea.xsd", []byte(data), c), c
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	declared := func(label string) string { return "<?xml version='1.0' encoding='" + label + "'?>\n" }
	ascii := strings.Repeat("Tea and cake. ", 150)
	tests := map[string]struct {
		data string
		want string
	}{
		"no declaration":                  {documented("", "Thé ☕"), "Thé ☕"},
		"utf-8":                           {documented(declared("UTF-8"), "Thé ☕"), "Thé ☕"},
		"utf-8 with mark":                 {"\xEF\xBB\xBF" + documented(declared("utf-8"), "Thé"), "Thé"},
		"mark before label":               {"\xEF\xBB\xBF" + documented(declared("iso-8859-1"), "Thé"), "Thé"},
		"utf-8 behind a kilobyte":         {documented(declared("utf-8"), ascii+"Thé ☕"), ascii + "Thé ☕"},
		"undeclared behind a kilobyte":    {documented("", ascii+"Thé ☕"), ascii + "Thé ☕"},
		"latin 1":                         {documented(declared("ISO-8859-1"), "Th\xE9"), "Thé"},
		"latin 1 behind a kilobyte":       {documented(declared("ISO-8859-1"), ascii+"Th\xE9"), ascii + "Thé"},
		"double quotes and spaces":        {documented("<?xml version=\"1.0\" encoding = \"windows-1251\" ?>", "\xD7\xE0\xE9"), "Чай"},
		"koi8-r":                          {documented(declared("koi8-r"), "\xFE\xC1\xCA"), "Чай"},
		"shift_jis":                       {documented(declared("Shift_JIS"), "\x92\x83"), "茶"},
		"ascii":                           {documented(declared("us-ascii"), "Tea"), "Tea"},
		"utf-16 little endian with mark":  {"\xFF\xFE" + wide(documented(declared("UTF-16"), "Thé ☕ 🫖"), false), "Thé ☕ 🫖"},
		"utf-16 big endian with mark":     {"\xFE\xFF" + wide(documented(declared("UTF-16"), "Thé ☕ 🫖"), true), "Thé ☕ 🫖"},
		"utf-16 little endian, no mark":   {wide(documented("", "Thé"), false), "Thé"},
		"utf-16 big endian, no mark":      {wide(documented("", "Thé"), true), "Thé"},
		"utf-16 that declares itself so":  {wide(documented(declared("UTF-16LE"), "Thé"), false), "Thé"},
		"declaration without an encoding": {documented("<?xml version='1.0'?>", "Thé"), "Thé"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, c := readString(test.data)
			require.Empty(t, c.Diagnostics())
			require.NotNil(t, f)
			require.Equal(t, strings.TrimSpace(test.want)+".", f.Doc.Value)
		})
	}
}

func TestEncodingErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		data string
		want string
	}{
		"unknown":         {documented("<?xml version='1.0' encoding='klingon'?>", ""), `tea.xsd:1:31: encoding "klingon" is not known`},
		"replacement":     {documented("<?xml version='1.0' encoding='iso-2022-kr'?>", ""), `tea.xsd:1:31: encoding "iso-2022-kr" is not known`},
		"not utf-8":       {documented("", "☕ Th\xE9"), `tea.xsd:2:38: schema is not UTF-8`},
		"half a unit":     {"\xFF\xFE<", `tea.xsd:1:1: not XML: UTF-16 with half a character at the end`},
		"lone surrogate":  {"\xFF\xFE<\x00\x00\xD8", `tea.xsd:1:1: not XML: UTF-16 with half a surrogate pair`},
		"wrong surrogate": {"\xFF\xFE<\x00\x00\xD8<\x00", `tea.xsd:1:1: not XML: UTF-16 with half a surrogate pair`},
		"low surrogate":   {"\xFF\xFE<\x00\x00\xDC", `tea.xsd:1:1: not XML: UTF-16 with half a surrogate pair`},
		"xml 1.1":         {documented("<?xml version='1.1'?>", ""), `tea.xsd:1:22: not XML: xml: unsupported version "1.1"; only version 1.0 is supported`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, c := readString(test.data)
			require.Nil(t, f)
			require.Len(t, c.Diagnostics(), 1)
			requirePlaces(t, c)
			first, _, _ := strings.Cut(c.Diagnostics()[0].String(), " [xsd-")
			require.Equal(t, test.want, first)
		})
	}
}

// A declaration that can be read as ASCII is not UTF-16, whatever it says.
func TestEncodingMislabelled(t *testing.T) {
	t.Parallel()
	f, c := readString(documented("<?xml version='1.0' encoding='UTF-16'?>", "Thé"))
	require.NotNil(t, f)
	require.Equal(t, "Thé.", f.Doc.Value)
	require.Len(t, c.Diagnostics(), 1)
	require.Equal(t, "tea.xsd:1:31: warning: encoding is declared as UTF-16, but the declaration itself is not: read as UTF-8 [xsd-encoding]",
		c.Diagnostics()[0].String())
}

// Columns count characters, lines those of the file, whatever the encoding and the line ends are.
func TestPositions(t *testing.T) {
	t.Parallel()
	text := documented("", "Thé ☕ 🫖")
	text = strings.Replace(text, "name='tea'/>", "name = \"tea\"\n\ttype='xs:int'/>", 1)
	for name, data := range map[string]string{
		"utf-8":      text,
		"with mark":  "\xEF\xBB\xBF" + text,
		"utf-16":     "\xFF\xFE" + wide(text, false),
		"dos":        strings.ReplaceAll(text, "\n", "\r\n"),
		"after text": strings.Replace(text, "<xs:element", "<!-- ☕ --><xs:element", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, c := readString(data)
			require.Empty(t, c.Diagnostics())
			e := f.Elements[0]
			at := func(p source.Pos) string { return fmt.Sprintf("%d:%d", p.Line, p.Col) }
			shift := map[string]int{"after text": 10}[name]
			require.Equal(t, fmt.Sprintf("3:%d", 1+shift), at(e.Pos))
			require.Equal(t, fmt.Sprintf("3:%d", 21+shift), at(e.Name.Pos))
			require.Equal(t, "1:73", at(f.Namespaces[0].URI.Pos))
			require.Equal(t, "2:16", at(f.Doc.Pos))
		})
	}
}
