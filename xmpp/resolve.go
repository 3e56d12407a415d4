package xmpp

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A Resolver looks names up in DNS. *net.Resolver is one.
type Resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (cname string, addrs []*net.SRV, err error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// candidate is one place where the server may be.
type candidate struct {
	host   string
	port   uint16
	direct bool // TLS from the first byte (XEP-0368)
}

func (c candidate) String() string {
	return net.JoinHostPort(c.host, strconv.Itoa(int(c.port)))
}

// How much of what DNS says is looked at.
const (
	maxTargets   = 16
	maxAddresses = 32
)

// candidates returns where the server may be, in the order in which to try.
func (c *Client) candidates(ctx context.Context) ([]candidate, error) {
	if c.cfg.Addr != "" {
		host, port, err := c.cfg.address()
		if err != nil {
			return nil, err
		}
		return c.addresses(ctx, []candidate{{host, port, c.cfg.DirectTLS}}), nil
	}
	own := []candidate{{host: c.domain, port: defaultPort}}
	if net.ParseIP(c.domain) != nil {
		return own, nil
	}
	found := gather(ctx, []func(ctx context.Context) []*net.SRV{c.srv("xmpp-client"), c.srv("xmpps-client")},
		func(r *net.SRV) bool { return r.Target != "." })
	plain, direct := found[0], found[1]
	if len(plain)+len(direct) == 0 {
		return c.addresses(ctx, own), nil // RFC 6120, section 3.2.2
	}
	targets := order(plain, direct)
	if len(targets) == 0 {
		return nil, ErrNoService
	}
	return c.addresses(ctx, targets), nil
}

// srv looks up one service. An error is like no answer.
func (c *Client) srv(service string) func(ctx context.Context) []*net.SRV {
	return func(ctx context.Context) []*net.SRV {
		var all []*net.SRV
		c.tell("Config.Resolver", func() { _, all, _ = c.cfg.resolver().LookupSRV(ctx, service, "tcp", c.domain+".") })
		return all
	}
}

// order mixes the two services (XEP-0368, section 2.1) and puts the records in the order
// of RFC 2782: by priority, and by lot among those of one priority, each with a chance by
// its weight. Those without weight come in no order, but first, which gives them a small
// chance. The target "." says that there is no such service.
func order(plain, direct []*net.SRV) []candidate {
	type record struct {
		candidate
		priority, weight uint16
	}
	var all []record
	for i, list := range [][]*net.SRV{plain, direct} {
		for _, r := range list {
			host := strings.TrimSuffix(r.Target, ".")
			if host == "" || r.Port == 0 {
				continue
			}
			all = append(all, record{candidate{host, r.Port, i == 1}, r.Priority, r.Weight})
		}
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	slices.SortStableFunc(all, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(a.weight, b.weight))
	})
	var out []candidate
	for len(all) > 0 && len(out) < maxTargets {
		n, sum := 0, 0
		for n < len(all) && all[n].priority == all[0].priority {
			sum += int(all[n].weight)
			n++
		}
		pick, i := rand.IntN(sum+1), 0
		for at := int(all[0].weight); at < pick; at += int(all[i].weight) {
			i++
		}
		out = append(out, all[i].candidate)
		all = slices.Delete(all, i, i+1)
	}
	return out
}

// addresses replaces names by addresses, IPv6 and IPv4 in turns. A dialer of the user's
// own resolves names itself: a proxy must.
func (c *Client) addresses(ctx context.Context, targets []candidate) []candidate {
	if c.cfg.Dialer != nil {
		return targets
	}
	families := []string{"ip6", "ip4"}
	var ask []func(ctx context.Context) []netip.Addr
	for _, t := range targets {
		for _, family := range families {
			ask = append(ask, c.lookUp(family, t.host))
		}
	}
	found := gather(ctx, ask, func(netip.Addr) bool { return true })
	each := maxAddresses / len(targets)
	var out []candidate
	for i, t := range targets {
		n := 0
		for _, ip := range alternate(found[2*i], found[2*i+1]) {
			if n < each {
				out = append(out, candidate{ip.String(), t.port, t.direct})
				n++
			}
		}
	}
	if len(out) == 0 {
		return targets // let the dialer say what is wrong with the names
	}
	return out
}

// lookUp looks up the addresses of one family that a host has. Each family is asked for on
// its own, since there are servers that answer only to one.
func (c *Client) lookUp(family, host string) func(ctx context.Context) []netip.Addr {
	return func(ctx context.Context) (out []netip.Addr) {
		all := []netip.Addr{}
		if ip, err := netip.ParseAddr(host); err == nil {
			all = append(all, ip)
		} else {
			c.tell("Config.Resolver", func() { all, _ = c.cfg.resolver().LookupNetIP(ctx, family, host) })
		}
		for _, ip := range all {
			if ip = ip.Unmap(); ip.Is4() == (family == "ip4") {
				out = append(out, ip)
			}
		}
		return out
	}
}

// alternate puts addresses of both families in turns, IPv6 first (RFC 8305, section 4).
func alternate(six, four []netip.Addr) (out []netip.Addr) {
	for i := range max(len(six), len(four)) {
		if i < len(six) {
			out = append(out, six[i])
		}
		if i < len(four) {
			out = append(out, four[i])
		}
	}
	return out
}
