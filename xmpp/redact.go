package xmpp

import (
	"fmt"
	"log/slog"
)

// What holds secrets prints without them, whatever the verb.

const redacted = "[redacted]"

// printAs is a Format method for what prints as s.
func printAs(f fmt.State, verb rune, s string) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), s)
}

// String returns the configuration without its secrets.
func (c Config) String() string {
	return fmt.Sprintf("xmpp.Config{Addr: %q, Resource: %q, secrets: %s}", c.Addr, c.Resource, redacted)
}

// Format prints nothing but String, whatever the verb, so that none shows a secret.
func (c Config) Format(f fmt.State, verb rune) { printAs(f, verb, c.String()) }

// LogValue returns the configuration without its secrets.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// String returns the credentials without their secrets.
func (c Credentials) String() string {
	return fmt.Sprintf("xmpp.Credentials{Username: %q, Authzid: %q, secrets: %s}", c.Username, c.Authzid, redacted)
}

// Format prints nothing but String, whatever the verb, so that none shows a secret.
func (c Credentials) Format(f fmt.State, verb rune) { printAs(f, verb, c.String()) }

// LogValue returns the credentials without their secrets.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// String says whose session it is.
func (s *Session) String() string { return fmt.Sprintf("xmpp.Session(%s)", s.Local()) }

// Format prints nothing but String, whatever the verb: what is inside changes meanwhile, and some is secret.
func (s *Session) Format(f fmt.State, verb rune) { printAs(f, verb, s.String()) }

// LogValue says whose session it is.
func (s *Session) LogValue() slog.Value { return slog.StringValue(s.String()) }

// String says whose client it is.
func (c *Client) String() string { return fmt.Sprintf("xmpp.Client(%s)", c.addr) }

// Format prints nothing but String, whatever the verb, so that none shows a secret.
func (c *Client) Format(f fmt.State, verb rune) { printAs(f, verb, c.String()) }

// LogValue says whose client it is.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Format prints nothing of the token, whatever the verb.
func (keptToken) Format(f fmt.State, verb rune) { printAs(f, verb, redacted) }

// Format prints nothing of what is stored, whatever the verb.
func (*memoryStore) Format(f fmt.State, verb rune) { printAs(f, verb, "xmpp.MemoryStore") }

// LogValue shows nothing of what is stored.
func (s *memoryStore) LogValue() slog.Value { return slog.StringValue("xmpp.MemoryStore") }

// Format prints where the proxy is, and not with what it is used.
func (p *httpProxy) Format(f fmt.State, verb rune) {
	printAs(f, verb, fmt.Sprintf("xmpp.ProxyDialer(%q)", p.addr))
}
