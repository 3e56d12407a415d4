package mechanism

import (
	"context"
	"sync"

	"github.com/xdg-go/scram"
)

// Keys remembers what the logins of a client by SCRAM have worked out of its password, which
// servers make expensive on purpose: it is the same again for the same salt and number of
// iterations. It is in memory only, as the password is, and only for the last password; the
// zero value remembers nothing yet.
type Keys struct {
	mu     sync.Mutex
	of     keysOf             // guarded by mu
	client *scram.Client      // guarded by mu: has the keys; nil for none
	have   []scram.KeyFactors // guarded by mu: for which the client has keys, or is about to
	busy   chan struct{}      // guarded by mu: closed when the work under way is done; nil for none
}

// keysOf is what keys are made of, besides salt and iterations.
type keysOf struct {
	hash string
	c    Credentials
}

// maxKeys is how many sets of keys are remembered: a server has one, and another perhaps
// after the password was changed. More than that come from a server that makes them up.
const maxKeys = 2

// newClient returns a client for credentials: the one that has their keys, if there is one.
func (k *Keys) newClient(name string, c Credentials) (*scram.Client, error) {
	if k == nil {
		return newClient(name, c)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	of := keysOf{hashName(name), Credentials{Username: c.Username, Password: c.Password, Authzid: c.Authzid}}
	if k.client != nil && k.of == of && len(k.have) <= maxKeys {
		return k.client, nil
	}
	client, err := newClient(name, c)
	if err == nil {
		k.of, k.client, k.have = of, client, nil
	}
	return client, err
}

func newClient(name string, c Credentials) (*scram.Client, error) {
	return scram.HashGeneratorFcn(hashOf(name)).NewClient(c.Username, c.Password, c.Authzid)
}

// derive lets a client work out its keys, and waits for that or for the context. Work that
// nobody waits for any more goes on to its end, which the highest number of iterations
// bounds; until then no other begins.
func (k *Keys) derive(ctx context.Context, client *scram.Client, f scram.KeyFactors) error {
	if k == nil {
		k = new(Keys)
	}
	done, err := k.begin(ctx, client, f)
	if err != nil || done == nil {
		return err
	}
	go func() {
		defer close(done)
		_, _ = client.GetStoredCredentialsWithError(f) // who uses the keys gets the error again
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// begin waits for its turn to work, and returns what is to be closed behind it; nil if the
// keys are there already.
func (k *Keys) begin(ctx context.Context, client *scram.Client, f scram.KeyFactors) (chan struct{}, error) {
	for {
		k.mu.Lock()
		busy := k.busy
		if busy == nil || isClosed(busy) {
			defer k.mu.Unlock()
			k.busy = nil
			if client == k.client {
				for _, have := range k.have {
					if have == f {
						return nil, nil
					}
				}
				k.have = append(k.have, f)
			}
			k.busy = make(chan struct{})
			return k.busy, nil
		}
		k.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Forget forgets the keys: they are of no use, or not wanted any more.
func (k *Keys) Forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.of, k.client, k.have = keysOf{}, nil, nil
}

// Len returns for how many salts and numbers of iterations there are keys.
func (k *Keys) Len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.have)
}
