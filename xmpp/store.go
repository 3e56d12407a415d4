package xmpp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"stanza.invalid/xmpp/jid"
)

// A Store keeps what a client learns at one login and needs at the next: a token to log in
// with in place of the password (XEP-0484), the id that the token was given to, and what
// the server has offered. It is as secret as a password. Methods may be called from any
// goroutine.
//
// What is stored belongs to one installation of a program: a token, and the id that it was
// given to. Several clients of one account that are there at once want stores of their own,
// or servers take them for one, and give them one resource.
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

// maxName is how long the name of a file may be for its account to be read in it.
const maxName = 200

// path names a file by its account, whatever characters that has; by a hash of it if it is
// too long.
func (s fileStore) path(account jid.JID) string {
	const suffix = ".login"
	name := url.QueryEscape(account.String())
	if len(name)+len(suffix) > maxName {
		sum := sha256.Sum256([]byte(account.String()))
		name = "sha-256~" + hex.EncodeToString(sum[:])
	}
	return filepath.Join(string(s), name+suffix)
}

// maxStored is more than there is to store.
const maxStored = 1 << 20

func (s fileStore) Load(_ context.Context, account jid.JID) ([]byte, error) {
	f, err := os.Open(s.path(account))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxStored+1))
	if err == nil && len(b) > maxStored {
		err = fmt.Errorf("xmpp: %s is too large", f.Name())
	}
	return b, err
}

// draft is how the names of files begin that are about to take the place of an account's.
func (s fileStore) draft(account jid.JID) string {
	sum := sha256.Sum256([]byte(account.String()))
	return ".login-" + hex.EncodeToString(sum[:8]) + "-"
}

// tidy removes what writers have left behind that were killed.
func (s fileStore) tidy(account jid.JID) {
	files, _ := os.ReadDir(string(s))
	for _, f := range files {
		if strings.HasPrefix(f.Name(), s.draft(account)) {
			_ = os.Remove(filepath.Join(string(s), f.Name()))
		}
	}
}

// Save writes a new file and puts it in the place of the old one: whoever is interrupted
// leaves one of the two.
func (s fileStore) Save(_ context.Context, account jid.JID, data []byte) error {
	path := s.path(account)
	if data == nil {
		s.tidy(account)
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := os.MkdirAll(string(s), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(string(s), s.draft(account)+"*") // with 0600
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
