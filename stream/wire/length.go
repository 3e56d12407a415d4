package wire

// Len returns the length in bytes of the piece that Next found last.
func (f *Framer) Len() int { return f.end - f.base }
