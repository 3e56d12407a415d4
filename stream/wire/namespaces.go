package wire

import "strings"

// declare records the namespace declaration whose value ends at p.
func (f *Framer) declare(buf []byte, p int) bool {
	var (
		s      = f.scratch
		top    = &s.stack[len(s.stack)-1]
		prefix []byte
		value  = buf[f.tok:p]
		n      = uint32(len(value))
	)
	if f.attr.pre > 0 {
		prefix = buf[f.attr.local() : f.attr.local()+f.attr.loc]
	}
	uri := string(value)
	if f.flags&flagEscaped != 0 {
		uri = unescape(uri, true)
		n |= textEscaped
	}
	reason := ""
	switch {
	case string(prefix) == "xmlns":
		reason = "a declaration of the prefix xmlns"
	case (string(prefix) == "xml") != (uri == NSXML):
		reason = "a reserved prefix or namespace bound to another"
	case uri == NSXMLNS:
		reason = "a prefix bound to the namespace of xmlns"
	case uri == "" && len(prefix) > 0:
		reason = "a prefix bound to no namespace"
	case strings.ContainsAny(uri, " \t\r\n"):
		// no URI has any, and parsers that join names with a space fall for it
		reason = "white space in a namespace name"
	}
	if reason != "" {
		f.failAt(NotWellFormed, reason, f.tok)
		return false
	}
	for i := int(top.firstDecl); i < len(s.decls); i += declWords {
		if string(buf[s.decls[i+2]:s.decls[i+2]+s.decls[i+3]]) == string(prefix) {
			f.failAt(NotWellFormed, "the same attribute twice", f.attr.off)
			return false
		}
	}
	id := uint32(nsCtx + f.ctx.size() + len(s.decls)/declWords)
	if id > maxDecls {
		f.failAt(PolicyViolation, "more namespace declarations than the limit", f.attr.off)
		return false
	}
	off := uint32(0)
	if len(prefix) > 0 {
		off = uint32(f.attr.local())
	}
	s.decls = append(s.decls, uint32(f.tok), n, off, uint32(len(prefix)))
	depth := uint32(len(s.stack))
	switch {
	case string(prefix) == "xml":
	case len(prefix) > 0:
		s.binds = append(s.binds, bind{off: off, n: uint32(len(prefix)), id: id, depth: depth})
	case uri == "":
		top.def, top.defDepth = nsNone, depth
	default:
		top.def, top.defDepth = id, depth
	}
	return true
}

// resolve returns the namespace id for a prefix and the depth of its
// declaration, or false if it is not declared.
func (f *Framer) resolve(buf []byte, off, n int) (id, depth uint32, ok bool) {
	prefix := buf[off : off+n]
	if string(prefix) == "xml" {
		return nsXML, uint32(len(f.stack)), true
	}
	for i := len(f.binds) - 1; i >= 0; i-- {
		if b := &f.binds[i]; string(buf[b.off:b.off+b.n]) == string(prefix) {
			return b.id, b.depth, true
		}
	}
	if id = f.ctx.lookup(string(prefix)); id != nsNone {
		return id, 0, true
	}
	return 0, 0, false
}

// finishTag resolves the names of a start tag that ends at p and looks for
// duplicate attributes.
func (f *Framer) finishTag(buf []byte, tape []uint32, p int) bool {
	top := &f.stack[len(f.stack)-1]
	el := tape[top.el : top.el+elemWords]
	id, depth := top.def, top.defDepth
	if pre := int(el[4] >> prefixShift); pre > 0 {
		var ok bool
		if id, depth, ok = f.resolve(buf, int(top.name), pre); !ok {
			f.failAt(NotWellFormed, "a prefix that is not declared", int(top.name))
			return false
		}
	}
	el[1] |= id << nsShift
	top.low = min(depth, uint32(len(f.stack)))
	n := int(el[4] & attrCount)
	if n == 0 {
		return true
	}
	attrs := tape[top.el+elemWords:]
	if top.prefixed && !f.resolveAttrs(buf, attrs, n) {
		return false
	}
	// A bit for each attribute's length and first byte: equal names share one.
	var seen uint64
	for i := 0; i < n*attrWords; i += attrWords {
		bit := uint64(1) << ((attrs[i+1]&lenMask<<3 ^ uint32(buf[attrs[i]])) & 63)
		if seen&bit != 0 && f.duplicate(buf, attrs, i) {
			f.failAt(NotWellFormed, "the same attribute twice", int(attrs[i]))
			return false
		}
		seen |= bit
	}
	return true
}

// duplicate reports whether the attribute at i has the name of an earlier one.
func (f *Framer) duplicate(buf []byte, attrs []uint32, i int) bool {
	off, k := attrs[i], attrs[i+1]&lenMask
	for j := 0; j < i; j += attrWords {
		if attrs[j+1]&lenMask == k && string(buf[attrs[j]:attrs[j]+k]) == string(buf[off:off+k]) &&
			f.sameSpace(buf, attrs[j+1]>>nsShift, attrs[i+1]>>nsShift) {
			return true
		}
	}
	return false
}

// resolveAttrs resolves the prefixes of a tag's attributes.
func (f *Framer) resolveAttrs(buf []byte, attrs []uint32, n int) bool {
	top := &f.stack[len(f.stack)-1]
	for i := 0; i < n*attrWords; i += attrWords {
		local := int(attrs[i])
		if buf[local-1] != ':' {
			continue
		}
		start := local - 1
		for class[buf[start-1]]&clsSpace == 0 {
			start--
		}
		id, depth, ok := f.resolve(buf, start, local-1-start)
		if !ok {
			f.failAt(NotWellFormed, "a prefix that is not declared", start)
			return false
		}
		attrs[i+1] |= id << nsShift
		top.low = min(top.low, depth)
	}
	return true
}

// sameSpace reports whether two ids stand for the same namespace.
func (f *Framer) sameSpace(buf []byte, a, b uint32) bool {
	return a == b || a > nsXML && b > nsXML && f.spaceOf(buf, a) == f.spaceOf(buf, b)
}

func (f *Framer) spaceOf(buf []byte, id uint32) string {
	id -= nsCtx
	if n := uint32(f.ctx.size()); id < n {
		return f.ctx.spaces[id]
	} else {
		id -= n
	}
	off, n := f.decls[id*declWords], f.decls[id*declWords+1]
	uri := string(buf[off : off+n&textLen])
	if n&textEscaped != 0 {
		uri = unescape(uri, true)
	}
	if f.ctx != nil && uri == f.ctx.content {
		uri = NSClient
	}
	return uri
}
