package xmpp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// slowZone is a zone some of whose servers do not answer.
type slowZone struct {
	zone
	silent map[string]bool
	after  map[string]time.Duration
}

func (z slowZone) wait(ctx context.Context, question string) error {
	if z.silent[question] {
		<-ctx.Done()
		return ctx.Err()
	}
	time.Sleep(z.after[question])
	return nil
}

func (z slowZone) LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error) {
	if err := z.wait(ctx, service); err != nil {
		return "", nil, err
	}
	return z.zone.LookupSRV(ctx, service, proto, name)
}

func (z slowZone) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if err := z.wait(ctx, network+" "+host); err != nil {
		return nil, err
	}
	all, err := z.zone.LookupNetIP(ctx, network, host)
	var some []netip.Addr
	for _, ip := range all {
		if ip.Is4() == (network == "ip4") {
			some = append(some, ip)
		}
	}
	return some, err
}

// X7: a question that DNS does not answer, for one service, one target or one family of
// addresses, does not hold up those that it does answer.
func TestX7SilentDNS(t *testing.T) {
	t.Parallel()
	z := zone{
		srv: map[string][]*net.SRV{
			"_xmpp-client._tcp.example.org.":   {{Target: "a.example.net.", Port: 5222, Priority: 10}, {Target: "b.example.net.", Port: 5222, Priority: 20}},
			"_xmpps-client._tcp.example.org.":  {{Target: "a.example.net.", Port: 443, Priority: 15}},
			"_xmpp-client._tcp.half.example.":  {{Target: "."}},
			"_xmpps-client._tcp.half.example.": {{Target: "a.example.net.", Port: 443}},
		},
		ip: map[string][]string{
			"a.example.net": {"192.0.2.1", "2001:db8::1"},
			"b.example.net": {"192.0.2.3"},
			"example.org":   {"192.0.2.9"},
		},
	}
	for name, c := range map[string]struct {
		addr   string
		silent []string
		after  map[string]time.Duration
		want   []string
		within time.Duration
	}{
		"all answer":          {"me@example.org", nil, nil, []string{"[2001:db8::1]:5222", "192.0.2.1:5222", "[2001:db8::1]:443 direct", "192.0.2.1:443 direct", "192.0.2.3:5222"}, 0},
		"one service":         {"me@example.org", []string{"xmpps-client"}, nil, []string{"[2001:db8::1]:5222", "192.0.2.1:5222", "192.0.2.3:5222"}, time.Second},
		"the other service":   {"me@example.org", []string{"xmpp-client"}, nil, []string{"[2001:db8::1]:443 direct", "192.0.2.1:443 direct"}, time.Second},
		"one that is late":    {"me@half.example", nil, map[string]time.Duration{"xmpps-client": 3 * time.Second}, []string{"[2001:db8::1]:443 direct", "192.0.2.1:443 direct"}, 3 * time.Second},
		"no service":          {"me@example.org", []string{"xmpp-client", "xmpps-client"}, nil, []string{"192.0.2.9:5222"}, 11 * time.Second},
		"IPv6":                {"me@example.org", []string{"ip6 a.example.net", "ip6 b.example.net"}, nil, []string{"192.0.2.1:5222", "192.0.2.1:443 direct", "192.0.2.3:5222"}, time.Second},
		"one target":          {"me@example.org", []string{"ip6 a.example.net", "ip4 a.example.net"}, nil, []string{"192.0.2.3:5222"}, time.Second},
		"none of the targets": {"me@example.org", []string{"ip6 a.example.net", "ip4 a.example.net", "ip6 b.example.net", "ip4 b.example.net"}, nil, []string{"a.example.net:5222", "a.example.net:443 direct", "b.example.net:5222"}, 11 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				silent := map[string]bool{}
				for _, q := range c.silent {
					silent[q] = true
				}
				begin := time.Now()
				all, err := clientFor(t, c.addr, Config{Resolver: slowZone{z, silent, c.after}}).candidates(t.Context())
				require.NoError(t, err)
				require.Equal(t, c.want, places(all))
				require.LessOrEqual(t, time.Since(begin), c.within)
			})
		})
	}
}

// X7: among records without weights everybody has a chance, whatever order DNS has; and a
// target of many addresses leaves room for others.
func TestX7Balance(t *testing.T) {
	t.Parallel()
	first := map[string]int{}
	for range 2000 {
		all := order([]*net.SRV{{Target: "a.", Port: 1}, {Target: "b.", Port: 1}}, []*net.SRV{{Target: "c.", Port: 1}})
		first[all[0].host]++
	}
	for _, host := range []string{"a", "b", "c"} {
		require.InDelta(t, 2000/3, first[host], 200, host)
	}

	z := zone{
		srv: map[string][]*net.SRV{"_xmpp-client._tcp.example.org.": {{Target: "many.", Port: 1, Priority: 1}, {Target: "few.", Port: 2, Priority: 2}}},
		ip:  map[string][]string{"few": {"192.0.2.1"}},
	}
	for i := range 5000 {
		z.ip["many"] = append(z.ip["many"], fmt.Sprintf("10.0.%d.%d", i/256, i%256))
	}
	all, err := clientFor(t, "me@example.org", Config{Resolver: z}).candidates(t.Context())
	require.NoError(t, err)
	require.Len(t, all, maxAddresses/2+1)
	require.Equal(t, "192.0.2.1:2", all[len(all)-1].String())
}
