package xsdfile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/xsdfile"
)

// The names of package and spec follow from that of the file.
func TestFileNames(t *testing.T) {
	t.Parallel()
	tests := []struct{ path, pkg, spec string }{
		{"schemas/xep-0184.xsd", "xep0184", "XEP-0184"},
		{`C:\schemas\XEP-0045-2.XSD`, "xep00452", "XEP-0045"},
		{"xep-184.xsd", "xep184", ""},
		{"xep0184.xsd", "xep0184", "XEP-0184"},
		{"rfc6120-bind.xsd", "rfc6120bind", "RFC 6120"},
		{"RFC-7395.xsd", "rfc7395", "RFC 7395"},
		{"rfc0.xsd", "rfc0", ""},
		{"jabber_client.v2.xsd", "jabberclientv2", ""},
		{"9p.xsd", "p", ""},
		{"42.xsd", "schema", ""},
		{"type.xsd", "typexsd", ""},
		{"string.xsd", "stringxsd", ""},
		{"main.xsd", "mainxsd", ""},
		{"stanza.xsd", "stanzaxsd", ""},
	}
	for _, test := range tests {
		c := &source.Collector{}
		f := xsdfile.Read(test.path, []byte(wrapped("<xs:element name='a'/>")), c)
		require.Empty(t, c.Diagnostics())
		require.Equal(t, test.path, f.Path)
		require.Equal(t, test.pkg, f.Package.Value, test.path)
		require.Equal(t, test.spec, f.Spec.Value, test.path)
		require.Equal(t, test.spec != "", f.Spec.IsSet(), test.path)
	}
}
