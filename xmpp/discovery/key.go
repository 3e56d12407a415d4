package discovery

import (
	"encoding/base64"
	"strings"

	"stanza.invalid/gen/caps2"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/hashes"
	"stanza.invalid/stream/wire"
)

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func parseRaw(text string) (wire.Raw, error) { return wire.Parse(text) }

// keyOf returns the key of a hash of XEP-0390.
func keyOf(h hashes.Hash) key {
	node := caps2.NS + "#" + string(h.Algorithm) + "." + encode(h.Value)
	return key{id: node, node: node, function: h.Algorithm, value: encode(h.Value), strict: true}
}

// proves reports whether an answer can be verified by the hash.
func (k key) proves() bool { return function(k.function) != nil }

// clone returns a key that keeps nothing of a stanza.
func (k key) clone() key {
	k.id, k.node, k.value = strings.Clone(k.id), strings.Clone(k.node), strings.Clone(k.value)
	k.function = hashes.Algorithm(strings.Clone(string(k.function)))
	return k
}

// readings returns an answer as it stands, and with its language where identities have none:
// a language that is implied belongs to it, but servers add one to what is sent through them.
func (a *answer) readings() []*disco.Info {
	all := []*disco.Info{a.info}
	if a.lang == "" {
		return all
	}
	other := *a.info
	other.Identities = nil
	for _, id := range a.info.Identities {
		if id.Lang == "" {
			id.Lang = a.lang
		}
		other.Identities = append(other.Identities, id)
	}
	return append(all, &other)
}
