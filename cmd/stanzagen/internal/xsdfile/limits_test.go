package xsdfile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func wrapped(body string) string {
	return "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns='urn:example:tea' targetNamespace='urn:example:tea' " +
		"elementFormDefault='qualified'>\n" + body + "\n</xs:schema>\n"
}

// TestLimits shows that small files cannot make large trees or long work.
func TestLimits(t *testing.T) {
	t.Parallel()
	times := func(n int, f func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(f(i))
		}
		return b.String()
	}
	const tooLarge = "schema becomes too large when its groups and base types are put in"
	use := "<xs:element name='x'><xs:complexType>%s</xs:complexType></xs:element>"
	tests := map[string]struct {
		data string
		want string
	}{
		"bytes":        {strings.Repeat(" ", 1<<20+1), "schema has 1048577 bytes, the limit is 1048576"},
		"utf-16 bytes": {"\xFF\xFE" + wide("<"+strings.Repeat("☕", 400_000), false), "not XML: schema has more than 1048576 bytes as UTF-8"},
		"legacy bytes": {documented("<?xml version='1.0' encoding='iso-8859-1'?>", strings.Repeat("\xE9", 600_000)),
			"not XML: schema has more than 1048576 bytes as UTF-8"},
		"depth":      {strings.Repeat("<a>", 5000), "elements are nested more than 100 deep"},
		"elements":   {wrapped(strings.Repeat("<xs:annotation/>", 50_001)), "schema has more than 50000 elements"},
		"attributes": {"<a " + times(201, func(i int) string { return fmt.Sprintf("a%d='' ", i) }) + "/>", "element has more than 200 attributes"},
		"prefixes": {wrapped(times(501, func(i int) string { return fmt.Sprintf("<xs:annotation xmlns:a%d='urn:a'/>", i) })),
			"schema has more than 500 namespace declarations"},
		"groups of groups": {wrapped(fmt.Sprintf(use, "<xs:sequence><xs:group ref='g0'/></xs:sequence>") + times(60, func(i int) string {
			return fmt.Sprintf("<xs:group name='g%d'><xs:sequence><xs:group ref='g%[2]d'/><xs:group ref='g%[2]d'/></xs:sequence></xs:group>", i, i+1)
		}) + "<xs:group name='g60'><xs:sequence><xs:element name='a'/></xs:sequence></xs:group>"), ""},
		"choices of groups": {wrapped(fmt.Sprintf(use, "<xs:choice><xs:group ref='g0'/></xs:choice>") + times(60, func(i int) string {
			return fmt.Sprintf("<xs:group name='g%d'><xs:choice><xs:group ref='g%[2]d'/><xs:group ref='g%[2]d'/></xs:choice></xs:group>", i, i+1)
		}) + "<xs:group name='g60'><xs:choice><xs:element name='a'><xs:complexType/></xs:element></xs:choice></xs:group>"), ""},
		"attribute groups of groups": {wrapped(fmt.Sprintf(use, "<xs:attributeGroup ref='g0'/>") + times(60, func(i int) string {
			return fmt.Sprintf("<xs:attributeGroup name='g%d'><xs:attributeGroup ref='g%[2]d'/><xs:attributeGroup ref='g%[2]d'/></xs:attributeGroup>", i, i+1)
		}) + "<xs:attributeGroup name='g60'><xs:attribute name='a'/></xs:attributeGroup>"), tooLarge},
		"one group everywhere": {wrapped("<xs:group name='g'><xs:sequence>" +
			times(1000, func(i int) string { return fmt.Sprintf("<xs:element name='a%d' type='xs:int'/>", i) }) + "</xs:sequence></xs:group>" +
			times(1000, func(i int) string {
				return fmt.Sprintf("<xs:element name='e%d'><xs:complexType><xs:group ref='g'/></xs:complexType></xs:element>", i)
			})), tooLarge},
		"chain of extensions": {wrapped(times(3000, func(i int) string {
			return fmt.Sprintf("<xs:complexType name='t%d'><xs:complexContent><xs:extension base='t%d'><xs:attribute name='a%d'/></xs:extension></xs:complexContent></xs:complexType>", i, i+1, i)
		}) + "<xs:complexType name='t3000'/><xs:element name='x' type='t0'/>"), tooLarge},
		"one text everywhere": {wrapped("<xs:attributeGroup name='g'><xs:attribute name='a'><xs:annotation><xs:documentation>" +
			strings.Repeat("tea ", 100_000) + "</xs:documentation></xs:annotation></xs:attribute></xs:attributeGroup>" +
			times(2000, func(i int) string {
				return fmt.Sprintf("<xs:element name='e%d'><xs:complexType><xs:attributeGroup ref='g'/></xs:complexType></xs:element>", i)
			})), tooLarge},
		"chain of restrictions": {wrapped(times(4000, func(i int) string {
			return fmt.Sprintf("<xs:simpleType name='t%d'><xs:restriction base='t%d'><xs:pattern value='a%d'/></xs:restriction></xs:simpleType>", i, i+1, i)
		}) + "<xs:element name='x' type='t0'/><xs:simpleType name='t4000'><xs:restriction base='xs:string'/></xs:simpleType>"), ""},
		"equal names": {wrapped(fmt.Sprintf(use, times(5000, func(i int) string {
			return "<xs:attribute name='a" + strings.Repeat("-", i%150) + strings.Repeat(".", i/150) + "'/>"
		}))), ""},
		"dangling names": {wrapped(times(5000, func(i int) string { return fmt.Sprintf("<xs:element name='e%d' type='tt%d'/>", i, i) }) +
			times(5000, func(i int) string { return fmt.Sprintf("<xs:simpleType name='t%d'/>", i) })), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			f, c := readString(test.data)
			require.Less(t, time.Since(begin), 20*time.Second)
			requirePlaces(t, c)
			if test.want == "" {
				require.Zero(t, c.Errors())
				require.NotNil(t, f)
				return
			}
			require.Equal(t, 1, c.Errors())
			var messages []string
			for _, d := range c.Diagnostics() {
				messages = append(messages, d.Msg)
			}
			require.Contains(t, messages, test.want)
		})
	}
}
