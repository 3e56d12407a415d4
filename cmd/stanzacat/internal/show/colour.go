package show

import "strings"

// colours are the escape sequences for the parts of the output, all empty if there is to be no colour.
type colours struct {
	tag, attr, value, comment, typ, unknown, invalid, in, out, off string
}

func palette(on bool) colours {
	if !on {
		return colours{}
	}
	return colours{
		tag: "\x1b[34m", attr: "\x1b[36m", value: "\x1b[32m", comment: "\x1b[2m", typ: "\x1b[2;35m",
		unknown: "\x1b[1;33m", invalid: "\x1b[1;31m", in: "\x1b[1;32m", out: "\x1b[1;36m", off: "\x1b[0m",
	}
}

// paint returns s in a colour. White space at its ends needs none.
func (c colours) paint(colour, s string) string {
	if colour == "" || strings.TrimSpace(s) == "" {
		return s
	}
	return colour + s + c.off
}
