package mechanism

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Offer is what a server offers, and over what.
type Offer struct {
	// Mechanisms are the names, in the server's order.
	Mechanisms []string
	// Bindings are the channel bindings that the server says it takes (XEP-0440), nil if it
	// says nothing.
	Bindings []string
	// Extensible says that the offer is one of XEP-0388, whose rules for bindings are
	// stricter.
	Extensible bool
	// TLS is the connection's state, nil without TLS.
	TLS *tls.ConnectionState
	// Possible are the channel bindings that can be used with it; nil for any.
	Possible []string
	// Host and Port are where the client has connected to, for OAUTHBEARER.
	Host string
	Port uint16
}

// Policy bounds the choice.
type Policy struct {
	// Minimum is the weakest mechanism that may be used, 0 for any.
	Minimum int
	// Only are the mechanisms that may be used, nil for any.
	Only []string
	// RequireBinding refuses what is not bound to the TLS channel.
	RequireBinding bool
	// Bound says that an earlier login was bound to its channel: one that is not has to be
	// with a server that proves to offer no more (XEP-0474).
	Bound bool
	// NoPlain refuses PLAIN: something better has worked before.
	NoPlain bool
	// PlainText allows a password to be sent without TLS. It is for tests on loopback.
	PlainText bool
	// Iterations is the highest iteration count that SCRAM takes part in.
	Iterations int
	// Keys remembers what SCRAM has worked out; nil for nothing.
	Keys *Keys
}

// Choose returns the strongest mechanism that is offered, that the credentials fit, and
// that may be used. The error says what stood against each.
func Choose(o Offer, c Credentials, p Policy) (Mechanism, error) {
	bind, flag, sure, err := o.binding()
	if err != nil {
		return nil, err
	}
	names := slices.Clone(o.Mechanisms)
	slices.SortStableFunc(names, func(a, b string) int { return strength(b) - strength(a) })
	var why []error
	for _, name := range names {
		m, err := try(name, o, c, p, bind, flag)
		if (sure || p.Bound && !IsPlus(name)) && err == nil {
			err = beSure(m)
		}
		if err == nil {
			return m, nil
		}
		why = append(why, fmt.Errorf("%s: %w", safe(name), err))
	}
	if len(why) == 0 {
		why = append(why, errors.New("the server offers none"))
	}
	return nil, fmt.Errorf("%w: %w", ErrNone, errors.Join(why...))
}

// beSure makes a mechanism fail unless the server proves what it has offered.
func beSure(m Mechanism) error {
	switch m := m.(type) {
	case *exchange:
		m.sure = true
	case external, anonymous: // there is no password to lose
	default:
		return fmt.Errorf("%w: there is no channel binding, and no proof that there is none", ErrDowngrade)
	}
	return nil
}

// safe returns a name that a server gave as one that can be printed.
func safe(name string) string {
	if strength(name) > 0 {
		return name
	}
	return fmt.Sprintf("%.40q", name)
}

func try(name string, o Offer, c Credentials, p Policy, bind binding, flag byte) (Mechanism, error) {
	n := strength(name)
	switch {
	case n == 0:
		return nil, errors.New("not known")
	case n < p.Minimum:
		return nil, errors.New("weaker than the minimum")
	case p.Only != nil && !slices.Contains(p.Only, name):
		return nil, errors.New("not allowed")
	case c.Anonymous != (n == Anonymous):
		return nil, errors.New("no credentials for it")
	case p.RequireBinding && !strings.HasSuffix(name, "-PLUS"):
		return nil, errors.New("not bound to the TLS channel")
	}
	switch n {
	case Anonymous:
		return anonymous{}, nil
	case External:
		if !c.Certificate || o.TLS == nil {
			return nil, errors.New("no client certificate")
		}
		return external{c.Authzid}, nil
	case Bearer:
		switch {
		case c.Bearer == "":
			return nil, errors.New("no token")
		case o.TLS == nil && !p.PlainText:
			return nil, errors.New("not without TLS")
		}
		return &bearer{c: c, host: o.Host, port: o.Port}, nil
	}
	switch {
	case c.Password == "" || c.Username == "":
		return nil, errors.New("no password")
	case n == Plain && p.NoPlain:
		return nil, errors.New("an earlier login was by something better")
	case n == Plain:
		if o.TLS == nil && !p.PlainText {
			return nil, errors.New("not without TLS")
		}
		if strings.ContainsRune(c.Username+c.Password+c.Authzid, 0) {
			return nil, errors.New("the credentials contain a NUL")
		}
		return plain{c}, nil
	case strings.HasSuffix(name, "-PLUS"):
		if bind.name == "" {
			return nil, errors.New("no channel binding that the server is known to take")
		}
		return newSCRAM(name, c, o, p, bind, 'p')
	}
	return newSCRAM(name, c, o, p, binding{}, flag)
}
