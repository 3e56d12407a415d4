package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"stanza.invalid/cmd/stanzacat/internal/paste"
	"stanza.invalid/cmd/stanzacat/internal/show"
	"stanza.invalid/internal/typed"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
)

// system is what the program sees of the world.
type system struct {
	in                      io.Reader
	out, err                io.Writer
	env                     func(string) string
	inTerminal, outTerminal bool

	// for tests; nil means what the real world has
	configure func(cfg *xmpp.Config)
	echo      func(on bool) error
	clock     func() time.Time
}

func (s *system) now() time.Time {
	if s.clock != nil {
		return s.clock()
	}
	return time.Now()
}

// Exit codes.
const (
	exitOK     = 0
	exitFound  = 1 // with -strict: something is unknown or invalid
	exitFailed = 2 // the work could not be done
)

const usage = `Stanzacat reads XMPP stanzas and prints what the types of this module make of them.

    stanzacat [flags] [FILE...]            reads files, or standard input (also for -)
    stanzacat [flags] -connect USER@HOST   logs in, shows both sides of the session, and sends what is typed

Input is any number of stanzas, other elements of streams, stream headers, or payloads alone; with or without times,
directions and other text in front of them, as clients and servers log them. What is not well-formed is reported, and
reading goes on behind it.

Flags:
  -o FORMAT   text:  XML over several lines; types, and what is unknown or invalid, stand in comments (the default)
              go:    the typed value, as the Go that makes it
              json:  the typed value, as an object
              jsonl: an object a line: n, name, payloads, unknown, invalid, xml; or n, error
  -strict     exit with 1 if anything is not well-formed, unknown or invalid
  -ns URI     the content namespace: that of stanzas which declare none (default jabber:client; jabber:server and
              jabber:component:accept are the others). A stream header in the input says it, too.
  -connect    the account to log in to. The password is taken from $STANZACAT_PASSWORD or asked for. What is shown has
              passwords and tokens masked. The session is there with priority -1 and gets carbons, so that it sees what
              other clients do and takes nothing from them. What is typed is sent if it is well-formed; the end of the
              input ends the session, once requests that came from a pipe or file have their answers.
  -addr HOST:PORT  with -connect: the server's address, if it is not to be looked up
  -h          this text

In the Go that -o go writes, raw(...) stands for an element of open content (a stanza.Raw), and with(s, ...) for a stanza with
payloads inside of another element. Colours are for terminals; $NO_COLOR turns them off.

Exit codes: 0, all is well; 1, -strict found something; 2, bad flags, unreadable files, a session that failed.

    stanzacat -strict captured.xml
    journalctl -u prosody | stanzacat -o jsonl | jq 'select(.unknown != [])'
`

// options is the command line.
type options struct {
	format  string
	strict  bool
	content string
	connect string
	addr    string
	files   []string
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("stanzacat", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.format, "o", "text", "")
	f.BoolVar(&o.strict, "strict", false, "")
	f.StringVar(&o.content, "ns", wire.NSClient, "")
	f.StringVar(&o.connect, "connect", "", "")
	f.StringVar(&o.addr, "addr", "", "")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.files = f.Args()
	switch {
	case show.Formats(false)[o.format] == nil:
		return o, fmt.Errorf("-o %s: the formats are text, go, json and jsonl", o.format)
	case o.content == "":
		return o, errors.New("-ns: a namespace is not empty")
	case o.connect != "" && len(o.files) > 0:
		return o, errors.New("-connect reads no files")
	case o.connect == "" && o.addr != "":
		return o, errors.New("-addr is for -connect")
	}
	return o, nil
}

// run does the work and returns the exit code.
func run(ctx context.Context, args []string, sys *system) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(sys.out, usage)
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(sys.err, "stanzacat: %v (-h helps)\n", err)
		return exitFailed
	}
	c := newCat(o, sys)
	if o.connect != "" {
		err = c.session(ctx)
	} else {
		err = c.files(o.files)
	}
	if flushed := c.out.Flush(); err == nil {
		err = flushed
	}
	if err != nil {
		fmt.Fprintf(sys.err, "stanzacat: %v\n", err)
		return exitFailed
	}
	if o.strict && c.dirty > 0 {
		fmt.Fprintf(sys.err, "stanzacat: %d of %d: %s\n", c.dirty, c.n, "not well-formed, unknown or invalid")
		return exitFound
	}
	return exitOK
}

// cat reads, types and prints.
type cat struct {
	options
	*system
	out    *bufio.Writer
	write  show.Format
	table  *typed.Table
	ctx    *wire.Context // that of the stream
	n      int           // records so far
	dirty  int           // those with something to complain about
	origin string        // name of the file, if there are several
}

func newCat(o options, sys *system) *cat {
	colour := sys.outTerminal && sys.env("NO_COLOR") == ""
	return &cat{
		options: o, system: sys, out: bufio.NewWriterSize(sys.out, 64<<10),
		write: show.Formats(colour)[o.format], table: typed.NewTable(), ctx: context0(o.content),
	}
}

// context0 is what elements inherit as long as no stream header has said otherwise.
func context0(content string) *wire.Context {
	attr, err := wire.AppendAttr(nil, " xmlns='", content)
	if err != nil {
		return wire.NewContext(wire.NSClient, "")
	}
	ctx, _, err := header("<stream:stream" + string(attr) + " xmlns:stream='" + wire.NSStream + "' xmlns:db='jabber:server:dialback'>")
	if err != nil {
		return wire.NewContext(content, "")
	}
	return ctx
}

// header reads the start tag of a stream.
func header(text string) (*wire.Context, wire.Raw, error) {
	f := wire.NewFramer(wire.Limits{})
	f.FeedString(text)
	kind, err := f.Next()
	if err == nil && kind != wire.Header {
		err = wire.ErrTruncated
	}
	if err != nil {
		return nil, wire.Raw{}, err
	}
	doc := f.Take()
	return f.Context(), doc.Root(), nil
}

// files reads files one after the other; none are standard input.
func (c *cat) files(names []string) error {
	if len(names) == 0 {
		names = []string{"-"}
	}
	for _, name := range names {
		if len(names) > 1 {
			c.origin = name
		}
		if name == "-" {
			if c.inTerminal {
				fmt.Fprintln(c.system.err, "stanzacat: paste stanzas here; the end of the input (Ctrl-D) ends it")
			}
			if err := c.read(c.in); err != nil {
				return err
			}
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		err = c.read(f)
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// read prints what is in one input.
func (c *cat) read(in io.Reader) error {
	c.ctx = context0(c.content)
	r := paste.NewReader(in, paste.DefaultLimit)
	before := c.n
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			if c.n == before && r.Text() {
				return c.print(&show.Record{Err: errors.New("there is no XML element in the input")})
			}
			return nil
		}
		if err != nil {
			return err
		}
		rec := c.record(p)
		if rec.Err != nil && p.Err == nil {
			r.Reject()
		}
		if err := c.print(rec); err != nil {
			return err
		}
		if !r.Buffered() { // whoever reads the output should not wait for more input
			if err := c.out.Flush(); err != nil {
				return err
			}
		}
	}
}

// print prints one record and counts it.
func (c *cat) print(rec *show.Record) error {
	if rec.Kind != paste.Footer {
		c.n++
	}
	rec.N = c.n
	if !rec.Clean() {
		c.dirty++
	}
	return c.write(c.out, rec)
}

// record reads what is in a piece.
func (c *cat) record(p paste.Piece) *show.Record {
	rec := &show.Record{Kind: p.Kind, Line: p.Line, File: c.origin, Direction: p.Direction, Time: p.Time, Err: p.Err}
	var r wire.Raw
	switch {
	case p.Err != nil:
		return rec
	case p.Kind == paste.Footer:
		return rec
	case p.Kind == paste.Header:
		var ctx *wire.Context
		if ctx, r, rec.Err = c.header(p.Text); rec.Err == nil {
			c.ctx = ctx
		}
	default:
		r, rec.Err = wire.ParseIn(p.Text, contentOf(p.Text, c.ctx))
	}
	if rec.Err != nil {
		rec.Err = placed(rec.Err, p)
		rec.Text = beginning(p.Text)
		return rec
	}
	rec.Element = c.table.Read(r)
	return rec
}

// header reads a stream header. One that was logged without the declarations is understood all the same.
func (c *cat) header(text string) (*wire.Context, wire.Raw, error) {
	text = strings.TrimSuffix(strings.TrimSuffix(text, ">"), "/") + ">"
	ctx, r, err := header(text)
	if err != nil && strings.HasPrefix(text, "<stream:stream") && !strings.Contains(text, wire.NSStream) {
		more := " xmlns:stream='" + wire.NSStream + "'"
		if !strings.Contains(text, "xmlns=") {
			more += " xmlns='" + c.content + "'"
		}
		return header("<stream:stream" + more + text[len("<stream:stream"):])
	}
	return ctx, r, err
}

// contentOf returns the context of an element: one that declares the content namespace of another kind of stream
// comes from such a stream.
func contentOf(text string, ctx *wire.Context) *wire.Context {
	tag, _, _ := strings.Cut(text, ">")
	for _, ns := range []string{wire.NSServer, wire.NSComponent} {
		if ctx.Content() != ns && (strings.Contains(tag, "xmlns='"+ns+"'") || strings.Contains(tag, `xmlns="`+ns+`"`)) {
			return context0(ns)
		}
	}
	return ctx
}

// placed says where in the input a syntax error is.
func placed(err error, p paste.Piece) error {
	s, ok := errors.AsType[*wire.SyntaxError](err)
	if !ok {
		return err
	}
	before := p.Text[:min(int(s.Offset), len(p.Text))]
	line := p.Line + strings.Count(before, "\n")
	if line == p.Line {
		return fmt.Errorf("%s: %s, after %q", s.Condition, s.Reason, tail(before))
	}
	return fmt.Errorf("%s: %s, in line %d after %q", s.Condition, s.Reason, line, tail(before))
}

// tail returns the end of a text, to find the place by.
func tail(s string) string {
	s = s[strings.LastIndexByte(s, '\n')+1:]
	if len(s) > 40 {
		s = "..." + strings.ToValidUTF8(s[len(s)-40:], "")
	}
	return s
}

// beginning returns as much of a text as is good for showing.
func beginning(s string) string {
	s, _, more := strings.Cut(s, "\n")
	if len(s) > 200 {
		s, more = strings.ToValidUTF8(s[:200], ""), true
	}
	if more {
		s += " ..."
	}
	return wire.CleanText(s)
}
