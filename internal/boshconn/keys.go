package boshconn

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
)

// keys is a sequence of keys (XEP-0124, section 15), each the hash of the one that is used
// after it, so that only who has made it knows the next. It is for sessions without TLS.
type keys struct{ left []string }

// keyCount is how many keys a sequence has, give or take.
const keyCount = 256

// renew makes a new sequence, and returns its first key, which is used as newkey.
func (k *keys) renew() string {
	seed := make([]byte, 33)
	_, _ = rand.Read(seed) // does not fail
	n := keyCount + int(seed[32])
	k.left = make([]string, n)
	text := string(seed[:32])
	for i := range k.left {
		text = hashKey(text)
		k.left[i] = text
	}
	return k.pop()
}

func (k *keys) pop() string {
	last := k.left[len(k.left)-1]
	k.left = k.left[:len(k.left)-1]
	return last
}

// next returns the key for a request, and with the last of a sequence the first of the next.
func (k *keys) next() (key, newkey string) {
	if key = k.pop(); len(k.left) == 0 {
		newkey = k.renew()
	}
	return key, newkey
}

// hashKey returns what a key is verified with.
func hashKey(key string) string {
	sum := sha1.Sum([]byte(key))
	return hex.EncodeToString(sum[:])
}
