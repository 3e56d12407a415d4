package mechanism

import (
	"context"
	"fmt"
	"strings"
)

// plain is RFC 4616.
type plain struct{ c Credentials }

func (plain) Name() string { return "PLAIN" }
func (p plain) Start() ([]byte, error) {
	return []byte(p.c.Authzid + "\x00" + p.c.Username + "\x00" + p.c.Password), nil
}
func (plain) Next(context.Context, []byte) ([]byte, error) { return nil, ErrChallenge }
func (plain) Finish([]byte, bool) error                    { return nil }

// external is RFC 4422, appendix A: the certificate says who it is.
type external struct{ authzid string }

func (external) Name() string { return "EXTERNAL" }

func (e external) Start() ([]byte, error) { return []byte(e.authzid), nil }

// Next answers a server that asks in spite of the initial response.
func (e external) Next(_ context.Context, challenge []byte) ([]byte, error) {
	if len(challenge) > 0 {
		return nil, ErrChallenge
	}
	return []byte(e.authzid), nil
}
func (external) Finish([]byte, bool) error { return nil }

// anonymous is RFC 4505, without a trace.
type anonymous struct{}

func (anonymous) Name() string           { return "ANONYMOUS" }
func (anonymous) Start() ([]byte, error) { return []byte{}, nil }
func (anonymous) Next(_ context.Context, challenge []byte) ([]byte, error) {
	if len(challenge) > 0 {
		return nil, ErrChallenge
	}
	return []byte{}, nil
}
func (anonymous) Finish([]byte, bool) error { return nil }

// bearer is OAUTHBEARER (RFC 7628).
type bearer struct {
	c      Credentials
	host   string
	port   uint16
	failed string // what the server said against the token
}

func (*bearer) Name() string { return "OAUTHBEARER" }

func (b *bearer) Start() ([]byte, error) {
	if strings.ContainsAny(b.c.Bearer, "\x01\x00") {
		return nil, fmt.Errorf("the token contains control characters")
	}
	s := "n,"
	id := b.c.Authzid
	if id == "" {
		id = b.c.Identity
	}
	if id != "" {
		s += "a=" + strings.NewReplacer("=", "=3D", ",", "=2C").Replace(id)
	}
	// the token first: there are servers that look for it nowhere else (Prosody's module of 2023)
	s += ",\x01auth=Bearer " + b.c.Bearer + "\x01"
	if b.host != "" {
		s += "host=" + b.host + "\x01"
	}
	if b.port != 0 {
		s += fmt.Sprintf("port=%d\x01", b.port)
	}
	return []byte(s + "\x01"), nil
}

// Next answers the server's explanation, after which it says that it failed (section
// 3.2.3).
func (b *bearer) Next(_ context.Context, challenge []byte) ([]byte, error) {
	if b.failed != "" {
		return nil, ErrChallenge
	}
	b.failed = string(challenge)
	return []byte{1}, nil
}

// Explanation is what the server has said against the token, "" for nothing.
func (b *bearer) Explanation() string { return b.failed }

func (b *bearer) Finish([]byte, bool) error {
	if b.failed != "" {
		return fmt.Errorf("%w: success after an error", ErrServer)
	}
	return nil
}
