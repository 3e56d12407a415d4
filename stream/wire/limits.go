package wire

// Limits bound what one top-level element may cost. A zero field means its
// default. Exceeding a limit is a policy-violation (RFC 6120, section 13.12
// demands limits and asks that stanzas of 10,000 bytes pass).
type Limits struct {
	// Bytes is the longest top-level element, and the longest run of white
	// space between two of them, in bytes (default 256 KiB, at most 256 MiB).
	Bytes int
	// Depth is the deepest nesting, the top-level element being 1 (default 128).
	Depth int
	// Attrs is the highest number of attributes of one element, namespace
	// declarations included (default 64, at most 1,000). Besides, 256 prefixes may
	// be in scope.
	Attrs int
	// Name is the longest qualified name in bytes (default 1,024, at most 4,000).
	Name int
	// Elements is the highest number of elements in a top-level one (default 10,000).
	// It is less where elements and attributes are so short that the index of them
	// would take more than one and a half times Bytes, or more than 2 MiB.
	Elements int
}

// The defaults of [Limits].
const (
	DefaultBytes    = 256 << 10
	DefaultDepth    = 128
	DefaultAttrs    = 64
	DefaultName     = 1024
	DefaultElements = 10_000
)

// maxDepth is more than any limit of depth.
const maxDepth = 1 << 20

// withDefaults fills in defaults and clips to what the index can hold.
func (l Limits) withDefaults() Limits {
	set := func(v *int, def, most int) {
		if *v <= 0 {
			*v = def
		}
		*v = min(*v, most)
	}
	set(&l.Bytes, DefaultBytes, 256<<20)
	set(&l.Depth, DefaultDepth, maxDepth-1)
	set(&l.Attrs, DefaultAttrs, 1000)
	set(&l.Name, DefaultName, 4000)
	set(&l.Elements, DefaultElements, 1<<26)
	return l
}

// index is the highest number of index words that an element may need. Real
// stanzas need up to 1.3 times their own size.
func (l Limits) index() int { return min(max(l.Bytes*3/2/4, 64), maxNext/2) }
