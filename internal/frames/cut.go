package frames

import (
	"bytes"

	"stanza.invalid/stream/wire"
)

// A Cutter cuts the output of a stream into its pieces. It belongs to one goroutine.
type Cutter struct {
	f   *wire.Framer
	fed int64 // input of f
	out []byte
}

// Piece is one piece of a stream's output.
type Piece struct {
	// Kind says what it is.
	Kind wire.Kind
	// Root is the element, or the stream header.
	Root wire.Raw
	// Text is the element with everything declared that it needs, valid until the next piece.
	Text []byte
	// End is where it ends in the bytes at hand; what came before may be a part of it.
	End int
}

// own bounds what this side writes itself, and what the stream has bounded already.
var own = wire.Limits{Bytes: 64 << 20, Depth: 1 << 16, Attrs: 1000, Name: 4000, Elements: 1 << 24}

var declaration = []byte("<?xml")

// Cut takes the bytes of one write and calls take for each piece that they complete. A
// write that begins with an XML declaration begins a stream. Nothing is a piece between
// two others: white space is dropped.
func (c *Cutter) Cut(b []byte, take func(p Piece) error) error {
	if c.f == nil || bytes.HasPrefix(b, declaration) {
		c.f, c.fed = wire.NewFramer(own), 0
	}
	start := c.fed
	c.f.Feed(b)
	c.fed += int64(len(b))
	for {
		k, err := c.f.Next()
		if err != nil {
			return err
		}
		p := Piece{Kind: k, End: int(c.f.Consumed() - start)}
		switch k {
		case wire.More:
			return nil
		case wire.Header:
			d := c.f.Take()
			p.Root = d.Root()
		case wire.Element:
			d := c.f.Take()
			p.Root = d.Root()
			c.out = wire.AppendRaw(c.out[:0], p.Root, "")
			p.Text = c.out
		}
		if err := take(p); err != nil {
			return err
		}
		if k == wire.Footer {
			c.f = nil
			return nil
		}
		if cap(c.out) > 64<<10 {
			c.out = nil
		}
	}
}
