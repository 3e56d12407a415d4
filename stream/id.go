package stream

import "crypto/rand"

// NewID returns an id that nobody can predict: 130 random bits in 26 characters that
// need no escaping.
func NewID() string { return rand.Text() }
