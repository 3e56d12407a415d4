package xsdfile_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/xsdfile"
)

// schemaOf returns a schema of a namespace.
func schemaOf(space, body string) string {
	return "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns='" + space + "' targetNamespace='" + space + "' elementFormDefault='qualified'>\n" +
		body + "\n</xs:schema>\n"
}

// TestHostile reads files that were made to keep a reader busy, or to fill its memory: it takes a second and some
// megabytes at most, and what is wrong is told. The test does not run beside others, since it looks at the memory of
// the whole process.
func TestHostile(t *testing.T) {
	const megabyte = 1 << 20
	bomb := "<!DOCTYPE xs:schema [<!ENTITY a0 'tea'>"
	for i := range 40 {
		bomb += fmt.Sprintf("<!ENTITY a%d '&a%[2]d;&a%[2]d;'>", i+1, i)
	}
	var ring []string
	for i := range 200 {
		next := fmt.Sprintf("urn:example:%d", (i+1)%200)
		ring = append(ring, schemaOf(fmt.Sprintf("urn:example:%d", i), "<xs:import namespace='"+next+"'/><xs:element name='e'><xs:complexType>"+
			"<xs:sequence><xs:element ref='n:e' xmlns:n='"+next+"'/></xs:sequence></xs:complexType></xs:element>"))
	}
	var web []string
	for i := range 60 {
		body := "<xs:element name='e'><xs:complexType><xs:sequence>"
		for j := range 60 {
			body += fmt.Sprintf("<xs:element ref='n:e' xmlns:n='urn:example:%d' minOccurs='0'/>", j)
		}
		web = append(web, schemaOf(fmt.Sprintf("urn:example:%d", i), body+"</xs:sequence></xs:complexType></xs:element>"))
	}
	const tea = "urn:example:tea"
	cycle := "<xs:group name='g'><xs:sequence><xs:group ref='g'/></xs:sequence></xs:group><xs:attributeGroup name='a'><xs:attributeGroup ref='a'/></xs:attributeGroup>" +
		"<xs:complexType name='t'><xs:complexContent><xs:extension base='t'/></xs:complexContent></xs:complexType>" +
		"<xs:simpleType name='s'><xs:restriction base='s'/></xs:simpleType><xs:simpleType name='u'><xs:union memberTypes='u s'/></xs:simpleType><xs:simpleType name='l'><xs:list itemType='l'/></xs:simpleType><xs:element name='v' type='u'/><xs:element name='w' type='l'/><xs:element name='x' type='t'/><xs:element name='y' type='s'/>" +
		"<xs:element name='z'><xs:complexType><xs:group ref='g'/><xs:attributeGroup ref='a'/></xs:complexType></xs:element>"
	tests := map[string]struct {
		files []string
		// want is a part of an error, empty if there is none.
		want string
	}{
		"entity bomb":                  {[]string{bomb + "]>" + schemaOf(tea, "&a40;")}, "a document type declaration is not allowed"},
		"entity without a bomb":        {[]string{schemaOf(tea, "&a40;")}, "invalid character entity &a40;"},
		"external entity":              {[]string{"<!DOCTYPE a SYSTEM 'file:///etc/passwd'>" + schemaOf(tea, "")}, "a document type declaration is not allowed"},
		"deep":                         {[]string{schemaOf(tea, strings.Repeat("<xs:sequence>", 70_000))}, "nested more than 100 deep"},
		"deep, closed":                 {[]string{schemaOf(tea, strings.Repeat("<xs:any>", 40_000)+strings.Repeat("</xs:any>", 40_000))}, "nested more than 100 deep"},
		"huge attribute":               {[]string{schemaOf(tea, "<xs:element name='x' type='"+strings.Repeat("a", 1_000_000)+"'/>")}, ""},
		"huge name":                    {[]string{schemaOf(tea, "<xs:element name='"+strings.Repeat("a-", 500_000)+"'/>")}, ""},
		"huge namespace":               {[]string{schemaOf("urn:"+strings.Repeat("a", 500_000), "<xs:element name='x'/>")}, ""},
		"huge pattern":                 {[]string{schemaOf(tea, "<xs:element name='x'><xs:simpleType><xs:restriction base='xs:string'><xs:pattern value='"+strings.Repeat("(a", 400_000)+"'/></xs:restriction></xs:simpleType></xs:element>")}, ""},
		"huge number":                  {[]string{schemaOf(tea, "<xs:element name='x'><xs:simpleType><xs:restriction base='xs:int'><xs:maxInclusive value='"+strings.Repeat("9", 900_000)+"'/></xs:restriction></xs:simpleType></xs:element>")}, ""},
		"huge occurrence":              {[]string{schemaOf(tea, "<xs:element name='x'><xs:complexType><xs:sequence maxOccurs='"+strings.Repeat("9", 900_000)+"'><xs:element name='y'/></xs:sequence></xs:complexType></xs:element>")}, ""},
		"attributes":                   {[]string{"<a " + strings.Repeat("b='' ", 200_000) + "/>"}, "more than 200 attributes"},
		"unclosed tag":                 {[]string{"<a b='" + strings.Repeat("c", 1_000_000)}, "unexpected EOF"},
		"comments":                     {[]string{schemaOf(tea, strings.Repeat("<!---->", 140_000))}, ""},
		"too large":                    {[]string{strings.Repeat("<", 50*megabyte)}, "the limit is 1048576"},
		"includes itself":              {[]string{schemaOf(tea, "<xs:include schemaLocation='f0.xsd'/><xs:element name='x'/>")}, ""},
		"imports itself":               {[]string{schemaOf(tea, "<xs:import namespace='"+tea+"' schemaLocation='f0.xsd'/><xs:element name='x'><xs:complexType><xs:sequence><xs:element ref='x'/></xs:sequence></xs:complexType></xs:element>")}, ""},
		"include each other":           {[]string{schemaOf(tea, "<xs:include schemaLocation='f1.xsd'/><xs:element name='x' type='t'/>"), schemaOf(tea, "<xs:include schemaLocation='f0.xsd'/><xs:complexType name='t'><xs:sequence><xs:element ref='x'/></xs:sequence></xs:complexType><xs:element name='y' type='t'/>")}, ""},
		"no namespace includes itself": {[]string{"<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:include schemaLocation='f0.xsd'/></xs:schema>"}, "schema has no targetNamespace"},
		"no namespaces include each other": {[]string{"<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:include schemaLocation='f1.xsd'/></xs:schema>",
			"<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:include schemaLocation='f0.xsd'/></xs:schema>"}, "schema has no targetNamespace"},
		"imports in a ring":                   {ring, ""},
		"all import all":                      {web, ""},
		"made of themselves":                  {[]string{schemaOf(tea, cycle)}, ""},
		"made of each other":                  {[]string{schemaOf(tea, "<xs:include schemaLocation='f1.xsd'/>"+cycle), schemaOf(tea, "<xs:include schemaLocation='f0.xsd'/>"+cycle)}, ""},
		"attribute that is defined by itself": {[]string{schemaOf(tea, "<xs:attribute name='a' ref='a'/><xs:element name='x'><xs:complexType><xs:attribute ref='a'/></xs:complexType></xs:element>")}, ""},
		"element that is defined by itself":   {[]string{schemaOf(tea, "<xs:element name='x' ref='x'/><xs:element name='y'><xs:complexType><xs:sequence><xs:element ref='x'/></xs:sequence></xs:complexType></xs:element>")}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var files []source.File
			for i, data := range test.files {
				files = append(files, source.File{Path: fmt.Sprintf("f%d.xsd", i), Data: []byte(data)})
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			c := &source.Collector{}
			trees := xsdfile.ReadAll(files, nil, c)
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			require.Less(t, took, 30*time.Second, "a second is plenty, but the machine may be busy")
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(80*megabyte))
			requirePlaces(t, c)
			if test.want == "" {
				require.Zero(t, c.Errors(), "%v", c.Diagnostics())
				for _, d := range c.Diagnostics() {
					require.Less(t, len(d.String()), 2000, "a diagnostic is read by people")
				}
				requireLinked(t, trees)
				return
			}
			require.Positive(t, c.Errors())
			require.Contains(t, c.Diagnostics()[0].String(), test.want)
		})
	}
}
