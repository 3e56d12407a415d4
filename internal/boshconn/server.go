package boshconn

import (
	"crypto/rand"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"stanza.invalid/gen/httpbind"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// ServerConfig is how a server takes sessions.
type ServerConfig struct {
	// Wait is how long a request may be held, if the client wants it held for so long.
	Wait time.Duration
	// Inactivity is how long a session lasts without a request.
	Inactivity time.Duration
	// MaxPause is how long clients may pause; 0 lets them not.
	MaxPause time.Duration
	// Polling is how long there has to be between two requests that carry nothing and get
	// nothing; 0 for no time.
	Polling time.Duration
	// NoHold answers each request at once.
	NoHold bool
	// Limits bound what one element may cost.
	Limits wire.Limits
	// Accept is called with each new session, and the request that it begins with.
	Accept func(s *Session, r *http.Request) error
}

// Server takes the requests of clients.
type Server struct {
	cfg ServerConfig // immutable

	mu       sync.Mutex
	sessions map[string]*Session // guarded by mu
	losses   []Loss              // guarded by mu: for the requests to come
	requests int                 // guarded by mu: how many there were
}

// Loss is how a request is lost.
type Loss uint8

const (
	_ Loss = iota
	// LoseRequest loses it before the server has seen it.
	LoseRequest
	// LoseAnswer loses the second half of the answer.
	LoseAnswer
)

// NewServer returns a server.
func NewServer(cfg ServerConfig) *Server {
	return &Server{cfg: cfg, sessions: map[string]*Session{}}
}

// Lose makes the next n requests be lost, or none any more if n is negative.
func (s *Server) Lose(how Loss, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n < 0 {
		s.losses = nil
	}
	for range n {
		s.losses = append(s.losses, how)
	}
}

// Requests returns how many requests there were.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

func (s *Server) loss() (how Loss) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if len(s.losses) > 0 {
		how, s.losses = s.losses[0], s.losses[1:]
	}
	return how
}

// requestBytes is how long a request may be.
const requestBytes = 4 << 20

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "this is for XMPP over BOSH", http.StatusMethodNotAllowed)
		return
	}
	how := s.loss()
	if how == LoseRequest {
		panic(http.ErrAbortHandler)
	}
	b := s.answer(r, http.MaxBytesReader(w, r.Body, requestBytes))
	if b == nil {
		panic(http.ErrAbortHandler) // the session was cut off
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	if how == LoseAnswer {
		_, _ = w.Write(b[:len(b)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(b)
}

// answer returns the answer to a request, nil for none.
func (s *Server) answer(r *http.Request, body io.Reader) []byte {
	q, err := readRequest(body, s.cfg.Limits)
	if err != nil {
		return refusal(httpbind.ConditionBadRequest)
	}
	if q.attrs.SessionID == "" {
		return s.create(q, r)
	}
	s.mu.Lock()
	ses := s.sessions[q.attrs.SessionID]
	s.mu.Unlock()
	if ses == nil {
		return refusal(httpbind.ConditionItemNotFound)
	}
	return ses.serve(q)
}

// refusal is an answer that ends a session.
func refusal(why httpbind.Condition) []byte {
	b, _ := appendBody(nil, &httpbind.Body{Type: httpbind.TypeTerminate, Condition: why}, nil)
	return b
}

// incomingRequest is a request that a client has sent.
type incomingRequest struct {
	attrs    httpbind.Body
	rid      uint64
	elements []wire.Raw
}

func readRequest(body io.Reader, l wire.Limits) (*incomingRequest, error) {
	p := newParser(body, l)
	root, err := p.root()
	if err != nil {
		return nil, err
	}
	attrs, err := stanza.Decode[httpbind.Body](root)
	if err != nil {
		return nil, err
	}
	q := &incomingRequest{attrs: *attrs}
	if q.attrs.RequestID == nil {
		return nil, root.MissingAttr("rid")
	}
	q.rid = *q.attrs.RequestID
	for {
		r, err := p.next()
		if err == io.EOF {
			return q, nil
		}
		if err != nil {
			return nil, err
		}
		q.elements = append(q.elements, r)
	}
}

// create begins a session.
func (s *Server) create(q *incomingRequest, r *http.Request) []byte {
	switch {
	case q.attrs.To.IsZero():
		return refusal(httpbind.ConditionImproperAddressing)
	case q.rid > maxRID-1<<20:
		return refusal(httpbind.ConditionBadRequest)
	}
	ses := newSession(s, rand.Text(), q)
	s.mu.Lock()
	s.sessions[ses.sid] = ses
	s.mu.Unlock()
	if err := s.cfg.Accept(ses, r); err != nil {
		s.forget(ses.sid)
		return refusal(httpbind.ConditionSystemShutdown)
	}
	return ses.serve(q)
}

func (s *Server) forget(sid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, sid)
}
