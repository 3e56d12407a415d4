package mechanism

import (
	"context"
	"crypto/pbkdf2"
	"errors"
	"fmt"
	"strings"
)

// minIterations is the lowest iteration count of SCRAM (RFC 7677, section 4).
const minIterations = 4096

// CanUpgrade reports whether a password can be salted for another mechanism: one of
// printable ASCII, which SASLprep leaves as it is, and a form of SCRAM without -PLUS.
func CanUpgrade(name, password string) bool {
	return hashOf(name) != nil && !strings.HasSuffix(name, "-PLUS") && password != "" &&
		strings.IndexFunc(password, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// SaltedPassword is that of RFC 5802, which a server that knows only the hash of another
// mechanism needs to offer this one (XEP-0480). The bounds of a login hold for it; ctx ends the wait.
func SaltedPassword(ctx context.Context, name, password string, salt []byte, iterations int, p Policy) ([]byte, error) {
	limit := p.Iterations
	if limit <= 0 {
		limit = defaultIterations
	}
	switch {
	case !CanUpgrade(name, password):
		return nil, fmt.Errorf("no password for %s", safe(name))
	case iterations < minIterations || iterations > limit:
		return nil, fmt.Errorf("the server asks for %d iterations; the limits are %d and %d", iterations, minIterations, limit)
	case len(salt) == 0:
		return nil, errors.New("there is no salt")
	}
	h := hashOf(name)
	type result struct {
		key []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		key, err := pbkdf2.Key(h, password, salt, iterations, h().Size())
		done <- result{key, err}
	}()
	select {
	case r := <-done:
		return r.key, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
