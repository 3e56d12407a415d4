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
		if string(buf[s.decls[i+2]:s.decls[i+2]+s.decls[i+3]]) == prefix {
			f.failAt(NotWellFormed, "the same attribute twice", f.name.off)
			return false
		}
	}
	id := uint32(nsCtx + f.ctx.size() + len(s.decls)/declWords)
	if id > maxDecls || f.prefixes >= maxPrefixes {
		f.failAt(PolicyViolation, "more namespace declarations than the limit", f.name.off)
		return false
	}
	s.decls = append(s.decls, uint32(tok), n, uint32(off), uint32(len(prefix)))
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
	s.decls = append(s.decls, uint32(tok), uint32(len(uri)), 0, 0)
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
		attrs     = f.tape[top.el+elemWords : n]
		id, depth = f.def, f.defDepth
	)
	if pre := el[4] >> prefixShift; pre > 0 {
		var ok bool
		if id, depth, ok = f.resolve(buf[top.name : top.name+pre]); !ok {
			f.failAt(NotWellFormed, "a prefix that is not declared", int(top.name))
			return false
		}
	}
	el[1] |= id << nsShift
	top.low = depth
	for i := 0; i < len(attrs); i += attrWords {
		local := attrs[i]
		if buf[local-1] != ':' {
			continue
		}
		start := local - 1
		for class[buf[start-1]]&clsSpace == 0 {
			start--
		}
		id, depth, ok := f.resolve(buf[start : local-1])
		if !ok {
			f.failAt(NotWellFormed, "a prefix that is not declared", int(start))
			return false
		}
		attrs[i+1] |= id << nsShift
		top.low = min(top.low, depth)
	}
	if i := f.duplicate(buf, attrs); i >= 0 {
		f.failAt(NotWellFormed, "the same attribute twice", int(attrs[i]))
		return false
	}
	return true
}

// attrHash is a number from the length and the first byte of a local name; its
// lowest six bits count.
func attrHash(n uint32, first byte) uint32 { return n<<3 ^ uint32(first) }

// manyAttrs is where comparing each with each begins to cost more than a map.
const manyAttrs = 24

// duplicate returns the index of the first attribute that has the expanded name
// of an earlier one, or -1.
func (f *Framer) duplicate(buf []byte, attrs []uint32) int {
	if len(attrs) > manyAttrs*attrWords {
		names := make(map[Name]struct{}, len(attrs)/attrWords)
		for i := 0; i < len(attrs); i += attrWords {
			off, k := attrs[i], attrs[i+1]&lenMask
			n := Name{f.spaceOf(buf, attrs[i+1]>>nsShift), text(buf[off : off+k])}
			if _, ok := names[n]; ok {
				return i
			}
			names[n] = struct{}{}
		}
		return -1
	}
	var seen uint64
	for i := 0; i < len(attrs); i += attrWords {
		off, k := attrs[i], attrs[i+1]&lenMask
		bit := uint64(1) << (attrHash(k, buf[off]) & 63)
		if seen&bit != 0 {
			for j := 0; j < i; j += attrWords {
				if attrs[j+1]&lenMask == k && string(buf[attrs[j]:attrs[j]+k]) == string(buf[off:off+k]) &&
					f.sameSpace(buf, attrs[j+1]>>nsShift, attrs[i+1]>>nsShift) {
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
