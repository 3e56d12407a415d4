package xmpp

import "sync"

// redirect is where the server has sent the client (RFC 6120, section 4.9.3.19). Whoever
// is there has to show a certificate for the same domain.
type redirect struct {
	mu sync.Mutex
	to string // guarded by mu: "" for nowhere
}

func (r *redirect) host() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.to
}

// follow takes a redirection, and reports whether it is one.
func (r *redirect) follow(host string) bool {
	if _, _, err := splitHostPort(host, defaultPort); err != nil {
		return false
	}
	r.set(host)
	return true
}

func (r *redirect) set(to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = to
}

// forget forgets a redirection that leads nowhere.
func (r *redirect) forget(host string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.to == host {
		r.to = ""
	}
}
