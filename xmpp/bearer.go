package xmpp

import (
	"encoding/json"
	"fmt"

	"stanza.invalid/internal/mechanism"
)

// BearerError is why a server does not take an OAuth 2.0 access token (RFC 7628, section
// 3.2.2): the cause of an [*AuthError], if the server explains itself.
type BearerError struct {
	// Status is the kind of error, such as invalid_token (RFC 6750, section 3.1).
	Status string `json:"status"`
	// Scope is the scope that a token needs.
	Scope string `json:"scope"`
	// Configuration is the URL at which the provider of tokens describes itself.
	Configuration string `json:"openid-configuration"`
}

// Error says what the server has said.
func (e *BearerError) Error() string {
	s := fmt.Sprintf("the token: %.60q", e.Status)
	if e.Scope != "" {
		s += fmt.Sprintf(", scope %.200q", e.Scope)
	}
	if e.Configuration != "" {
		s += fmt.Sprintf(", see %.200q", e.Configuration)
	}
	return s
}

// explained returns what a server has said in the mechanism about why it refuses, nil if it
// has said nothing.
func explained(m mechanism.Mechanism) error {
	x, ok := m.(interface{ Explanation() string })
	if !ok || x.Explanation() == "" {
		return nil
	}
	e := new(BearerError)
	if err := json.Unmarshal([]byte(x.Explanation()), e); err != nil || e.Status == "" {
		return fmt.Errorf("the server explains: %.200q", x.Explanation())
	}
	return e
}
