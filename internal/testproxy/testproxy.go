// Package testproxy is a network that fails: a proxy for tests that splits and cuts what
// goes through it, over TCP or in memory.
package testproxy

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// Dialer makes connections.
type Dialer interface {
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}

// Proxy forwards connections to one address.
type Proxy struct {
	target string
	next   Dialer
	l      net.Listener // nil in memory

	mu     sync.Mutex
	conns  map[*pair]struct{} // guarded by mu
	plan   func() Fault       // guarded by mu: nil for none
	chance func(n int) int    // guarded by mu: nil for any
	behind string             // guarded by mu: where to cut next on the way up
	cuts   int                // guarded by mu
	down   bool               // guarded by mu
	wg     sync.WaitGroup
}

// Fault says when a connection is to end.
type Fault struct {
	// Up and Down are after how many bytes it does, on the way to the target and back; 0 is
	// never.
	Up, Down int
	// Hard throws away what is under way.
	Hard bool
}

// pair is a client's connection and the one to the target that it leads to.
type pair struct {
	client, server net.Conn
	fault          Fault // immutable
	once           sync.Once
	tail           []byte // of the goroutine that forwards up: what may begin the text behind which to cut
}

// New starts a proxy for an address.
func New(target string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{target: target, next: &net.Dialer{}, l: l, conns: map[*pair]struct{}{}}
	p.wg.Go(p.accept)
	return p, nil
}

// InMemory returns a proxy without a port: clients reach it by [Proxy.DialContext], and
// it reaches what next dials.
func InMemory(next Dialer) *Proxy {
	return &Proxy{next: next, conns: map[*pair]struct{}{}}
}

// DialContext connects to the target through the proxy, whatever the address is.
func (p *Proxy) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	if p.l != nil {
		return (&net.Dialer{}).DialContext(ctx, network, p.Addr())
	}
	server, err := p.next.DialContext(ctx, network, p.target)
	if err != nil {
		return nil, err
	}
	ours, theirs := net.Pipe()
	p.serve(theirs, server)
	return ours, nil
}

// Plan makes the proxy ask f for the fault of each connection to come; nil for none.
func (p *Proxy) Plan(f func() Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan = f
}

// Chance makes the proxy take chances from f, which returns numbers below n, and is called
// by one goroutine at a time.
func (p *Proxy) Chance(f func(n int) int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.chance = f
}

func (p *Proxy) roll(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.chance != nil {
		return p.chance(n)
	}
	return rand.IntN(n)
}

// CutBehind makes the proxy end a connection when a text has passed on the way to the
// target, once: the target gets all up to there and nothing behind it.
func (p *Proxy) CutBehind(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behind = text
}

// upTo returns how much of b passes before the cut behind a text; found is false if there is
// none in it.
func (p *Proxy) upTo(c *pair, b []byte) (n int, found bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.behind == "" {
		return len(b), false
	}
	all := append(c.tail, b...)
	if i := bytes.Index(all, []byte(p.behind)); i >= 0 {
		n = i + len(p.behind) - len(c.tail)
		p.behind = ""
		p.cuts++
		return n, true
	}
	c.tail = append([]byte(nil), all[max(0, len(all)-len(p.behind)+1):]...)
	return len(b), false
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
		b, err := p.next.DialContext(context.Background(), "tcp", p.target)
		if err != nil {
			a.Close()
			continue
		}
		p.serve(a, b)
	}
}

// serve forwards between two connections.
func (p *Proxy) serve(client, server net.Conn) {
	c := &pair{client: client, server: server}
	p.mu.Lock()
	if p.plan != nil {
		c.fault = p.plan()
	}
	p.conns[c] = struct{}{}
	p.mu.Unlock()
	p.wg.Go(func() { p.forward(c, server, client, c.fault.Up) })
	p.wg.Go(func() { p.forward(c, client, server, c.fault.Down) })
}

// forward copies one way, in pieces of random size, until so many bytes have passed; 0 is
// any number.
func (p *Proxy) forward(c *pair, to, from net.Conn, limit int) {
	defer p.end(c, false)
	buf := make([]byte, 16<<10)
	for passed := 0; ; {
		n, err := from.Read(buf)
		if found := false; from == c.client {
			if n, found = p.upTo(c, buf[:n]); found {
				_, _ = to.Write(buf[:n])
				if t, ok := to.(*net.TCPConn); ok {
					_ = t.CloseWrite()
				}
				time.Sleep(20 * time.Millisecond) // the other way goes on, or this would be a reset
				return
			}
		}
		for at := 0; at < n; {
			k := min(n-at, 1+p.roll(4<<10))
			if limit > 0 {
				k = min(k, limit-passed)
			}
			if _, err := to.Write(buf[at : at+k]); err != nil {
				return
			}
			at += k
			if passed += k; passed == limit {
				p.cut(c)
				return
			}
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

// cut ends a connection as its fault says.
func (p *Proxy) cut(c *pair) {
	p.mu.Lock()
	if _, there := p.conns[c]; there {
		p.cuts++
	}
	p.mu.Unlock()
	p.end(c, c.fault.Hard)
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
	if p.l != nil {
		p.l.Close()
	}
	p.Cut(true)
	p.wg.Wait()
}
