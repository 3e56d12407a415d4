package mechanism

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// The mechanisms of tokens (XEP-0484) are called HT-<hash>-<binding>
// (draft-schmaus-kitten-sasl-ht). Each takes one message and one answer, which proves that
// the server knows the token as well.

// tokenBindings are the bindings in their names, strongest first.
var tokenBindings = [...]struct{ suffix, name string }{
	{"EXPR", bindExporter}, {"UNIQ", bindUnique}, {"ENDP", bindEndPoint}, {"NONE", ""},
}

// tokenParts takes a name apart; rank is lower for what is stronger.
func tokenParts(name string) (h func() hash.Hash, bind string, rank int, ok bool) {
	rest, found := strings.CutPrefix(name, "HT-")
	i := strings.LastIndexByte(rest, '-')
	if !found || i < 0 {
		return nil, "", 0, false
	}
	switch rest[:i] {
	case "SHA-512":
		h = sha512.New
	case "SHA-384":
		h, rank = sha512.New384, 1
	case "SHA-256":
		h, rank = sha256.New, 2
	default:
		return nil, "", 0, false
	}
	for n, b := range tokenBindings {
		if b.suffix == rest[i+1:] {
			return h, b.name, rank + 3*n, true
		}
	}
	return nil, "", 0, false
}

// ChooseToken returns the best mechanism for a token to come: of those offered, that exist
// over this connection, and that may be used. It is "" if there is none.
func ChooseToken(offered []string, o Offer, p Policy) string {
	best, least := "", 0
	for _, name := range offered {
		_, bind, rank, ok := tokenParts(name)
		switch {
		case !ok, best != "" && rank >= least:
		case bind == "" && (p.RequireBinding || p.Bound):
		case bind != "" && o.have(bind).name == "":
		default:
			best, least = name, rank
		}
	}
	return best
}

// ErrTokenBinding is returned for a token that cannot be used over this connection.
var ErrTokenBinding = errors.New("the token's channel binding does not exist here")

// Token returns the login with a token, by the mechanism that it was given for.
func Token(name, username, secret string, o Offer, p Policy) (Mechanism, error) {
	h, bind, _, ok := tokenParts(name)
	switch {
	case !ok:
		return nil, fmt.Errorf("the mechanism %.40q is not known", name)
	case o.TLS == nil:
		return nil, errors.New("not without TLS")
	case bind == "" && (p.RequireBinding || p.Bound):
		return nil, ErrTokenBinding
	case strings.ContainsRune(username, 0):
		return nil, errors.New("the credentials contain a NUL")
	}
	t := &token{name: name, user: username, secret: secret, hash: h}
	if bind != "" {
		b := o.have(bind)
		if b.name == "" {
			return nil, ErrTokenBinding
		}
		t.data = b.data
	}
	return t, nil
}

type token struct {
	name, user, secret string
	hash               func() hash.Hash
	data               []byte // of the channel binding
}

func (t *token) Name() string { return t.name }

func (t *token) sign(who string) []byte {
	m := hmac.New(t.hash, []byte(t.secret))
	m.Write([]byte(who))
	m.Write(t.data)
	return m.Sum(nil)
}

func (t *token) Start() ([]byte, error) {
	return slices.Concat([]byte(t.user), []byte{0}, t.sign("Initiator")), nil
}

func (*token) Next(context.Context, []byte) ([]byte, error) { return nil, ErrChallenge }

func (t *token) Finish(data []byte, has bool) error {
	if !has || subtle.ConstantTimeCompare(data, t.sign("Responder")) != 1 {
		return fmt.Errorf("%w, the token that is", ErrServer)
	}
	return nil
}
