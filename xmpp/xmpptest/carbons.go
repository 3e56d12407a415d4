package xmpptest

// setCarbons notes whether a client wants copies of what others of its account send and get
// (XEP-0280).
func (s *Server) setCarbons(r *resource, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.carbons = on
}
