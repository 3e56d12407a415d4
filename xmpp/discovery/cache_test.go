package discovery_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/hashes"
	"stanza.invalid/xmpp/discovery"
	"stanza.invalid/xmpp/stanza"
)

// memory is a cache.
type memory struct {
	mu sync.Mutex
	m  map[string][]byte
}

func (c *memory) Load(_ context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.m[key], nil
}

func (c *memory) Save(_ context.Context, key string, info []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = map[string][]byte{}
	}
	c.m[key] = info
	return nil
}

func (c *memory) keys() (all []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.m {
		all = append(all, k)
	}
	return all
}

// A cache outlives the program; VS12: it is not believed more than a contact is.
func TestVS12Cache(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := &memory{}
		s := onStage(t, discovery.Config{Cache: cache}, nil)
		romeo := s.contact("romeo@example.net/y", able)
		for _, p := range []stanza.Payload{older(t, able), newer(t, able, hashes.AlgorithmSHA256)} {
			romeo.announce(t, p)
			require.Equal(t, isAble, s.features(romeo))
		}
		require.Len(t, cache.keys(), 2)
		require.Len(t, romeo.queries(), 2)
		require.NoError(t, s.client.Close(t.Context()))

		second := func(cache discovery.Cache, queries int) {
			s := onStage(t, discovery.Config{Cache: cache}, nil)
			romeo := s.contact("romeo@example.net/y", able)
			for _, p := range []stanza.Payload{older(t, able), newer(t, able, hashes.AlgorithmSHA256)} {
				romeo.announce(t, p)
				require.Equal(t, isAble, s.features(romeo))
			}
			require.Len(t, romeo.queries(), queries)
			require.NoError(t, s.client.Close(t.Context()))
		}
		second(cache, 0)
		lie, err := unable.AppendXML(nil, "")
		require.NoError(t, err)
		for _, bad := range []string{string(lie), "", "no XML", "<query/>", strings.Repeat(" ", 100_000)} {
			for _, k := range cache.keys() {
				cache.m[k] = []byte(bad)
			}
			second(cache, 2)
		}
		second(broken{}, 2)
	})
}

type broken struct{}

func (broken) Load(context.Context, string) ([]byte, error) { return nil, errors.New("broken") }
func (broken) Save(context.Context, string, []byte) error   { return errors.New("broken") }
