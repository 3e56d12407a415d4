package mechanism

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// A Mechanism is one authentication under way.
type Mechanism interface {
	// Name is its registered name.
	Name() string
	// Start returns the initial response; nil means that there is none.
	Start() ([]byte, error)
	// Next answers a challenge. That may be work, which ends with ctx.
	Next(ctx context.Context, challenge []byte) ([]byte, error)
	// Finish judges the server's claim of success, and the data that came with it; has
	// tells no data from empty data. Without a nil error nobody is logged in.
	Finish(data []byte, has bool) error
}

var (
	// ErrChallenge is a challenge that the mechanism has no place for.
	ErrChallenge = errors.New("an unexpected challenge")
	// ErrServer is a server that did not prove that it knows the password.
	ErrServer = errors.New("the server has not proved that it knows the password")
	// ErrNone is returned when nothing that is offered may be used.
	ErrNone = errors.New("no mechanism that is offered may be used")
	// ErrDowngrade is returned when what is offered looks tampered with.
	ErrDowngrade = errors.New("the list of mechanisms was tampered with")
)

// Credentials are what a client can prove. Empty fields are what it can't.
type Credentials struct {
	// Username and Password are for SCRAM and PLAIN.
	Username, Password string
	// Authzid is the address to act as, if it is not the user's own.
	Authzid string
	// Identity is the user's own address, which OAUTHBEARER mentions.
	Identity string
	// Bearer is an OAuth 2.0 access token (RFC 7628).
	Bearer string
	// Certificate says that TLS was given a client certificate.
	Certificate bool
	// Anonymous asks for an account that lasts as long as the session.
	Anonymous bool
}

// Strengths of mechanisms, for bounds.
const (
	Anonymous = iota + 1
	Plain
	Bearer
	SCRAMSHA1
	SCRAMSHA256
	SCRAMSHA512
	SCRAMSHA1Plus
	SCRAMSHA256Plus
	SCRAMSHA512Plus
	External
)

// strength returns how strong a mechanism is, 0 if it is not known.
func strength(name string) int {
	switch name {
	case "EXTERNAL":
		return External
	case "SCRAM-SHA-512-PLUS":
		return SCRAMSHA512Plus
	case "SCRAM-SHA-256-PLUS":
		return SCRAMSHA256Plus
	case "SCRAM-SHA-1-PLUS":
		return SCRAMSHA1Plus
	case "SCRAM-SHA-512":
		return SCRAMSHA512
	case "SCRAM-SHA-256":
		return SCRAMSHA256
	case "SCRAM-SHA-1":
		return SCRAMSHA1
	case "OAUTHBEARER":
		return Bearer
	case "PLAIN":
		return Plain
	case "ANONYMOUS":
		return Anonymous
	}
	return 0
}

// Strength returns how strong a mechanism is; a name that is not known is an error.
func Strength(name string) (int, error) {
	if n := strength(name); n > 0 {
		return n, nil
	}
	return 0, fmt.Errorf("the mechanism %q is not known", name)
}

// IsPlus reports whether a mechanism is a form of SCRAM with channel binding.
func IsPlus(name string) bool { return strings.HasSuffix(name, "-PLUS") }
