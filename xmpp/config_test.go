package xmpp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
)

// What a configuration cannot mean is said before anything is tried.
func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(cfg *xmpp.Config){
		"Config.Addr":                     func(cfg *xmpp.Config) { cfg.Addr = "example.org" },
		"is no port":                      func(cfg *xmpp.Config) { cfg.Addr = "example.org:xmpp" },
		"Config.DirectTLS":                func(cfg *xmpp.Config) { cfg.DirectTLS = true },
		"Config.Lang":                     func(cfg *xmpp.Config) { cfg.Lang = "\x00" },
		"Config.Tag":                      func(cfg *xmpp.Config) { cfg.Tag = "\x1b" },
		"Config.UserAgent.Device":         func(cfg *xmpp.Config) { cfg.UserAgent.Device = "\xff" },
		"Config.UserAgent.Software":       func(cfg *xmpp.Config) { cfg.UserAgent.Software = "\ufffe" },
		"Config.UserAgent.ID":             func(cfg *xmpp.Config) { cfg.UserAgent.ID = "me" },
		"Config.Resource":                 func(cfg *xmpp.Config) { cfg.Resource = "\x07" },
		"Config.Auth.Minimum":             func(cfg *xmpp.Config) { cfg.Auth.Minimum = "SCRAM" },
		`Mechanisms: the mechanism "SCRA`: func(cfg *xmpp.Config) { cfg.Auth.Mechanisms = []string{"PLAIN", "SCRAM-SHA256"} },
		"Config.Pins":                     func(cfg *xmpp.Config) { cfg.Pins = [][]byte{{1}} },
		"NoManagement excludes": func(cfg *xmpp.Config) {
			cfg.NoManagement, cfg.Management.Save = true, func(*stream.Suspended) error { return nil }
		},
		"Config.NoManagement": func(cfg *xmpp.Config) {
			cfg.NoManagement, cfg.Management.Resume = true, &stream.Suspended{}
		},
		"Config.Anonymous": func(cfg *xmpp.Config) { cfg.Anonymous = true },
	} {
		cfg := xmpp.Config{Password: "hush"}
		change(&cfg)
		_, err := xmpp.NewClient(juliet, cfg)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hush")
	}
	_, err := xmpp.NewClient(jid.JID{}, xmpp.Config{})
	require.Error(t, err)
	_, err = xmpp.NewClient(jid.MustParse("example.org"), xmpp.Config{Password: "hush"})
	require.ErrorContains(t, err, "no account")
}
