package emit

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dave/jennifer/jen"
)

// width is how long the lines of comments may get.
const width = 100

// comment makes line comments of text, in which blank lines part paragraphs, for a place that is so many tabs deep.
// jennifer would make /* */ of several lines, but writes what begins with slashes as it is.
func comment(text string, tabs int) string {
	var lines []string
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			lines = append(lines, "//")
		}
		line := "//"
		for _, word := range strings.Fields(paragraph) {
			if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width-4*tabs && line != "//" {
				lines, line = append(lines, line), "//"
			}
			line += " " + word
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// doc is the text of a doc comment with the link to its section.
func doc(text, link string) string {
	if link == "" {
		return text
	}
	return text + "\n\nSee " + link + "."
}

// literally writes Go as it is. jennifer does the same with identifiers, and has nothing else for it.
func literally(code string) *jen.Statement { return jen.Id(code) }

// assign makes v = to.
func assign(v, to jen.Code) *jen.Statement { return jen.Add(v).Op("=").Add(to) }

// field makes v.name.
func field(name string) *jen.Statement { return jen.Id("v").Dot(name) }

// extra makes &v.Extra.
func extra() *jen.Statement { return jen.Op("&").Id("v").Dot("Extra") }

// check makes:
//
//	if err := call; err != nil {
//		return err
//	}
func check(call jen.Code) jen.Code {
	return jen.If(jen.Err().Op(":=").Add(call), jen.Err().Op("!=").Nil()).Block(jen.Return(jen.Err()))
}

// put makes e.Put("text").
func put(text string) jen.Code { return encoder("Put").Call(jen.Lit(text)) }

// slot makes the number of a field for wire.Extra: 3, or wire.SlotAt(3, pos) for one of several.
func (g *file) slot(index int, pos jen.Code) jen.Code {
	if pos == nil {
		return literally(strconv.Itoa(index))
	}
	return g.wire("SlotAt").Call(literally(strconv.Itoa(index)), pos)
}

// lenOf makes len(v.name).
func lenOf(name string) jen.Code { return jen.Len(field(name)) }

// xmlEscape escapes a namespace for an attribute value in single quotes.
func xmlEscape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&apos;").Replace(s)
}

// openTag is the beginning of a start tag: <name, or <name xmlns='space'.
func openTag(local, space string) string {
	if space == "" {
		return "<" + local
	}
	return "<" + local + " xmlns='" + xmlEscape(space) + "'"
}
