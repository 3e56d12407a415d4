package discovery_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/form"
	"stanza.invalid/gen/hashes"
	"stanza.invalid/xmpp/discovery"
)

func features(all ...string) (list []disco.Feature) {
	for _, f := range all {
		list = append(list, disco.Feature{Var: f})
	}
	return list
}

func typedForm(typ string, fields ...string) form.Form {
	f := form.Form{Type: form.TypeResult, Fields: []form.Field{{Var: "FORM_TYPE", Type: form.FieldTypeHidden, Values: []string{typ}}}}
	for _, s := range fields {
		name, values, _ := strings.Cut(s, "=")
		field := form.Field{Var: name}
		if values != "" {
			field.Values = strings.Split(values, ",")
		}
		f.Fields = append(f.Fields, field)
	}
	return f
}

// The examples of XEP-0115, sections 5.2 and 5.3, and of XEP-0390, section 4.5.
func TestVectors(t *testing.T) {
	t.Parallel()
	old := features("http://jabber.org/protocol/muc", "http://jabber.org/protocol/caps", "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items")
	exodus := &disco.Info{Identities: []disco.Identity{{Category: "client", Type: "pc", Name: "Exodus 0.9.1"}}, Features: old}
	ver, err := discovery.Verification(exodus, hashes.AlgorithmSHA1)
	require.NoError(t, err)
	require.Equal(t, "QgayPKawpkPSDYmwT/WM94uAlu0=", ver)
	psi := &disco.Info{
		Identities: []disco.Identity{{Category: "client", Type: "pc", Lang: "en", Name: "Psi 0.11"}, {Category: "client", Type: "pc", Lang: "el", Name: "Ψ 0.11"}},
		Features:   old,
		Forms:      []form.Form{typedForm("urn:xmpp:dataforms:softwareinfo", "software=Psi", "ip_version=ipv6,ipv4", "os=Mac", "os_version=10.5.1", "software_version=0.11")},
	}
	ver, err = discovery.Verification(psi, hashes.AlgorithmSHA1)
	require.NoError(t, err)
	require.Equal(t, "q07IKJEyjvHSyhy//CH0CxmKi8w=", ver)

	bombus := &disco.Info{
		Identities: []disco.Identity{{Category: "client", Type: "mobile", Name: "BombusMod"}},
		Features: features(
			"http://jabber.org/protocol/si", "http://jabber.org/protocol/bytestreams", "http://jabber.org/protocol/chatstates", "http://jabber.org/protocol/disco#info",
			"http://jabber.org/protocol/disco#items", "urn:xmpp:ping", "jabber:iq:time", "jabber:iq:privacy", "jabber:iq:version", "http://jabber.org/protocol/rosterx",
			"urn:xmpp:time", "jabber:x:oob", "http://jabber.org/protocol/ibb", "http://jabber.org/protocol/si/profile/file-transfer", "urn:xmpp:receipts",
			"jabber:iq:roster", "jabber:iq:last",
		),
	}
	tkabber := &disco.Info{
		Identities: []disco.Identity{{Category: "client", Type: "pc", Lang: "ru", Name: "Ткаббер"}, {Category: "client", Type: "pc", Lang: "en", Name: "Tkabber"}},
		Features: features(
			"games:board", "http://jabber.org/protocol/activity", "http://jabber.org/protocol/activity+notify", "http://jabber.org/protocol/bytestreams", "http://jabber.org/protocol/chatstates",
			"http://jabber.org/protocol/commands", "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items", "http://jabber.org/protocol/evil",
			"http://jabber.org/protocol/feature-neg", "http://jabber.org/protocol/geoloc", "http://jabber.org/protocol/geoloc+notify", "http://jabber.org/protocol/ibb",
			"http://jabber.org/protocol/iqibb", "http://jabber.org/protocol/mood", "http://jabber.org/protocol/mood+notify", "http://jabber.org/protocol/rosterx", "http://jabber.org/protocol/si",
			"http://jabber.org/protocol/si/profile/file-transfer", "http://jabber.org/protocol/tune", "http://www.facebook.com/xmpp/messages",
			"http://www.xmpp.org/extensions/xep-0084.html#ns-metadata+notify", "jabber:iq:avatar", "jabber:iq:browse", "jabber:iq:dtcp", "jabber:iq:filexfer", "jabber:iq:ibb", "jabber:iq:inband",
			"jabber:iq:jidlink", "jabber:iq:last", "jabber:iq:oob", "jabber:iq:privacy", "jabber:iq:roster", "jabber:iq:time", "jabber:iq:version", "jabber:x:data", "jabber:x:event", "jabber:x:oob",
			"urn:xmpp:avatar:metadata+notify", "urn:xmpp:ping", "urn:xmpp:receipts", "urn:xmpp:time",
		),
		Forms: []form.Form{typedForm("urn:xmpp:dataforms:softwareinfo", "software=Tkabber", "software_version=0.11.1-svn-20111216-mod (Tcl/Tk 8.6b2)", "os=Windows", "os_version=XP")},
	}
	slices.Reverse(tkabber.Features)
	for _, v := range []struct {
		info *disco.Info
		algo hashes.Algorithm
		want string
	}{
		{bombus, hashes.AlgorithmSHA256, "kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8="},
		{bombus, hashes.AlgorithmSHA3256, "79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q="},
		{tkabber, hashes.AlgorithmSHA256, "u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY="},
		{tkabber, hashes.AlgorithmSHA3256, "XpUJzLAc93258sMECZ3FJpebkzuyNXDzRNwQog8eycg="},
	} {
		h, err := discovery.Hash(v.info, v.algo)
		require.NoError(t, err)
		require.Equal(t, v.want, base64.StdEncoding.EncodeToString(h.Value))
		require.Equal(t, "urn:xmpp:caps#"+string(v.algo)+"."+v.want, discovery.NodeOf(h))
	}
	for _, a := range []hashes.Algorithm{"md5", "", "sha-1"} {
		_, err := discovery.Hash(bombus, a)
		require.Error(t, err, "%q is not to be relied on", a)
	}
	_, err = discovery.Verification(bombus, "md5")
	require.Error(t, err)
}

// VS12: what is in an answer twice, and what a hash of XEP-0390 does not cover, makes it
// ill-formed.
func TestVS12IllFormed(t *testing.T) {
	t.Parallel()
	good := func() *disco.Info {
		return &disco.Info{
			Identities: []disco.Identity{{Category: "client", Type: "pc", Name: "a"}, {Category: "client", Type: "pc", Name: "b"}},
			Features:   features("b", "a"), Forms: []form.Form{typedForm("x", "v=1,2"), typedForm("y", "v=1,1")},
		}
	}
	for name, c := range map[string]struct {
		spoil        func(i *disco.Info)
		older, newer bool // whether the hash is refused
	}{
		"nothing":              {func(*disco.Info) {}, false, false},
		"a feature twice":      {func(i *disco.Info) { i.Features = append(i.Features, disco.Feature{Var: "a"}) }, true, true},
		"an identity twice":    {func(i *disco.Info) { i.Identities = append(i.Identities, i.Identities[0]) }, true, true},
		"a form twice":         {func(i *disco.Info) { i.Forms = append(i.Forms, typedForm("x", "w=1")) }, true, true},
		"a field twice":        {func(i *disco.Info) { i.Forms[0] = typedForm("x", "v=1", "v=2") }, true, true},
		"two types":            {func(i *disco.Info) { i.Forms[0].Fields[0].Values = []string{"x", "z"} }, true, true},
		"two fields for types": {func(i *disco.Info) { i.Forms[0].Fields = append(i.Forms[0].Fields, i.Forms[0].Fields[0]) }, true, true},
		"a type that is shown": {func(i *disco.Info) { i.Forms[0].Fields[0].Type = form.FieldTypeTextSingle }, false, true},
		"a form without type":  {func(i *disco.Info) { i.Forms[0].Fields = i.Forms[0].Fields[1:] }, false, true},
		"a table":              {func(i *disco.Info) { i.Forms[0].Items = []form.Item{{}} }, false, true},
	} {
		info := good()
		c.spoil(info)
		_, err := discovery.Verification(info, hashes.AlgorithmSHA1)
		require.Equal(t, c.older, err != nil, name)
		if err != nil {
			require.ErrorIs(t, err, discovery.ErrIllFormed, name)
		}
		_, err = discovery.Hash(info, hashes.AlgorithmSHA256)
		require.Equal(t, c.newer, err != nil, name)
		if err != nil {
			require.ErrorIs(t, err, discovery.ErrIllFormed, name)
		}
	}
}
