package xmpp

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"stanza.invalid/gen/bind2"
	"stanza.invalid/gen/carbons"
	"stanza.invalid/gen/channelbinding"
	"stanza.invalid/gen/csi"
	"stanza.invalid/gen/fast"
	"stanza.invalid/gen/pipelining"
	"stanza.invalid/gen/sasl2"
	"stanza.invalid/gen/saslupgrade"
	"stanza.invalid/gen/sm"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// offered is what a server offers for logins by SASL 2 (XEP-0388): all that a client
// decides by, in an order of its own, so that two can be compared.
type offered struct {
	Mechanisms []string `json:"mechanisms"`
	// Bindings are the channel bindings that the server takes; nil if it does not say.
	Bindings []string `json:"bindings"`
	// Tokens are the mechanisms of tokens.
	Tokens []string `json:"tokens,omitempty"`
	// Upgrades are the tasks of XEP-0480.
	Upgrades []string `json:"upgrades,omitempty"`
	// Resume says that a session can be resumed along with the login, Bind that a resource
	// can be bound; the others are what it can be bound with.
	Resume  bool `json:"resume,omitempty"`
	Bind    bool `json:"bind,omitempty"`
	Enable  bool `json:"enable,omitempty"`
	Carbons bool `json:"carbons,omitempty"`
	CSI     bool `json:"csi,omitempty"`
	// Version names the features (XEP-0509); nil if they have no name.
	Version *configVersion `json:"version,omitempty"`
}

type configVersion struct {
	Scheme string `json:"scheme,omitempty"`
	Value  string `json:"value"`
}

// readOffer returns what stream features offer, nil without SASL 2.
func readOffer(features wire.Raw) *offered {
	r := features.Child(sasl2.NS, "authentication")
	if r.IsZero() {
		return nil
	}
	auth, err := stanza.Decode[sasl2.Authentication](r)
	if err != nil {
		return nil // there is the other way
	}
	o := &offered{Mechanisms: sorted(auth.Mechanisms), Bindings: bindings(features)}
	if o.Bindings != nil {
		o.Bindings = sorted(o.Bindings)
	}
	for _, r := range auth.Details {
		if u, err := stanza.Decode[saslupgrade.Upgrade](r); err == nil {
			o.Upgrades = append(o.Upgrades, u.Task)
		}
	}
	o.Upgrades = sorted(o.Upgrades)
	if auth.Inline != nil {
		for _, r := range auth.Inline.Features {
			o.readInline(r)
		}
	}
	if v, err := stanza.Decode[pipelining.ConfigVersion](features.Child(pipelining.NS, "config-version")); err == nil {
		o.Version = &configVersion{strings.Clone(string(v.Scheme)), strings.Clone(v.Value)}
	}
	return o
}

// readInline reads one thing that can be had along with the login.
func (o *offered) readInline(r wire.Raw) {
	switch {
	case r.Is(sm.NS, "sm"):
		o.Resume = true
	case r.Is(fast.NS, "fast"):
		if f, err := stanza.Decode[fast.Fast](r); err == nil {
			o.Tokens = sorted(f.Mechanisms)
		}
	case r.Is(bind2.NS, "bind"):
		b, err := stanza.Decode[bind2.Bind](r)
		if err != nil {
			return
		}
		o.Bind = true
		if b.Inline == nil {
			return
		}
		for _, f := range b.Inline.Features {
			switch f.Var {
			case sm.NS:
				o.Enable = true
			case carbons.NS:
				o.Carbons = true
			case csi.NS:
				o.CSI = true
			}
		}
	}
}

// sorted returns what was received in order, each once, and fit to be kept: it does not share
// the memory of the features.
func sorted(s []string) []string {
	s = slices.Clone(s)
	for i := range s {
		s[i] = strings.Clone(s[i])
	}
	slices.Sort(s)
	return slices.Compact(s)
}

// same reports whether two offers are.
func (o *offered) same(as *offered) bool {
	a, _ := json.Marshal(o) // strings and bools
	b, _ := json.Marshal(as)
	return bytes.Equal(a, b)
}

// bindings reads XEP-0440: nil if the server does not say.
func bindings(features wire.Raw) []string {
	r := features.Child(channelbinding.NS, "sasl-channel-binding")
	if r.IsZero() {
		return nil
	}
	all := []string{}
	for c := r.Children(); c.Next(); {
		if c.In(channelbinding.NS) && c.Local() == "channel-binding" {
			if t, ok := c.Raw().Attr("type"); ok {
				all = append(all, t)
			}
		}
	}
	return all
}
