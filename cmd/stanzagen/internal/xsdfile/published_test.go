package xsdfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
	"stanza.invalid/cmd/stanzagen/internal/xsdfile"
)

// shared returns the directory of the material that tests find beside the module, and skips the test without it.
func shared(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("XMPP_SHARED")
	for root := "."; dir == ""; root = filepath.Join(root, "..") {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			dir = filepath.Join(root, "..", "shared")
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "xsd")); err != nil {
		t.Skip("the published schemas are not there; XMPP_SHARED names the directory that has them in xsd/")
	}
	return dir
}

func published(t testing.TB) []source.File {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(shared(t), "xsd", "*.xsd"))
	require.NoError(t, err)
	var all []source.File
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		all = append(all, source.File{Path: filepath.Base(file), Data: data})
	}
	require.NotEmpty(t, all)
	return all
}

// TestPublished reads every published schema by itself: it gives a tree that the compiler accepts, or says where and
// why not.
func TestPublished(t *testing.T) {
	t.Parallel()
	good := 0
	files := published(t)
	for _, file := range files {
		c := &source.Collector{}
		f := xsdfile.Read(file.Path, file.Data, c)
		for _, d := range c.Diagnostics() {
			require.Equal(t, file.Path, d.Pos.File)
			require.Positive(t, d.Pos.Line, "%s", d)
			require.Positive(t, d.Pos.Col, "%s", d)
		}
		if c.Errors() > 0 {
			continue
		}
		good++
		require.NotNil(t, f, file.Path)
		require.Equal(t, dump(f), dump(xsdfile.Read(file.Path, file.Data, c)), "%s: not the same twice", file.Path)
		requireLinked(t, []*syntax.File{f})
	}
	t.Logf("%d of %d published schemas give a tree", good, len(files))
	require.GreaterOrEqual(t, good, 265)
}

// TestPublishedTogether reads all published schemas at once, so that they find each other.
func TestPublishedTogether(t *testing.T) {
	t.Parallel()
	c := &source.Collector{}
	files := published(t)
	trees := xsdfile.ReadAll(files, nil, c)
	again := xsdfile.ReadAll(files, nil, c)
	for i := range files {
		require.Equal(t, dump(trees[i]), dump(again[i]), "%s: not the same twice", files[i].Path)
	}
	imports := 0
	for _, f := range trees {
		if f != nil {
			imports += len(f.Imports)
		}
	}
	t.Logf("%d imports between published schemas", imports)
	require.Positive(t, imports)
	requireLinked(t, trees)
}

// TestPublishedTrees looks at what some published schemas become.
func TestPublishedTrees(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"xep-0085.xsd": `element Active <active/> in any
element Composing <composing/> in any
element Gone <gone/> in any
element Inactive <inactive/> in any
element Paused <paused/> in any
`,
		"xep-0092.xsd": `element Query <query/> in any
  child name: string
  child version: string
  child os: string
`,
		"xep-0184.xsd": `element Received <received/> in any
  attr id: string required
element Request <request/> in any
`,
		"xep-0199.xsd": `element Ping <ping/> in any
`,
	}
	for _, file := range published(t) {
		want, ok := tests[file.Path]
		if !ok {
			continue
		}
		t.Run(file.Path, func(t *testing.T) {
			t.Parallel()
			c := &source.Collector{}
			f := xsdfile.Read(file.Path, file.Data, c)
			require.Empty(t, c.Diagnostics())
			require.Equal(t, "XEP-"+file.Path[4:8], f.Spec.Value)
			require.Equal(t, "xep"+file.Path[4:8], f.Package.Value)
			f.Doc, f.Namespaces = syntax.String{}, nil
			require.Equal(t, "package "+f.Package.Value+" spec=\""+f.Spec.Value+"\"\n"+want, dump(f))
		})
	}
}

// FuzzRead feeds anything at all, as two files that may refer to each other: no panic, no endless work, and trees or
// errors, all of them with their places.
func FuzzRead(f *testing.F) {
	for _, body := range []string{
		"<xs:element name='a' type='xs:int' default='1'/>",
		"<xs:element name='a'><xs:complexType><xs:choice maxOccurs='unbounded'><xs:element ref='a'/><xs:any/></xs:choice></xs:complexType></xs:element>",
		"<xs:element name='a' type='t'/><xs:complexType name='t'><xs:complexContent><xs:extension base='t'/></xs:complexContent></xs:complexType>",
		"<xs:group name='g'><xs:choice><xs:group ref='g'/></xs:choice></xs:group><xs:element name='a'><xs:complexType><xs:group ref='g'/></xs:complexType></xs:element>",
		"<xs:simpleType name='e'><xs:restriction base='xs:byte'><xs:enumeration value='1'/><xs:minInclusive value='-9'/></xs:restriction></xs:simpleType><xs:element name='a' type='e'/>",
		"<xs:element name='a'><xs:attribute ref='xml:lang'/><xs:attributeGroup ref='b'/><xs:element name='c' type='d:e'/></xs:element>",
		"<xs:include schemaLocation='a.xsd'/><xs:include schemaLocation='b.xsd'/><xs:element ref='c' name='c'/>",
	} {
		f.Add([]byte(wrapped(body)), []byte(schemaOf("urn:example:milk", "<xs:import namespace='urn:example:tea'/>"+
			"<xs:element name='m'><xs:complexType><xs:sequence><xs:element ref='t:a' xmlns:t='urn:example:tea'/></xs:sequence></xs:complexType></xs:element>")))
	}
	f.Add([]byte("\xFF\xFE<\x00a\x00/\x00>\x00"), []byte("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:include schemaLocation='b.xsd'/></xs:schema>"))
	f.Add([]byte("<?xml version='1.0' encoding='koi8-r'?><schema xmlns='http://www.w3.org/2001/XMLSchema' targetNamespace='\xC1'/>"), []byte("<!DOCTYPE a [<!ENTITY b '&c;&c;'>]><a>&b;</a>"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		c := &source.Collector{}
		for i, tree := range xsdfile.ReadAll([]source.File{{Path: "a.xsd", Data: a}, {Path: "b.xsd", Data: b}}, nil, c) {
			if tree == nil {
				require.True(t, c.ErrorsIn([]string{"a.xsd", "b.xsd"}[i]))
				continue
			}
			require.Equal(t, syntax.XSD, tree.Format)
			require.Less(t, len(dump(tree)), 100_000_000)
		}
		for _, d := range c.Diagnostics() {
			require.Positive(t, d.Pos.Line, "%s", d)
			require.Positive(t, d.Pos.Col, "%s", d)
		}
	})
}
