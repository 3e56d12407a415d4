package contacts

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"stanza.invalid/gen/roster"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// FileCache returns a cache that is a file, which only its owner can read. One that is not
// there, or does not make sense, is like an empty one.
func FileCache(path string) Cache { return fileCache(path) }

type fileCache string

func (c fileCache) Load(context.Context) (string, []roster.Item, error) {
	b, err := os.ReadFile(string(c))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	r, err := parse(string(b))
	if err != nil || r.Ver == nil {
		return "", nil, nil
	}
	return *r.Ver, r.Items, nil
}

// Save puts a new file in the place of the old one.
func (c fileCache) Save(_ context.Context, version string, items []roster.Item) error {
	// as on the wire, so that nothing is lost
	b, err := (&roster.Roster{Ver: &version, Items: items}).AppendXML(nil, "")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(string(c)), ".roster-*") // with 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(b)
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp.Name(), string(c))
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}

func parse(text string) (*roster.Roster, error) {
	r, err := wire.Parse(text)
	if err != nil {
		return nil, err
	}
	return stanza.Decode[roster.Roster](r)
}
