package boshconn

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"time"

	"stanza.invalid/gen/httpbind"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
)

// contentType is that of requests and answers (XEP-0124, section 6).
const contentType = "text/xml; charset=utf-8"

// version is the version of BOSH that is spoken here.
const version = "1.11"

// appendBody appends a <body/> with what it carries, elements that declare all that they need.
func appendBody(b []byte, attrs *httpbind.Body, payload []byte) ([]byte, error) {
	plain := *attrs
	plain.XMPPVersion, plain.XMPPRestart, plain.XMPPRestartLogic = "", false, false
	b, err := plain.AppendXML(b, "")
	if err != nil {
		return b, err
	}
	b = bytes.TrimSuffix(b, []byte("/>"))
	if attrs.XMPPVersion != "" || attrs.XMPPRestart {
		// with the prefix that everybody uses: for ejabberd it is a part of the names
		b = append(b, " xmlns:xmpp='"+httpbind.NSXMPP+"'"...)
		if attrs.XMPPVersion != "" {
			if b, err = wire.AppendAttr(b, " xmpp:version='", attrs.XMPPVersion); err != nil {
				return b, err
			}
		}
		if attrs.XMPPRestart {
			b = append(b, " xmpp:restart='true'"...)
		}
		if attrs.XMPPRestartLogic {
			b = append(b, " xmpp:restartlogic='true'"...)
		}
	}
	if len(payload) == 0 {
		return append(b, "/>"...), nil
	}
	return append(append(append(b, '>'), payload...), "</body>"...), nil
}

// number reads an attribute that is a number. One that is none, or too large, counts as
// missing: what it would say has a default.
func number(r wire.Raw, name string, most uint64) (uint64, bool) {
	text, _ := r.Attr(name)
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil && n <= most
}

// seconds reads an attribute that is a number of seconds. No time is longer than a day.
func seconds(r wire.Raw, name string) (time.Duration, bool) {
	n, ok := number(r, name, 1<<32)
	return min(time.Duration(n)*time.Second, 24*time.Hour), ok
}

// parser reads a <body/> as if it were a stream: what it carries comes out element by element,
// each with the limits of one, however long the whole is. As XEP-0206, section 2, has it, the
// namespace of bodies stands for jabber:client.
type parser struct {
	f     *wire.Framer
	src   io.Reader
	begun bool
	ended bool // the end tag was read
}

func newParser(src io.Reader, l wire.Limits) *parser {
	return &parser{f: wire.NewFramer(l), src: src}
}

// errCut is returned for a <body/> whose end is missing.
var errCut = errors.New("a <body/> without an end")

// root reads the start tag.
func (p *parser) root() (wire.Raw, error) {
	r, err := p.next()
	if err == io.EOF {
		err = errCut
	}
	return r, err
}

// next returns the start tag, then each element, then io.EOF.
func (p *parser) next() (wire.Raw, error) {
	for {
		k, err := p.f.Next()
		if err != nil {
			return wire.Raw{}, err
		}
		switch k {
		case wire.Header:
			d := p.f.Take()
			r := d.Root()
			if !r.Is(httpbind.NS, "body") {
				return wire.Raw{}, &stream.Error{Condition: stream.InvalidNamespace, Text: "a " + clip(r.Local()) + " in place of a <body/> of BOSH", Sent: true}
			}
			p.begun = true
			text := d.Text()
			p.ended = text[len(text)-2] == '/'
			return r, nil
		case wire.Element:
			d := p.f.Take()
			return d.Root(), nil
		case wire.Footer:
			p.ended = true
			continue
		}
		n, err := p.src.Read(p.f.Space())
		p.f.Commit(n)
		switch {
		case n > 0:
		case err == io.EOF && p.ended:
			return wire.Raw{}, io.EOF
		case err == io.EOF:
			return wire.Raw{}, errCut
		case err == nil:
			return wire.Raw{}, io.ErrNoProgress
		default:
			return wire.Raw{}, err
		}
	}
}

// isEmpty reports, behind the start tag, that nothing is in it, as far as that was read.
func (p *parser) isEmpty() bool {
	return p.ended || bytes.HasPrefix(bytes.TrimSpace(p.f.Buffered()), []byte("</"))
}

// clip shortens what somebody else has called something.
func clip(s string) string { return s[:min(len(s), 40)] }
