package mechanism

import (
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
	name  string
	hash  func() hash.Hash
	conv  *scram.ClientConversation
	offer Offer
	max   int
	step  int
	nonce string // this side's part
	ready bool   // the proof was made: there is a signature to expect
	sure  bool   // the hash of what was offered must be there (XEP-0474)
}

func newSCRAM(name string, c Credentials, o Offer, p Policy, b binding, flag byte) (Mechanism, error) {
	x := &exchange{name: name, offer: o, max: p.Iterations}
	if x.max <= 0 {
		x.max = defaultIterations
	}
	x.hash = hashOf(name)
	client, err := scram.HashGeneratorFcn(x.hash).NewClient(c.Username, c.Password, c.Authzid)
	if err != nil {
		return nil, errors.New("the name or the password is not fit for SASLprep") // the error may quote them
	}
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

// hashOf returns the hash of a form of SCRAM, nil for what is none.
func hashOf(name string) func() hash.Hash {
	switch strings.TrimSuffix(name, "-PLUS") {
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

func (x *exchange) Next(challenge []byte) ([]byte, error) {
	x.step++
	switch x.step {
	case 1:
		if err := x.checkFirst(string(challenge)); err != nil {
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
// iteration count that is too high would keep the processor busy for ever.
func (x *exchange) checkFirst(msg string) error {
	fields := strings.Split(msg, ",")
	if len(fields) < 3 || !strings.HasPrefix(fields[2], "i=") {
		return errors.New("the server's first message has no iteration count")
	}
	n, err := strconv.Atoi(fields[2][2:])
	switch {
	case fields[0] == "r="+x.nonce:
		return errors.New("the server has added nothing to the nonce")
	case err != nil || n <= 0:
		return errors.New("the iteration count is no number")
	case n > x.max:
		return fmt.Errorf("the server asks for %d iterations; the limit is %d", n, x.max)
	}
	seen := false
	for _, f := range fields[3:] {
		if h, ok := strings.CutPrefix(f, "h="); ok {
			seen = true
			if subtle.ConstantTimeCompare([]byte(h), []byte(x.offered())) != 1 {
				return ErrDowngrade
			}
		}
	}
	if x.sure && !seen {
		return fmt.Errorf("%w: none of the channel bindings %q exists here", ErrDowngrade, x.offer.Bindings)
	}
	return nil
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
