package wire

// AppendNamed appends an element that has to have a certain name.
func AppendNamed(b []byte, r Raw, space, local, ns string) ([]byte, error) {
	if !r.Is(space, local) {
		what := "no element"
		if !r.IsZero() {
			what = r.Name().String()
		}
		return b, &EncodeError{Reason: what + " in the place of " + Name{Space: space, Local: local}.String()}
	}
	return AppendRaw(b, r, ns), nil
}
