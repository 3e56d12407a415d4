package wire

import "strings"

// maxPrefixes bounds the prefixes in scope: they are looked up one after the other.
// What people write has less than ten.
const maxPrefixes = 256

const spaceInNamespace = "white space in a namespace name"

// declare records the namespace declaration whose name is f.name and whose value
// stands between tok and p, in an element at this depth.
func (f *Framer) declare(depth uint32, tok, p int, escaped bool) bool {
	if f.name.pre == 0 && !escaped && f.declareDefault(depth, tok, p) {
		return true
	}
	var (
		s      = f.scratch
		buf    = f.buf[f.base:]
		prefix = ""
		off    = 0
		n      = uint32(p - tok)
		uri    = text(buf[tok:p])
	)
	if f.name.pre > 0 {
		off = f.name.local()
		prefix = text(buf[off : off+f.name.loc])
	}
	if escaped {
		uri = unescape(uri, true)
		n |= textEscaped
	}
	reason := ""
	switch {
	case prefix == "xmlns":
		reason = "a declaration of the prefix xmlns"
	case (prefix == "xml") != (uri == NSXML):
		reason = "a reserved prefix or namespace bound to another"
	case uri == NSXMLNS:
		reason = "a prefix bound to the namespace of xmlns"
	case uri == "" && prefix != "":
		reason = "a prefix bound to no namespace"
	case strings.IndexByte(uri, ' ') >= 0 || escaped && strings.ContainsAny(uri, spaces):
		// no URI has any, and parsers that join names with a space fall for it
		reason = spaceInNamespace
	}
	if reason != "" {
		f.failAt(NotWellFormed, reason, tok)
		return false
	}
	for i := f.firstDecl; i < len(s.decls); i += declWords {
		if at := s.names[i]; string(buf[at:at+s.names[i+1]]) == prefix {
			f.failAt(NotWellFormed, "the same attribute twice", f.name.off)
			return false
		}
	}
	id := uint32(nsCtx + f.ctx.size() + len(s.decls)/declWords)
	if id > maxDecls || f.prefixes >= maxPrefixes {
		f.failAt(PolicyViolation, "more namespace declarations than the limit", f.name.off)
		return false
	}
	s.decls = append(s.decls, uint32(tok), n)
	s.names = append(s.names, uint32(off), uint32(len(prefix)))
	if f.ctx != nil && uri == f.ctx.content && uri != NSClient {
		// It reads as jabber:client and means nothing on another stream: elements
		// that use it are written anew, as if they inherited it.
		depth = 0
	}
	switch {
	case prefix == "xml":
	case prefix != "":
		f.prefixes++
		s.binds = append(s.binds, bind{off: uint32(off), n: uint32(len(prefix)), id: id, depth: depth})
	default:
		s.binds = append(s.binds, bind{id: f.def, depth: f.defDepth})
		if f.def, f.defDepth = id, depth; uri == "" {
			f.def = nsNone
		}
	}
	return true
}

// declareDefault is declare for a default namespace as nearly all are. It declares nothing if there
// is anything to look at more closely.
func (f *Framer) declareDefault(depth uint32, tok, p int) bool {
	s, uri := f.scratch, text(f.buf[f.base+tok:f.base+p])
	id := uint32(nsCtx + f.ctx.size() + len(s.decls)/declWords)
	switch {
	case len(uri) == 0 || len(uri) == len(NSXML) || len(uri) == len(NSXMLNS) || strings.IndexByte(uri, ' ') >= 0,
		len(s.decls) != f.firstDecl, id > maxDecls, f.ctx != nil && uri == f.ctx.content:
		return false
	}
	s.decls = append(s.decls, uint32(tok), uint32(len(uri)))
	s.names = append(s.names, 0, 0)
	s.binds = append(s.binds, bind{id: f.def, depth: f.defDepth})
	f.def, f.defDepth = id, depth
	return true
}

// unbind leaves the scope of all but the first n bindings.
func (f *Framer) unbind(n int) {
	for i := len(f.binds) - 1; i >= n; i-- {
		if o := &f.binds[i]; o.n == 0 {
			f.def, f.defDepth = o.id, o.depth
		} else {
			f.prefixes--
		}
	}
	f.binds = f.binds[:n]
}

// resolve returns the namespace id for a prefix and the depth of its
// declaration, or false if it is not declared.
func (f *Framer) resolve(prefix []byte) (id, depth uint32, ok bool) {
	if string(prefix) == "xml" {
		return nsXML, maxDepth, true
	}
	buf := f.buf[f.base:]
	for i := len(f.binds) - 1; i >= 0; i-- {
		if b := &f.binds[i]; int(b.n) == len(prefix) && string(buf[b.off:b.off+b.n]) == string(prefix) {
			return b.id, b.depth, true
		}
	}
	if id = f.ctx.lookup(string(prefix)); id != nsNone {
		return id, 0, true
	}
	return 0, 0, false
}

// resolveTag resolves the prefixes of the start tag of top, at the end of an index
// of n words, and looks for duplicate attributes. For a tag without either the
// scanner does what is left.
func (f *Framer) resolveTag(top *open, n int) bool {
	var (
		buf       = f.buf[f.base:]
		el        = f.tape[top.el : top.el+elemWords]
		attrs     = f.attrNames[:0]
		id, depth = f.def, f.defDepth
	)
	if el[0] > top.name {
		var ok bool
		if id, depth, ok = f.resolve(buf[top.name : el[0]-1]); !ok {
			f.failAt(NotWellFormed, "a prefix that is not declared", int(top.name))
			return false
		}
	}
	el[1] |= id << nsShift
	top.low = depth
	pos := el[0] + el[1]&lenMask
	for i := int(top.el) + elemWords; i < n; {
		w := f.tape[i]
		if w&kindLong == 0 {
			a := attrName{off: pos + w>>gapShift, n: w >> nameShift & maxShortName}
			attrs = append(attrs, a)
			pos = a.off + a.n + uint32(len("=''")) + w&maxShort
			i++
			continue
		}
		a := attrName{off: w & offMask, n: f.tape[i+1] & lenMask, space: f.tape[i+1] >> nsShift}
		pos = valueStart(buf, a.off+a.n) + f.tape[i+2] + 1
		if buf[a.off-1] == ':' {
			start := a.off - 1
			for class[buf[start-1]]&clsSpace == 0 {
				start--
			}
			id, depth, ok := f.resolve(buf[start : a.off-1])
			if !ok {
				f.failAt(NotWellFormed, "a prefix that is not declared", int(start))
				return false
			}
			a.space = id
			f.tape[i+1] |= id << nsShift
			top.low = min(top.low, depth)
		}
		attrs = append(attrs, a)
		i += attrWords
	}
	f.attrNames = attrs
	if i := f.duplicate(buf, attrs); i >= 0 {
		f.failAt(NotWellFormed, "the same attribute twice", int(attrs[i].off))
		return false
	}
	return true
}

// attrName is the name of an attribute: where it stands, and the id of its namespace.
type attrName struct{ off, n, space uint32 }

// valueStart returns where the value of the attribute begins whose name ends at i.
func valueStart[T string | []byte](text T, i uint32) uint32 {
	for text[i] != '\'' && text[i] != '"' {
		i++
	}
	return i + 1
}

// attrHash is a number from the length and the first byte of a local name; its
// lowest six bits count.
func attrHash(n uint32, first byte) uint32 { return n<<3 ^ uint32(first) }

// manyAttrs is where comparing each with each begins to cost more than a map.
const manyAttrs = 24

// duplicate returns the index of the first attribute that has the expanded name
// of an earlier one, or -1.
func (f *Framer) duplicate(buf []byte, attrs []attrName) int {
	local := func(a attrName) string { return text(buf[a.off : a.off+a.n]) }
	if len(attrs) > manyAttrs {
		names := make(map[Name]struct{}, len(attrs))
		for i, a := range attrs {
			n := Name{f.spaceOf(buf, a.space), local(a)}
			if _, ok := names[n]; ok {
				return i
			}
			names[n] = struct{}{}
		}
		return -1
	}
	var seen uint64
	for i, a := range attrs {
		bit := uint64(1) << (attrHash(a.n, buf[a.off]) & 63)
		if seen&bit != 0 {
			for _, b := range attrs[:i] {
				if local(a) == local(b) && f.sameSpace(buf, a.space, b.space) {
					return i
				}
			}
		}
		seen |= bit
	}
	return -1
}

// sameSpace reports whether two ids stand for the same namespace.
func (f *Framer) sameSpace(buf []byte, a, b uint32) bool {
	return a == b || a > nsXML && b > nsXML && f.spaceOf(buf, a) == f.spaceOf(buf, b)
}

// spaceOf returns the namespace name for an id. It shares the memory of buf.
func (f *Framer) spaceOf(buf []byte, id uint32) string {
	if id <= nsXML {
		return [2]string{nsNone: "", nsXML: NSXML}[id]
	}
	id -= nsCtx
	if n := uint32(f.ctx.size()); id < n {
		return f.ctx.spaces[id]
	} else {
		id -= n
	}
	off, n := f.decls[id*declWords], f.decls[id*declWords+1]
	uri := text(buf[off : off+n&textLen])
	if n&textEscaped != 0 {
		uri = unescape(uri, true)
	}
	if f.ctx != nil && uri == f.ctx.content {
		uri = NSClient
	}
	return uri
}
