package discovery_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/form"
	"stanza.invalid/gen/hashes"
	"stanza.invalid/xmpp/discovery"
	"stanza.invalid/xmpp/stanza"
)

// VS12: who announces another's hash speaks for himself alone, whoever is asked first, and no
// cache remembers what he says.
func TestVS12Poisoning(t *testing.T) {
	t.Parallel()
	for name, announce := range map[string]func(t *testing.T) stanza.Payload{
		"XEP-0390": func(t *testing.T) stanza.Payload { return newer(t, able, hashes.AlgorithmSHA256) },
		"XEP-0115": func(t *testing.T) stanza.Payload { return older(t, able) },
	} {
		for liar, says := range map[string]*disco.Info{
			"other features":  unable,
			"a feature twice": {Identities: able.Identities, Features: append(features("urn:a"), able.Features...)},
			"nothing":         {},
		} {
			t.Run(name+" "+liar, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					cache := &memory{}
					s := onStage(t, discovery.Config{Cache: cache}, nil)
					mallory, romeo := s.contact("mallory@example.com/x", says), s.contact("romeo@example.net/y", able)
					mallory.announce(t, announce(t))
					romeo.announce(t, announce(t))
					for range 2 {
						got := s.features(mallory)
						require.Len(t, got, len(says.Features), "of himself he may say what he likes")
					}
					require.Len(t, s.wrong(), 1)
					require.Empty(t, cache.keys())
					asked := mallory.queries()
					require.Len(t, asked, 2, "by the node, and once without")
					require.Empty(t, asked[1])
					require.Equal(t, isAble, s.features(romeo))
					require.Len(t, romeo.queries(), 1)
					require.Len(t, cache.keys(), 1)
					require.NotEqual(t, isAble, s.features(mallory), "what he was caught with stays with him")
				})
			})
		}
	}
}

// VS12: answers that go with another's hash of XEP-0115, but mean something else: features that
// became a form, identities, or run into each other at a '<'. They hide what the others can do.
func TestVS12Collisions(t *testing.T) {
	t.Parallel()
	victim := &disco.Info{
		Identities: []disco.Identity{{Category: "client", Type: "pc", Name: "Orchard"}},
		Features:   features("http://jabber.org/protocol/muc", "urn:xmpp:jingle:1", "urn:xmpp:ping", "urn:xmpp:receipts"),
	}
	slashed := &disco.Info{Identities: []disco.Identity{{Category: "client", Type: "pc", Name: "Or/chard"}}, Features: victim.Features}
	full := &disco.Info{Identities: victim.Identities, Features: victim.Features, Forms: []form.Form{typedForm("a:form", "x=y")}}
	for name, c := range map[string]struct{ victim, lie *disco.Info }{
		"features as a form": {victim, &disco.Info{
			Identities: victim.Identities, Features: victim.Features[:2], Forms: []form.Form{typedForm("urn:xmpp:ping", "urn:xmpp:receipts")},
		}},
		"a feature as an identity": {victim, &disco.Info{
			Identities: append(slices.Clone(victim.Identities), disco.Identity{Category: "http:", Lang: "jabber.org", Name: "protocol/muc"}), Features: victim.Features[1:],
		}},
		"features in one": {victim, &disco.Info{
			Identities: victim.Identities, Features: features("http://jabber.org/protocol/muc<urn:xmpp:jingle:1<urn:xmpp:ping", "urn:xmpp:receipts"),
		}},
		"features in the name": {victim, &disco.Info{
			Identities: []disco.Identity{{Category: "client", Type: "pc", Name: "Orchard<http://jabber.org/protocol/muc<urn:xmpp:jingle:1"}}, Features: victim.Features[2:],
		}},
		"all features as a form": {victim, &disco.Info{
			Identities: victim.Identities, Forms: []form.Form{typedForm("http://jabber.org/protocol/muc", "urn:xmpp:jingle:1=urn:xmpp:ping,urn:xmpp:receipts")},
		}},
		"a type in the category": {slashed, &disco.Info{
			Identities: []disco.Identity{{Category: "client/pc", Lang: "Or", Name: "chard"}}, Features: victim.Features,
		}},
		"the last feature as the first form": {full, &disco.Info{
			Identities: victim.Identities, Features: victim.Features[:3], Forms: []form.Form{typedForm("urn:xmpp:receipts", "a:form=x,y")},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := onStage(t, discovery.Config{}, nil)
				require.Equal(t, older(t, c.victim).Ver, older(t, c.lie).Ver, "the hash is the same")
				mallory, romeo := s.contact("mallory@example.com/x", c.lie), s.contact("romeo@example.net/y", c.victim)
				mallory.announce(t, older(t, c.lie))
				romeo.announce(t, older(t, c.victim))
				s.features(mallory)
				require.Len(t, s.wrong(), 1)
				require.Len(t, s.features(romeo), len(c.victim.Features))
				require.Len(t, romeo.queries(), 1, "mallory has not spoken for romeo")

				// XEP-0390 tells them apart
				h, err := discovery.Hash(c.victim, hashes.AlgorithmSHA256)
				require.NoError(t, err)
				l, err := discovery.Hash(c.lie, hashes.AlgorithmSHA256)
				require.True(t, err != nil || !slices.Equal(h.Value, l.Value))
			})
		})
	}
}

// VS12: what no hash covers is not handed on with what one does.
func TestVS12Uncovered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, discovery.Config{}, nil)
		said := &disco.Info{Identities: able.Identities, Features: able.Features, Forms: []form.Form{typedForm("a", "v=1")}}
		said.Forms[0].Title = "a title"
		said.Forms[0].Fields[1].Label = "a label"
		untyped := typedForm("b", "w=2")
		untyped.Fields = untyped.Fields[1:]
		mallory, romeo := s.contact("mallory@example.com/x", &disco.Info{Identities: said.Identities, Features: said.Features, Forms: append(said.Forms, untyped)}), s.contact("romeo@example.net/y", said)
		mallory.announce(t, older(t, said))
		romeo.announce(t, older(t, said))
		s.features(mallory)
		info, err := s.dir.Lookup(t.Context(), romeo.JID())
		require.NoError(t, err)
		require.Empty(t, romeo.queries())
		require.Len(t, info.Forms, 1)
		require.Empty(t, info.Forms[0].Title)
		require.Equal(t, []string{"1"}, info.Forms[0].Fields[1].Values)
		require.Empty(t, info.Forms[0].Fields[1].Label)
	})
}
