package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/ping"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/xmpptest"
)

// What `make run` shows, each step of which judges its answer.
func TestShow(t *testing.T) {
	require.NoError(t, show(t.Context()))
}

// What `make run SERVER=...` does: it serves until it is interrupted, and ends in an orderly way.
func TestServe(t *testing.T) {
	srv := xmpptest.Start(t, xmpptest.Config{})
	srv.Component("tea.example", "secret")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, srv.Addr(), "secret", "tea.example") }()
	require.NoError(t, srv.WaitConnected(t.Context(), "tea.example"))
	guest := srv.User("juliet@capulet.example/balcony")
	_, err := xmpptest.Call(t.Context(), guest, jid.MustParse("tea.example"), &ping.Ping{})
	require.NoError(t, err)
	cancel()
	require.NoError(t, <-done)
	require.Error(t, serve(t.Context(), srv.Addr(), "guess", "tea.example"))
}
