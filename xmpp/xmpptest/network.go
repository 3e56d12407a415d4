package xmpptest

import (
	"bytes"
	"errors"
	"net"
	"sync"
	"time"
)

// errOffline is returned to who dials while the server cannot be reached.
var errOffline = errors.New("xmpptest: the network is down")

// network is what is wrong between the server and everybody else.
type network struct {
	mu       sync.Mutex
	offline  bool          // guarded by mu
	swallows bool          // guarded by mu
	delay    time.Duration // guarded by mu
}

// Offline cuts all connections without a word and lets nobody connect any more, or, with
// false, lets everybody connect again: a network that goes down and comes back. Sessions that
// can be resumed (XEP-0198) last meanwhile, as long as [Config].Resumption.
func (s *Server) Offline(on bool) {
	s.network.mu.Lock()
	s.network.offline = on
	s.network.mu.Unlock()
	if !on {
		return
	}
	s.mu.Lock()
	var all []*conn
	for c := range s.conns {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		c.raw.Close()
		<-c.gone
	}
}

// Swallow makes everything that is sent either way vanish, while connections stay and can be
// made: a network that is dead without saying so. With false new connections work again;
// those from before are good for nothing any more.
func (s *Server) Swallow(on bool) {
	s.network.mu.Lock()
	defer s.network.mu.Unlock()
	s.network.swallows = on
}

// Delay makes everything that the server sends arrive so much later, in order. What is on its
// way at a [Server.Disconnect] does not arrive.
func (s *Server) Delay(d time.Duration) {
	s.network.mu.Lock()
	defer s.network.mu.Unlock()
	s.network.delay = d
}

func (n *network) state() (swallows bool, delay time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.swallows, n.delay
}

func (n *network) down() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.offline
}

// road is a connection through the network.
type road struct {
	net.Conn
	srv    *Server
	once   sync.Once
	closed chan struct{}

	mu   sync.Mutex
	late chan parcel // guarded by mu: nil until something is delayed
}

// parcel is what is on its way.
type parcel struct {
	b    []byte
	due  time.Time
	sent chan struct{} // closed when it is its turn, if not nil
}

func (s *Server) newRoad(nc net.Conn) *road {
	return &road{Conn: nc, srv: s, closed: make(chan struct{})}
}

// Read returns what has not vanished.
func (r *road) Read(b []byte) (int, error) {
	for {
		n, err := r.Conn.Read(b)
		if swallows, _ := r.srv.network.state(); !swallows || err != nil {
			return n, err
		}
	}
}

// Write sends, at once or later.
func (r *road) Write(b []byte) (int, error) {
	swallows, delay := r.srv.network.state()
	if swallows {
		return len(b), nil
	}
	r.mu.Lock()
	if r.late == nil && delay > 0 {
		r.late = make(chan parcel, 1000)
		_ = r.Conn.SetWriteDeadline(time.Time{}) // that was for now
		r.srv.running.Go(r.carry)
	}
	late := r.late
	r.mu.Unlock()
	if late == nil {
		return r.Conn.Write(b)
	}
	select {
	case late <- parcel{b: bytes.Clone(b), due: time.Now().Add(delay)}:
		return len(b), nil
	case <-r.closed:
		return 0, net.ErrClosed
	}
}

// SetWriteDeadline bounds writes that are not delayed.
func (r *road) SetWriteDeadline(t time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.late != nil {
		return nil
	}
	return r.Conn.SetWriteDeadline(t)
}

// carry delivers what is on its way until the connection is closed.
func (r *road) carry() {
	for {
		select {
		case p := <-r.late:
			t := time.NewTimer(time.Until(p.due))
			select {
			case <-t.C:
			case <-r.closed:
				t.Stop()
				return
			}
			if p.sent != nil {
				close(p.sent)
			} else if _, err := r.Conn.Write(p.b); err != nil {
				r.Close() // the reader notices
				return
			}
		case <-r.closed:
			return
		}
	}
}

// arrive waits until all that was sent has arrived.
func (r *road) arrive() {
	r.mu.Lock()
	late := r.late
	r.mu.Unlock()
	if late == nil {
		return
	}
	sent := make(chan struct{})
	select {
	case late <- parcel{sent: sent}:
	case <-r.closed:
		return
	}
	select {
	case <-sent:
	case <-r.closed:
	}
}

// CloseWrite ends this direction, if that is possible.
func (r *road) CloseWrite() error {
	r.arrive()
	if t, ok := r.Conn.(interface{ CloseWrite() error }); ok {
		return t.CloseWrite()
	}
	return nil
}

// Close cuts the connection.
func (r *road) Close() error {
	r.once.Do(func() { close(r.closed) })
	return r.Conn.Close()
}

// roads is a listener whose connections go through the network.
type roads struct {
	net.Listener
	srv *Server
}

// Accept waits for a connection.
func (l roads) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if !l.srv.network.down() {
			return l.srv.newRoad(nc), nil
		}
		nc.Close()
	}
}
