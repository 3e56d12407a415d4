package wire

import "io"

// Reader reads a stream, or elements that follow each other, from an [io.Reader]
// through a [Framer]. It belongs to one goroutine.
type Reader struct {
	*Framer
	r   io.Reader
	end error // what r said at its end
}

// NewReader returns a Reader for a stream, whose first element is its header.
func NewReader(r io.Reader, l Limits) *Reader { return &Reader{Framer: NewFramer(l), r: r} }

// NewBareReader returns a Reader for top-level elements without a stream around
// them, as in a log. Each inherits from ctx, which may be nil.
func NewBareReader(r io.Reader, l Limits, ctx *Context) *Reader {
	return &Reader{Framer: NewBareFramer(l, ctx), r: r}
}

// Next reads until a piece is complete and returns its kind, which is never
// [More]; take it before the next call. At the end of the input the error is
// [io.EOF] between two elements and [ErrTruncated] inside of one. Whatever else
// the input returns, and a [*SyntaxError], are passed on. All errors are final.
func (r *Reader) Next() (Kind, error) {
	for {
		k, err := r.Framer.Next()
		switch {
		case err != nil || k != More:
			return k, err
		case r.end == io.EOF && r.Pending():
			return More, ErrTruncated
		case r.end != nil:
			return More, r.end
		}
		// a reader may return nothing now and then, but not forever
		n := 0
		for range 100 {
			if n, r.end = r.r.Read(r.Space()); n > 0 || r.end != nil {
				break
			}
		}
		r.Commit(n)
		if n == 0 && r.end == nil {
			r.end = io.ErrNoProgress
		}
	}
}
