package wire

// What generated code needs for children that say what they mean by their name alone: flags, and error
// conditions and the like, whose local name is the value.

// KeepBare keeps the child at the cursor whole if it has attributes, text or children although its name is all
// that its field can hold.
func (c *Cursor) KeepBare(x **Extra, slot Slot) {
	if c.d.word(c.i+2) != elemWords<<nextShift {
		c.KeepLeaf(x, slot, "")
	}
}

// AppendName appends the empty element of this name where ns is the default namespace in force. A name that XML
// does not allow is an [*EncodeError].
func AppendName(b []byte, name Name, ns string) ([]byte, error) {
	b, err := AppendOpen(b, name, ns)
	return append(b, "/>"...), err
}

// RespellName replaces the empty element in b[mark:], which has this name, by the one that was received if that
// has the same name. ns is the namespace in force.
func (x *Extra) RespellName(b []byte, mark int, slot Slot, name Name, ns string) []byte {
	if x == nil || len(x.spellings) == 0 {
		return b
	}
	if s := x.find(slot); s != nil && s.el.Is(name.Space, name.Local) {
		return AppendRaw(b[:mark], s.el, ns)
	}
	return b
}
