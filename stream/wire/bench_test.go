package wire

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// chatMessage is of the size that most messages have.
const chatMessage = `<message from='romeo@montague.example/orchard' to='juliet@capulet.example/balcony' type='chat' id='ktx72v49'><body>Art thou not Romeo, and a Montague? Neither, fair saint.</body><thread>e0ffe42b28561960c6b1</thread></message>`

var benchInputs = []struct{ name, text string }{
	{"message", chatMessage},
	{"roster", "<iq type='result' xml:lang='en' id='4711' from='a@b/c'><query xmlns='jabber:iq:roster' ver='7'>" +
		strings.Repeat("<item jid='romeo@montague.example' subscription='both' name='Romeo'><group>Friends &amp; foes</group></item>", 20) + "</query></iq>"},
	{"photo", "<iq type='result'><vCard xmlns='vcard-temp'><PHOTO><BINVAL>" + strings.Repeat("iVBORw0KGgoAAAANSUhEUgAAADAAAAAw", 1600) + "</BINVAL></PHOTO></vCard></iq>"},
	{"wide", "<message><body>" + strings.Repeat("Привет, как дела? 日本語のテキスト ", 8) + "</body></message>"},
}

// BenchmarkFramer frames and checks, and with "take" makes documents.
func BenchmarkFramer(b *testing.B) {
	for _, in := range benchInputs {
		for _, take := range []string{"", "/take"} {
			b.Run(in.name+take, func(b *testing.B) {
				f := streaming(b, Limits{})
				text := []byte(in.text)
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					f.Feed(text)
					if k, err := f.Next(); k != Element {
						b.Fatal(k, err)
					}
					if take != "" {
						f.Take()
					}
				}
			})
		}
	}
}

// BenchmarkEncodingXML is what to compare with: the message in plain strings.
func BenchmarkEncodingXML(b *testing.B) {
	type message struct {
		From   string `xml:"from,attr"`
		To     string `xml:"to,attr"`
		Type   string `xml:"type,attr"`
		ID     string `xml:"id,attr"`
		Body   string `xml:"body"`
		Thread string `xml:"thread"`
	}
	text := []byte(chatMessage)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		var m message
		if err := xml.Unmarshal(text, &m); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWalk looks at all attributes and children of the message.
func BenchmarkWalk(b *testing.B) {
	r, err := Parse(chatMessage)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for a := r.Attrs(); a.Next(); {
			switch a.Name() {
			case "from", "to", "type", "id":
				n += len(a.Value())
			}
		}
		for c := r.Children(); c.Next(); {
			switch c.Local() {
			case "body", "thread":
				if c.Same() {
					n += len(c.Text())
				}
			}
		}
		if n != 148 {
			b.Fatal(n)
		}
	}
}

// BenchmarkAppend writes texts of several kinds.
func BenchmarkAppend(b *testing.B) {
	for _, in := range []struct{ name, text string }{
		{"word", "hello"}, {"address", "juliet@capulet.example/balcony"}, {"photo", strings.Repeat("iVBORw0KGgoAAAANSUhEUgAAADAAAAAw", 1600)},
		{"wide", strings.Repeat("Привет, как дела? 日本語のテキスト ", 8)}, {"markup", strings.Repeat("a <b> & c ", 10)},
	} {
		buf := make([]byte, 0, 2*len(in.text))
		for kind, appendTo := range map[string]func([]byte, string) ([]byte, error){"text": AppendText, "value": AppendValue} {
			b.Run(in.name+"/"+kind, func(b *testing.B) {
				b.SetBytes(int64(len(in.text)))
				for b.Loop() {
					if _, err := appendTo(buf, in.text); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
