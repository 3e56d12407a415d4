package wire

// ParseInt returns the integer of so many bits that stands where a word may stand, too. ok is false for
// whatever is none.
func ParseInt(s string, bits int) (n int64, ok bool) {
	var spelling *Extra
	n, reason := DecodeInt(s, bits, &spelling, 0)
	return n, reason == ""
}

// ParseUint is [ParseInt] for integers without a sign.
func ParseUint(s string, bits int) (n uint64, ok bool) {
	var spelling *Extra
	n, reason := DecodeUint(s, bits, &spelling, 0)
	return n, reason == ""
}
