package show

import (
	"bytes"
	"fmt"
	"go/format"
	"go/scanner"
	"go/token"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"stanza.invalid/cmd/stanzacat/internal/paste"
	"stanza.invalid/internal/typed"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// goCode writes a record as the Go that makes its value.
func (c colours) goCode(w io.Writer, r *Record) error {
	if r.Kind == paste.Footer {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "// #%d%s", r.N, when(r))
	if r.Err != nil {
		if r.File != "" {
			fmt.Fprintf(&b, " in %s", r.File)
		}
		if r.Line > 0 {
			fmt.Fprintf(&b, ", line %d", r.Line)
		}
		fmt.Fprintf(&b, ": %s\n\n", oneLine(r.Err.Error()))
		_, err := io.WriteString(w, c.paint(c.invalid, b.String()))
		return err
	}
	b.WriteByte('\n')
	e := r.Element
	for _, p := range e.Payloads {
		if p.Type == nil {
			fmt.Fprintf(&b, "// no schema: %s\n", p.Raw.Name())
		}
	}
	for _, u := range e.Unknown {
		fmt.Fprintf(&b, "// unknown: %s\n", oneLine(u.Path))
	}
	for _, u := range e.Stray {
		fmt.Fprintf(&b, "// unexpected text: %s\n", oneLine(u.Path))
	}
	for _, i := range e.Invalid {
		fmt.Fprintf(&b, "// invalid: %s\n", oneLine(i.Err.Error()))
	}
	b.Write(Go(e, r.N))
	b.WriteString("\n\n")
	_, err := io.WriteString(w, c.goTokens(b.String()))
	return err
}

func oneLine(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "\r", " "), "\n", " ") }

// Go returns the value of an element as Go statements that declare a variable, whose name ends in n. What is kept raw
// stands in a call of a function raw, which makes a stanza.Raw of a text or a payload; a stanza inside of another element in one of a
// function with, which adds payloads to it.
func Go(e *typed.Element, n int) []byte {
	g := &gopher{el: e}
	v := shown(e, e.Value)
	name := fmt.Sprintf("element%d", n)
	switch v.(type) {
	case *stanza.Message:
		name = fmt.Sprintf("message%d", n)
	case *stanza.Presence:
		name = fmt.Sprintf("presence%d", n)
	case *stanza.IQ:
		name = fmt.Sprintf("iq%d", n)
	}
	g.printf("%s := ", name)
	var payloads []stanza.Payload
	if r, ok := v.(wire.Raw); ok {
		g.raw(r)
	} else {
		payloads = payloadsOf(v)
		g.pointer(reflect.ValueOf(v))
	}
	if len(payloads) > 0 {
		g.printf("\n%s.Add(\n", name)
		for _, p := range payloads {
			g.payload(p)
			g.printf(",\n")
		}
		g.printf(")")
	}
	if out, err := format.Source(g.b.Bytes()); err == nil {
		return out
	}
	return g.b.Bytes()
}

// gopher writes Go.
type gopher struct {
	b  bytes.Buffer
	el *typed.Element
}

func (g *gopher) printf(format string, args ...any) { fmt.Fprintf(&g.b, format, args...) }

// payload writes an element that stands for itself.
func (g *gopher) payload(v any) {
	v = shown(g.el, v)
	if r, ok := v.(wire.Raw); ok {
		g.raw(r)
		return
	}
	g.pointer(reflect.ValueOf(v))
}

// pointer writes a pointer to a struct, as its address.
func (g *gopher) pointer(v reflect.Value) {
	g.printf("&")
	g.literal(v, false)
}

// with writes a stanza that is part of something, or a stanza error; address is whether a pointer is wanted.
func (g *gopher) with(v reflect.Value, address bool) {
	payloads := payloadsOf(v.Interface())
	if len(payloads) == 0 {
		if address {
			g.pointer(v)
		} else {
			g.literal(v, false)
		}
		return
	}
	if !address {
		g.printf("*")
	}
	g.printf("with(")
	g.pointer(v)
	for _, p := range payloads {
		g.printf(", ")
		g.payload(p)
	}
	g.printf(")")
}

// literal writes the struct that v points to. short leaves its type out.
func (g *gopher) literal(v reflect.Value, short bool) {
	if !short {
		g.printf("%s", v.Elem().Type())
	}
	list := fields(v.Elem(), func(reflect.Value) bool { return false })
	if v.Elem().NumField() > 0 && v.Elem().Type().Field(0).Anonymous { // one of several types
		g.printf("{%s: ", v.Elem().Type().Field(0).Name)
		g.value(v.Elem().Field(0), false)
		g.printf("}")
		return
	}
	if len(list) == 0 {
		g.printf("{}")
		return
	}
	sep := ""
	if len(list) > 1 || large(list[0].value) {
		sep = "\n"
	}
	g.printf("{%s", sep)
	for i, f := range list {
		g.printf("%s: ", f.name)
		g.value(f.value, false)
		if sep != "" || i < len(list)-1 {
			g.printf(",%s", sep)
		}
	}
	g.printf("}")
}

// large reports whether a value is written over several lines.
func large(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice:
		return v.Len() > 0 && v.Index(0).Kind() != reflect.Uint8
	case reflect.Interface, reflect.Pointer:
		return large(v.Elem())
	case reflect.Struct:
		return len(fields(v, func(reflect.Value) bool { return true })) > 1
	}
	return false
}

func (g *gopher) raw(r wire.Raw) {
	text := r.String()
	if strconv.CanBackquote(text) {
		g.printf("raw(`%s`)", text)
	} else {
		g.printf("raw(%q)", text)
	}
}

// value writes a value of a field. short leaves the type of a struct out.
func (g *gopher) value(v reflect.Value, short bool) {
	switch x := v.Interface().(type) {
	case jid.JID:
		g.printf("jid.MustParse(%q)", x.String())
		return
	case stanza.DateTime:
		g.printf("stanza.At(%s)", goTime(x.Time))
		return
	case stanza.Date:
		g.printf("stanza.Date{Time: %s}", goTime(x.Time))
		return
	case stanza.TimeOfDay:
		g.printf("stanza.TimeOfDay{Time: %s, IsSet: %v, Zoned: %v}", goTime(x.Time), x.IsSet, x.Zoned)
		return
	case stanza.Bytes:
		g.printf("stanza.Bytes(%s)", quote(string(x)))
		return
	case stanza.Hex:
		g.printf("stanza.Hex(%s)", quote(string(x)))
		return
	case stanza.Text:
		if len(x) == 1 && x[0].Lang == "" {
			g.printf("stanza.Plain(%s)", quote(x[0].Value))
			return
		}
	case wire.Raw:
		if p := shown(g.el, x); p != any(x) {
			g.printf("raw(")
			g.payload(p)
			g.printf(")")
			return
		}
		g.raw(x)
		return
	case *stanza.Error:
		g.with(v, true)
		return
	case stanza.Stanza:
		g.with(v, true)
		return
	case wire.Name:
		g.printf("wire.Name{Space: %q, Local: %q}", x.Space, x.Local)
		return
	}
	switch v.Kind() {
	case reflect.String:
		g.printf("%s", quote(v.String()))
	case reflect.Pointer:
		if v.Elem().Kind() == reflect.Struct && v.Elem().NumField() > 0 && !isValue(v.Elem()) {
			g.pointer(v)
			return
		}
		g.printf("new(")
		if t := v.Elem().Type(); t.Kind() != reflect.Struct && t != reflect.TypeFor[bool]() && t != reflect.TypeFor[string]() && t.Kind() != reflect.Slice {
			g.printf("%s(", t)
			g.value(v.Elem(), false)
			g.printf(")")
		} else {
			g.value(v.Elem(), false)
		}
		g.printf(")")
	case reflect.Interface:
		g.value(v.Elem(), false)
	case reflect.Struct:
		if !v.CanAddr() {
			p := reflect.New(v.Type())
			p.Elem().Set(v)
			v = p.Elem()
		}
		if _, ok := v.Addr().Interface().(stanza.Stanza); ok {
			g.with(v.Addr(), false)
			return
		}
		g.literal(v.Addr(), short)
	case reflect.Slice:
		g.printf("%s{", strings.ReplaceAll(v.Type().String(), "wire.Raw", "stanza.Raw"))
		sep := ""
		if v.Len() > 1 || v.Len() == 1 && v.Index(0).Kind() == reflect.Struct {
			sep = "\n"
		}
		g.printf("%s", sep)
		for i := range v.Len() {
			g.value(v.Index(i), true)
			g.printf(",%s", sep)
		}
		g.printf("}")
	default:
		g.printf("%v", v.Interface())
	}
}

// isValue reports whether a struct is written by a function of its own.
func isValue(v reflect.Value) bool {
	switch v.Interface().(type) {
	case jid.JID, stanza.DateTime, stanza.Date, stanza.TimeOfDay, wire.Raw:
		return true
	}
	return false
}

func quote(s string) string {
	if strings.ContainsAny(s, "\"\n") && strconv.CanBackquote(strings.ReplaceAll(s, "\n", "")) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

func goTime(t time.Time) string {
	zone := "time.UTC"
	if name, offset := t.Zone(); offset != 0 || name != "UTC" {
		zone = fmt.Sprintf("time.FixedZone(%q, %d)", "", offset)
	}
	return fmt.Sprintf("time.Date(%d, %d, %d, %d, %d, %d, %d, %s)", t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
}

// goTokens colours Go.
func (c colours) goTokens(src string) string {
	if c.off == "" {
		return src
	}
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(src))
	var s scanner.Scanner
	s.Init(file, []byte(src), nil, scanner.ScanComments)
	var b strings.Builder
	last := 0
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		at := file.Offset(pos)
		if tok == token.SEMICOLON && lit == "\n" {
			continue
		}
		if at < last {
			continue
		}
		b.WriteString(src[last:at])
		text := lit
		if text == "" {
			text = tok.String()
		}
		if at+len(text) > len(src) || src[at:at+len(text)] != text {
			continue // a literal is not as it was in the source
		}
		last = at + len(text)
		switch {
		case tok == token.COMMENT && strings.HasPrefix(text, "// invalid"):
			text = c.paint(c.invalid, text)
		case tok == token.COMMENT && (strings.HasPrefix(text, "// un") || strings.HasPrefix(text, "// no schema")):
			text = c.paint(c.unknown, text)
		case tok == token.COMMENT:
			text = c.paint(c.comment, text)
		case tok == token.STRING || tok == token.INT || tok == token.FLOAT:
			text = c.paint(c.value, text)
		case tok == token.IDENT && strings.HasPrefix(src[last:], ":"):
			text = c.paint(c.attr, text)
		case tok == token.IDENT && last < len(src) && src[last] == '{':
			text = c.paint(c.tag, text)
		}
		b.WriteString(text)
	}
	b.WriteString(src[last:])
	return b.String()
}
