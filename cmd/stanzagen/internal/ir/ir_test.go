package ir

import (
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the tables of the intermediate form into the manual")

// TestManual keeps the tables of cmd/stanzagen/README.md the same as the types of this package.
func TestManual(t *testing.T) {
	t.Parallel()
	const file, start, end = "../../README.md", "<!-- the tables of ir -->\n", "<!-- the end of the tables of ir -->\n"
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(data), start)
	require.True(t, found)
	_, after, found := strings.Cut(rest, end)
	require.True(t, found)
	want := before + start + tables(t) + end + after
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(data), "run the test with -update")
}

// tables describes all types, the outermost first.
func tables(t *testing.T) string {
	var b strings.Builder
	seen := map[reflect.Type]bool{}
	queue := []reflect.Type{reflect.TypeFor[Document]()}
	for len(queue) > 0 {
		typ := queue[0]
		queue = queue[1:]
		if seen[typ] {
			continue
		}
		seen[typ] = true
		b.WriteString("\n**" + typ.Name() + "**\n\n| field | value | meaning |\n|---|---|---|\n")
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			doc := f.Tag.Get("doc")
			require.NotEmpty(t, name, f.Name)
			require.Equal(t, snake(f.Name), name, "the name in JSON follows from that in Go")
			require.True(t, strings.HasSuffix(doc, "."), "%s.%s", typ, f.Name)
			kind, inner := describe(f.Type)
			if inner != nil {
				queue = append(queue, inner)
			}
			if options == "omitempty" {
				kind += ", optional"
			}
			b.WriteString("| `" + name + "` | " + kind + " | " + doc + " |\n")
		}
	}
	b.WriteString("\n")
	return b.String()
}

// describe names a type as JSON has it, and returns the type of the objects in it.
func describe(t reflect.Type) (string, reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer:
		return describe(t.Elem())
	case reflect.Slice:
		kind, inner := describe(t.Elem())
		return "list of " + kind, inner
	case reflect.Struct:
		return t.Name(), t
	case reflect.Bool:
		return "bool", nil
	case reflect.Int:
		return "number", nil
	}
	return "text", nil
}

// snake writes a Go name in small letters with underscores: IQType is iq_type.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
