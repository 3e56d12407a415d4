package xmpp

import "sync"

// redirect is where the server has sent the client (RFC 6120, section 4.9.3.19). Whoever
// is there has to show a certificate for the same domain. Since the sending may come in
// clear text, from anybody, a place that no session comes of is not gone to again.
type redirect struct {
	mu    sync.Mutex
	to    string // guarded by mu: "" for nowhere
	tried string // guarded by mu: the hint that the last connection was made by, if no session came of it
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
	r.to, r.tried = to, ""
}

// forget forgets a redirection that leads nowhere.
func (r *redirect) forget(host string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.to == host {
		r.to = ""
	}
}

// try notes that a connection was made by a hint.
func (r *redirect) try(hint string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried = hint
}

// arrived notes that a session came of the last connection.
func (r *redirect) arrived() { r.try("") }

// inVain returns the hint that has led to a connection and to nothing more, once.
func (r *redirect) inVain() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	hint := r.tried
	if r.tried = ""; hint != "" && r.to == hint {
		r.to = ""
	}
	return hint
}
