package xmpptest

import (
	"net/http"
	"time"

	"stanza.invalid/internal/boshconn"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/bosh"
	"stanza.invalid/xmpp/jid"
)

// boshPath is where clients connect by BOSH.
const boshPath = "/http-bind"

// BOSHOptions say how a server takes clients by BOSH (XEP-0124). The times are told to
// clients in whole seconds.
type BOSHOptions struct {
	// Wait is how long a request is held at most (default 1 min).
	Wait time.Duration
	// Inactivity is how long a session lasts without a request (default 30 s).
	Inactivity time.Duration
	// MaxPause is for how long clients may pause (default 2 min; negative for no pauses).
	MaxPause time.Duration
	// Polling holds no request: clients have to ask again and again, this long apart.
	Polling time.Duration
}

func (o BOSHOptions) withDefaults() BOSHOptions {
	if o.Wait <= 0 {
		o.Wait = time.Minute
	}
	if o.Inactivity <= 0 {
		o.Inactivity = 30 * time.Second
	}
	if o.MaxPause == 0 {
		o.MaxPause = 2 * time.Minute
	}
	return o
}

// BOSHURL returns where clients connect by BOSH (XEP-0124) over loopback. It is otherwise
// like [Server.WebsocketURL].
func (s *Server) BOSHURL() string {
	w := s.webServer()
	return w.scheme("http") + "://" + w.listen() + boshPath
}

// BOSHConfig returns how a client connects by BOSH: in memory, and found by what the domain
// says of itself over HTTPS (XEP-0156), unless the server has no TLS.
func (s *Server) BOSHConfig(addr string) xmpp.Config {
	t := &bosh.Transport{}
	if s.cfg.NoTLS {
		t.URL = "http://" + jid.MustParse(addr).Domain() + boshPath
	}
	return s.webConfig(addr, t)
}

// LoseRequests cuts the connections of the next n requests by BOSH before the server has
// looked at them, and of none any more if n is negative. Clients have to send them again.
func (s *Server) LoseRequests(n int) { s.webServer().bosh.Lose(boshconn.LoseRequest, n) }

// LoseAnswers cuts the connections of the next n requests by BOSH in the middle of the
// answer, and of none any more if n is negative. The server has handled them, and does not
// again when they come again.
func (s *Server) LoseAnswers(n int) { s.webServer().bosh.Lose(boshconn.LoseAnswer, n) }

// BOSHRequests returns how many requests by BOSH there were, with those that were lost.
func (s *Server) BOSHRequests() int { return s.webServer().bosh.Requests() }

func (s *Server) newBOSH() *boshconn.Server {
	o := s.cfg.BOSH.withDefaults()
	return boshconn.NewServer(boshconn.ServerConfig{
		Wait: o.Wait, Inactivity: o.Inactivity, MaxPause: o.MaxPause, Polling: o.Polling, NoHold: o.Polling > 0, Limits: s.cfg.Limits,
		Accept: func(ses *boshconn.Session, r *http.Request) error { return s.acceptWeb(ses, r, true) },
	})
}
