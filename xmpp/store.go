package xmpp

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"stanza.invalid/xmpp/jid"
)

// A Store keeps what a client learns at one login and needs at the next: a token to log in
// with in place of the password (XEP-0484), the id that the token was given to, and what
// the server has offered. It is as secret as a password. Methods may be called from any
// goroutine.
type Store interface {
	// Load returns what was saved for an account, nil if nothing was.
	Load(ctx context.Context, account jid.JID) ([]byte, error)
	// Save keeps data for an account in place of what was there; nil keeps nothing.
	Save(ctx context.Context, account jid.JID, data []byte) error
}

// MemoryStore returns a store that lasts as long as the process.
func MemoryStore() Store { return &memoryStore{data: map[jid.JID][]byte{}} }

type memoryStore struct {
	mu   sync.Mutex
	data map[jid.JID][]byte // guarded by mu
}

func (s *memoryStore) Load(_ context.Context, account jid.JID) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.data[account]), nil
}

func (s *memoryStore) Save(_ context.Context, account jid.JID, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data == nil {
		delete(s.data, account)
		return nil
	}
	s.data[account.Clone()] = slices.Clone(data)
	return nil
}

// FileStore returns a store of files that only their owner can read, one for each account,
// in a folder that is made if it is not there.
func FileStore(dir string) Store { return fileStore(dir) }

type fileStore string

// path names a file by its account, whatever characters that has.
func (s fileStore) path(account jid.JID) string {
	return filepath.Join(string(s), url.QueryEscape(account.String())+".login")
}

func (s fileStore) Load(_ context.Context, account jid.JID) ([]byte, error) {
	b, err := os.ReadFile(s.path(account))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// Save writes a new file and puts it in the place of the old one: whoever is interrupted
// leaves one of the two.
func (s fileStore) Save(_ context.Context, account jid.JID, data []byte) error {
	path := s.path(account)
	if data == nil {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := os.MkdirAll(string(s), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(string(s), ".login-*") // with 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
