// Package testproxy is a network that fails: a TCP proxy for tests that splits, delays and
// cuts what goes through it.
package testproxy

import (
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// Proxy forwards connections to one address.
type Proxy struct {
	target string
	l      net.Listener

	mu    sync.Mutex
	conns map[*pair]struct{} // guarded by mu
	cuts  int                // guarded by mu
	down  bool               // guarded by mu
	wg    sync.WaitGroup
}

type pair struct {
	a, b net.Conn
	once sync.Once
}

// New starts a proxy for an address.
func New(target string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{target: target, l: l, conns: map[*pair]struct{}{}}
	p.wg.Go(p.accept)
	return p, nil
}

// Addr is where to connect to.
func (p *Proxy) Addr() string { return p.l.Addr().String() }

func (p *Proxy) accept() {
	for {
		a, err := p.l.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		down := p.down
		p.mu.Unlock()
		if down {
			reset(a)
			continue
		}
		b, err := net.Dial("tcp", p.target)
		if err != nil {
			a.Close()
			continue
		}
		c := &pair{a: a, b: b}
		p.mu.Lock()
		p.conns[c] = struct{}{}
		p.mu.Unlock()
		p.wg.Go(func() { p.forward(c, a, b) })
		p.wg.Go(func() { p.forward(c, b, a) })
	}
}

// forward copies one way, in pieces of random size.
func (p *Proxy) forward(c *pair, to, from net.Conn) {
	defer p.end(c, false)
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		for at := 0; at < n; {
			k := min(n-at, 1+rand.IntN(4<<10))
			if _, err := to.Write(buf[at : at+k]); err != nil {
				return
			}
			at += k
		}
		if err != nil {
			if err == io.EOF {
				if t, ok := to.(*net.TCPConn); ok {
					_ = t.CloseWrite()
					time.Sleep(10 * time.Millisecond) // what comes the other way may still arrive
				}
			}
			return
		}
	}
}

// end closes both sides of a connection; hard ones are reset, which throws away what is
// under way.
func (p *Proxy) end(c *pair, hard bool) {
	c.once.Do(func() {
		if hard {
			reset(c.a)
			reset(c.b)
		} else {
			c.a.Close()
			c.b.Close()
		}
		p.mu.Lock()
		delete(p.conns, c)
		p.mu.Unlock()
	})
}

func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	c.Close()
}

// Cut ends all connections, by a reset or with what was sent so far still delivered, and
// returns how many there were.
func (p *Proxy) Cut(hard bool) int {
	p.mu.Lock()
	var all []*pair
	for c := range p.conns {
		all = append(all, c)
	}
	p.cuts += len(all)
	p.mu.Unlock()
	for _, c := range all {
		p.end(c, hard)
	}
	return len(all)
}

// Cuts returns how many connections were cut.
func (p *Proxy) Cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

// Down makes the proxy refuse connections, or accept them again.
func (p *Proxy) Down(on bool) {
	p.mu.Lock()
	p.down = on
	p.mu.Unlock()
}

// Close ends the proxy.
func (p *Proxy) Close() {
	p.l.Close()
	p.Cut(true)
	p.wg.Wait()
}
