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

// pair is a client's connection and the one to the target that it leads to.
type pair struct {
	client, server net.Conn
	once           sync.Once
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
		c := &pair{client: a, server: b}
		p.mu.Lock()
		p.conns[c] = struct{}{}
		p.mu.Unlock()
		p.wg.Go(func() { p.forward(c, a, b) }) // from the server to the client
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
			reset(c.client)
			reset(c.server)
		} else {
			c.client.Close()
			c.server.Close()
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

// CutTidily ends all connections so that the target gets what the clients have written,
// while they miss what the target has. It takes clients that write whole stanzas at once,
// and do not do so all the time.
func (p *Proxy) CutTidily() {
	p.mu.Lock()
	var all []*pair
	for c := range p.conns {
		all = append(all, c)
	}
	p.cuts += len(all)
	p.mu.Unlock()
	for _, c := range all {
		// nothing goes to the client any more; it notices by the silence, or by its own end
		if t, ok := c.client.(*net.TCPConn); ok {
			_ = t.CloseWrite()
		}
	}
	time.Sleep(20 * time.Millisecond)
	for _, c := range all {
		p.end(c, false)
	}
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
