package paste

import "io"

// cleaner takes out what terminals understand and XML does not: escape sequences of colours, a byte-order mark at the beginning.
type cleaner struct {
	src   io.Reader
	start bool
	state uint8
	mark  int
}

const (
	plain uint8 = iota
	escape
	sequence
)

// Read reads cleaned input.
func (c *cleaner) Read(b []byte) (int, error) {
	for {
		n, err := c.src.Read(b)
		kept := b[:0]
		for _, x := range b[:n] {
			if c.start {
				if x == "\xEF\xBB\xBF"[c.mark] {
					if c.mark++; c.mark == 3 {
						c.start = false
					}
					continue
				}
				c.start = false
			}
			switch {
			case c.state == plain && x == 0x1B:
				c.state = escape
			case c.state == plain:
				kept = append(kept, x)
			case c.state == escape && x == '[':
				c.state = sequence
			case c.state == escape:
				c.state = plain
			case x >= 0x40 && x <= 0x7E: // the end of a sequence
				c.state = plain
			}
		}
		if len(kept) > 0 || err != nil || n == 0 {
			return len(kept), err
		}
	}
}
