package mechanism

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"
)

// defaultIterations is the highest iteration count without one in the policy: half a
// second of work on a slow machine.
const defaultIterations = 1_000_000

// exchange is SCRAM (RFC 5802, RFC 7677), with the protection of the list of mechanisms
// of XEP-0474 where the server has it.
type exchange struct {
	name   string
	hash   func() hash.Hash
	keys   *Keys
	client *scram.Client
	conv   *scram.ClientConversation
	offer  Offer
	max    int
	step   int
	nonce  string // this side's part
	ready  bool   // the proof was made: there is a signature to expect
	sure   bool   // the hash of what was offered must be there (XEP-0474)
}

func newSCRAM(name string, c Credentials, o Offer, p Policy, b binding, flag byte) (Mechanism, error) {
	x := &exchange{name: name, hash: hashOf(name), offer: o, max: p.Iterations, keys: p.Keys}
	if x.max <= 0 {
		x.max = defaultIterations
	}
	client, err := x.keys.newClient(name, c)
	if err != nil {
		return nil, errors.New("the name or the password is not fit for SASLprep") // the error may quote them
	}
	x.client = client
	switch flag {
	case 'p':
		x.conv = client.NewConversationWithChannelBinding(scram.ChannelBinding{Type: scram.ChannelBindingType(b.name), Data: b.data})
	case 'y':
		x.conv = client.NewConversationAdvertisingChannelBinding()
	default:
		x.conv = client.NewConversation()
	}
	return x, nil
}

// hashName is the name without what says that the login is bound.
func hashName(name string) string { return strings.TrimSuffix(name, "-PLUS") }

// hashOf returns the hash of a form of SCRAM, nil for what is none.
func hashOf(name string) func() hash.Hash {
	switch hashName(name) {
	case "SCRAM-SHA-1":
		return sha1.New
	case "SCRAM-SHA-256":
		return sha256.New
	case "SCRAM-SHA-512":
		return sha512.New
	}
	return nil
}

func (x *exchange) Name() string { return x.name }

func (x *exchange) Start() ([]byte, error) {
	s, err := x.conv.Step("")
	_, x.nonce, _ = strings.Cut(s, ",r=")
	return []byte(s), err
}

func (x *exchange) Next(ctx context.Context, challenge []byte) ([]byte, error) {
	x.step++
	switch x.step {
	case 1:
		f, err := x.checkFirst(string(challenge))
		if err != nil {
			return nil, err
		}
		if err := x.keys.derive(ctx, x.client, f); err != nil {
			return nil, err
		}
		s, err := x.conv.Step(string(challenge))
		x.ready = err == nil
		return []byte(s), err
	case 2:
		if !x.ready {
			return nil, ErrChallenge
		}
		// some servers put their signature into a challenge
		if _, err := x.conv.Step(string(challenge)); err != nil {
			return nil, errors.Join(ErrServer, err)
		}
		return []byte{}, nil
	}
	return nil, ErrChallenge
}

// checkFirst looks at the server's first message before any work is done for it: an
// iteration count that is too high would keep the processor busy for ever. It returns what
// the keys depend on.
func (x *exchange) checkFirst(msg string) (f scram.KeyFactors, err error) {
	fields := strings.Split(msg, ",")
	if len(fields) < 3 || !strings.HasPrefix(fields[2], "i=") {
		return f, errors.New("the server's first message has no iteration count")
	}
	if !strings.HasPrefix(fields[0], "r="+x.nonce) || fields[0] == "r="+x.nonce {
		return f, errors.New("the server has added nothing to the nonce")
	}
	salt, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(fields[1], "s="))
	if err != nil || len(salt) == 0 || !strings.HasPrefix(fields[1], "s=") {
		return f, errors.New("the server's first message has no salt")
	}
	n, err := strconv.Atoi(fields[2][2:])
	switch {
	case err != nil || n <= 0:
		return f, errors.New("the iteration count is no number")
	case n > x.max:
		return f, fmt.Errorf("the server asks for %d iterations; the limit is %d", n, x.max)
	case n < minIterations:
		return f, fmt.Errorf("the server asks for %d iterations, which are too few", n)
	}
	f = scram.KeyFactors{Salt: string(salt), Iters: n}
	seen := false
	for _, field := range fields[3:] {
		if h, ok := strings.CutPrefix(field, "h="); ok {
			seen = true
			if subtle.ConstantTimeCompare([]byte(h), []byte(x.offered())) != 1 {
				return f, ErrDowngrade
			}
		}
	}
	if x.sure && !seen {
		return f, fmt.Errorf("%w: none of the channel bindings %q exists here", ErrDowngrade, x.offer.Bindings)
	}
	return f, nil
}

// offered returns the hash of what was offered (XEP-0474, section 5.1).
func (x *exchange) offered() string {
	list := func(names []string) string {
		names = slices.Clone(names)
		slices.Sort(names)
		return strings.Join(names, "\x1e")
	}
	s := list(x.offer.Mechanisms)
	if x.offer.Bindings != nil {
		s += "\x1f" + list(x.offer.Bindings)
	}
	h := x.hash()
	h.Write([]byte(s))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func (x *exchange) Finish(data []byte, has bool) error {
	if !x.conv.Done() {
		if !has {
			return ErrServer
		}
		if !x.ready {
			// to the library a missing signature would equal an empty one
			return fmt.Errorf("%w: success too early", ErrServer)
		}
		if _, err := x.conv.Step(string(data)); err != nil {
			return errors.Join(ErrServer, err)
		}
	}
	if !x.conv.Valid() {
		return ErrServer
	}
	return nil
}
