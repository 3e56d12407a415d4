package xmpptest

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"hash"
	"slices"
	"strings"

	"github.com/xdg-go/scram"

	"stanza.invalid/gen/sasl"
	"stanza.invalid/xmpp/jid"
)

// hashOf returns the hash of a form of SCRAM, nil for what is none.
func hashOf(mechanism string) func() hash.Hash {
	switch strings.TrimSuffix(mechanism, "-PLUS") {
	case "SCRAM-SHA-1":
		return sha1.New
	case "SCRAM-SHA-256":
		return sha256.New
	case "SCRAM-SHA-512":
		return sha512.New
	}
	return nil
}

// scram is SCRAM (RFC 5802).
func (c *conn) scram(name string, first []byte) (jid.JID, []byte, error) {
	h := hashOf(name)
	var user jid.JID
	var stored scram.StoredCredentials
	f := scram.HashGeneratorFcn(h)
	srv, err := f.NewServer(func(name string) (scram.StoredCredentials, error) {
		addr, password, ok := c.lookUp(name)
		if !ok {
			return scram.StoredCredentials{}, errors.New("no such account")
		}
		user = addr
		client, err := f.NewClient(name, password, "")
		if err != nil {
			return scram.StoredCredentials{}, err
		}
		stored, err = client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "sea salt of " + name, Iters: 4096})
		return stored, err
	})
	if err != nil {
		return user, nil, err
	}
	plus := slices.ContainsFunc(c.srv.cfg.Mechanisms, func(m string) bool { return strings.HasSuffix(m, "-PLUS") })
	conv := srv.NewConversation()
	var bound scram.ChannelBinding
	if all := c.bindings(); plus && len(all) > 0 {
		bound = all["tls-server-end-point"]
		if kind, _, _ := strings.Cut(string(first), ","); strings.HasPrefix(kind, "p=") && slices.Contains(c.srv.cfg.Bindings, kind[2:]) {
			bound = all[kind[2:]]
		}
		conv = srv.NewConversationWithChannelBinding(bound)
	}
	if plus := strings.HasPrefix(string(first), "p="); plus != strings.HasSuffix(name, "-PLUS") {
		return user, nil, failure{condition: sasl.ConditionMalformedRequest}
	}
	msg, err := conv.Step(string(first))
	if err != nil {
		return user, nil, failure{condition: sasl.ConditionNotAuthorized}
	}
	if c.srv.cfg.ProveOffer {
		msg += ",h=" + c.offerHash(h)
	}
	answer, err := c.challenge([]byte(msg))
	if err != nil {
		return user, nil, err
	}
	if c.srv.cfg.ProveOffer {
		msg, err = finalWith(h, stored, bound.Data, string(first), msg, string(answer))
	} else if msg, err = conv.Step(string(answer)); err == nil && !conv.Valid() {
		err = errProof
	}
	if err != nil {
		return user, nil, failure{condition: sasl.ConditionNotAuthorized}
	}
	return user, []byte(msg), nil
}

// samePassword reports whether passwords are the same once SASLprep has prepared them, as SCRAM
// does (RFC 4616, section 2).
func samePassword(a, b string) bool {
	if hmac.Equal([]byte(a), []byte(b)) {
		return true
	}
	key := func(password string) []byte {
		client, err := scram.SHA256.NewClient("", password, "")
		if err != nil {
			return nil
		}
		stored, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "salt", Iters: 4096})
		if err != nil {
			return nil
		}
		return stored.StoredKey
	}
	x, y := key(a), key(b)
	return x != nil && y != nil && hmac.Equal(x, y)
}

// offerHash is the hash of what the server has offered, with SASL 2 or without (XEP-0474,
// section 5.1).
func (c *conn) offerHash(of func() hash.Hash) string {
	s := strings.Join(slices.Sorted(slices.Values(c.mechanismNames())), "\x1e")
	if all := c.announcedBindings(); len(all) > 0 {
		s += "\x1f" + strings.Join(slices.Sorted(slices.Values(all)), "\x1e")
	}
	h := of()
	h.Write([]byte(s))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

var errProof = errors.New("the proof is wrong")

// finalWith is the end of SCRAM (RFC 5802, section 3) for a first message with extensions,
// which the library does not make: it judges the client's proof and returns the server's.
func finalWith(of func() hash.Hash, stored scram.StoredCredentials, binding []byte, clientFirst, serverFirst, clientFinal string) (string, error) {
	flag, rest, _ := strings.Cut(clientFirst, ",")
	authzid, bare, _ := strings.Cut(rest, ",")
	header := flag + "," + authzid + ","
	if strings.HasPrefix(flag, "p=") {
		header += string(binding)
	}
	nonce, _, _ := strings.Cut(serverFirst, ",")
	i := strings.LastIndex(clientFinal, ",p=")
	if i < 0 || clientFinal[:i] != "c="+base64.StdEncoding.EncodeToString([]byte(header))+","+nonce {
		return "", errProof
	}
	proof, err := base64.StdEncoding.DecodeString(clientFinal[i+3:])
	if err != nil {
		return "", errProof
	}
	sign := func(key []byte) []byte {
		m := hmac.New(of, key)
		m.Write([]byte(bare + "," + serverFirst + "," + clientFinal[:i]))
		return m.Sum(nil)
	}
	signature := sign(stored.StoredKey)
	if len(proof) != len(signature) {
		return "", errProof
	}
	for i := range proof {
		proof[i] ^= signature[i] // the client's key
	}
	h := of()
	h.Write(proof)
	if !hmac.Equal(h.Sum(nil), stored.StoredKey) {
		return "", errProof
	}
	return "v=" + base64.StdEncoding.EncodeToString(sign(stored.ServerKey)), nil
}
