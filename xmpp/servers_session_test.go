package xmpp_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// What becomes of a session when the network fails, or the server has lost it.
func sessionRows() (all []row) {
	for _, way := range ways() {
		switch {
		case strings.HasPrefix(way.name, "BOSH"):
			all = append(all, row{name: "a cut/" + way.name, run: func(t *testing.T, s *tested) { survives(t, s, way) }})
		case way.secure:
			all = append(all,
				row{name: "resume after a cut/" + way.name, run: func(t *testing.T, s *tested) { resumes(t, s, way) }},
				row{name: "resume refused/" + way.name, run: func(t *testing.T, s *tested) { loses(t, s, way) }},
			)
		}
	}
	return append(all,
		row{name: "suspended, and resumed by another", run: suspends},
		row{name: "BOSH requests in the wrong order", run: wrongOrder},
		row{name: "no stream management", run: unmanaged},
		row{name: "password changed meanwhile", run: changedMeanwhile},
		row{name: "the same resource twice", run: conflict},
		row{name: "stream limits", run: limitsOfServer},
		row{name: "a stanza that is too long", run: tooLong},
	)
}

// on logs juliet in through a network.
func (s *tested) on(t *testing.T, w way) (*party, *network) {
	t.Helper()
	var n *network
	p := s.join(t, s.person("localhost", "juliet"), func(cfg *xmpp.Config) {
		cfg.Resource = "balcony"
		n = through(t, cfg, w.apply(s, cfg))
	})
	return p, n
}

// BOSH sessions need no connection that lasts: requests that were cut are made again.
func survives(t *testing.T, s *tested, w way) {
	if s.frail != "" {
		t.Skip(s.frail)
	}
	juliet, n := s.on(t, w)
	romeo := s.join(t, s.person("localhost", "romeo"), func(cfg *xmpp.Config) { w.apply(s, cfg) })
	for _, text := range []string{"one", "two", "three"} {
		require.Positive(t, n.Cut(true))
		d := juliet.tracks(t, stanza.NewMessage(romeo.Local(), text))
		romeo.says(t, juliet.Local(), text)
		juliet.gets(t, "<body>"+text+"</body>")
		romeo.gets(t, "<body>"+text+"</body>")
		require.NotEqual(t, stream.Lost, juliet.outcome(t, d))
	}
	for _, p := range []*party{juliet, romeo} {
		for _, text := range []string{"one", "two", "three"} {
			require.Equal(t, 1, p.count("<body>"+text+"</body>"))
		}
	}
	juliet.mu.Lock()
	defer juliet.mu.Unlock()
	require.Empty(t, juliet.sessions, "it is the same session on the same stream")
}

// The session goes on: nothing is lost, nothing comes twice, and nobody has seen it go.
func resumes(t *testing.T, s *tested, w way) {
	juliet, n := s.on(t, w)
	juliet.resumable(t)
	romeo := s.join(t, s.person("localhost", "romeo"), nil)
	other, err := juliet.Local().WithResource("chamber")
	require.NoError(t, err)
	watcher := s.join(t, other, nil)
	watcher.gets(t, "<presence", "from='"+juliet.Local().String()+"'")
	full := juliet.Local()
	for i, text := range []string{"first", "second"} {
		juliet.says(t, romeo.Local(), text)
		n.breaks()
		romeo.says(t, full, "while you were away the "+text+" time")
		waiting := juliet.tracks(t, stanza.NewMessage(romeo.Local(), text+", later"))
		require.Equal(t, stream.Undecided, waiting.Outcome())
		n.mends()
		require.True(t, juliet.comesBack(t), "it is the same session: cut %d\n%s\n%s", i, juliet.said(), s.log())
		require.Equal(t, full, juliet.Local())
		require.Equal(t, stream.Acked, juliet.outcome(t, waiting))
		juliet.gets(t, "while you were away the "+text)
		romeo.gets(t, "<body>"+text+", later")
	}
	if s.sasl2 {
		require.Equal(t, s.inline, inline(juliet, "<resume "), "along with the login")
	}
	juliet.mu.Lock()
	require.Equal(t, 1, juliet.restored)
	juliet.mu.Unlock()
	for _, text := range []string{"first", "second"} {
		require.Equal(t, 1, juliet.count("while you were away the "+text))
		require.Equal(t, 1, romeo.count("<body>"+text+"</body>"))
		require.Equal(t, 1, romeo.count("<body>"+text+", later</body>"))
	}
	require.Zero(t, watcher.count("type='unavailable'"))
}

// inline reports whether something was asked for along with a login.
func inline(p *party, what string) bool {
	for _, line := range p.all() {
		if strings.HasPrefix(line, "OUT ") && strings.Contains(line, "<authenticate ") && strings.Contains(line, what) {
			return true
		}
	}
	return false
}

// The server has ended the session: what it may have got and what it has not are told apart, what was not
// sent yet goes into the new session, and that is what the old one was.
func loses(t *testing.T, s *tested, w way) {
	juliet, n := s.on(t, w)
	juliet.resumable(t)
	var runs atomic.Int32
	juliet.Restore(5, func(context.Context) error { runs.Add(1); return nil })
	romeo := s.join(t, s.person("localhost", "romeo"), nil)
	other, err := juliet.Local().WithResource("chamber")
	require.NoError(t, err)
	watcher := s.join(t, other, nil)
	watcher.gets(t, "<presence", "from='"+juliet.Local().String()+"'")

	n.deafen()
	lost := juliet.tracks(t, stanza.NewMessage(romeo.Local(), "with an answer that nobody heard"))
	romeo.gets(t, "nobody heard")
	n.breaks()
	// whoever takes its resource ends a session
	thief := s.join(t, juliet.Local(), func(cfg *xmpp.Config) { cfg.Presence = nil })
	require.Equal(t, juliet.Local(), thief.Local())
	require.NoError(t, thief.Close(limited(t)))
	if !s.ghosts || w.name != "websocket" {
		watcher.gets(t, "<presence", "from='"+juliet.Local().String()+"'", "type='unavailable'")
	}
	waiting := juliet.tracks(t, stanza.NewMessage(romeo.Local(), "in the next session"))
	require.Equal(t, stream.Undecided, lost.Outcome())
	n.mends()
	require.False(t, juliet.comesBack(t))
	require.Equal(t, stream.Lost, juliet.outcome(t, lost), "it may have arrived, and did")
	require.Equal(t, stream.Acked, juliet.outcome(t, waiting))
	romeo.gets(t, "in the next session")
	require.Equal(t, 1, romeo.count("nobody heard"))
	juliet.until(t, "its session to be restored", func() bool { return juliet.restored == 2 })
	require.EqualValues(t, 1, runs.Load(), "it was registered after the first session had begun")
	watcher.until(t, "its presence", func() bool {
		n := 0
		for _, g := range watcher.got {
			if has([]string{"<presence", "from='" + juliet.Local().String() + "'"})(g) && !strings.Contains(g, "unavailable") {
				n++
			}
		}
		return n >= 2
	})
}

// A program ends without its session, and another goes on with it.
func suspends(t *testing.T, s *tested) {
	addr := s.person("localhost", "juliet")
	juliet := s.join(t, addr, nil)
	romeo := s.join(t, s.person("localhost", "romeo"), nil)
	juliet.resumable(t)
	juliet.says(t, romeo.Local(), "a thousand times good night")
	state, err := juliet.Suspend(limited(t))
	require.NoError(t, err)
	romeo.says(t, juliet.Local(), "parting is such sweet sorrow")

	again := s.party(t, addr, func(cfg *xmpp.Config) { cfg.Management.Resume = state })
	require.NoError(t, again.Open(limited(t)))
	again.gets(t, "sweet sorrow")
	require.Equal(t, juliet.Local(), again.Local())
	again.says(t, romeo.Local(), "that I shall say good night")
	romeo.gets(t, "I shall say")
	again.mu.Lock()
	defer again.mu.Unlock()
	require.Zero(t, again.restored, "it is no new session")
}

// Without stream management nothing is acknowledged, and a new connection is a new session.
func unmanaged(t *testing.T, s *tested) {
	var n *network
	juliet := s.join(t, s.person("localhost", "juliet"), func(cfg *xmpp.Config) {
		cfg.NoManagement = true
		n = through(t, cfg, s.addr)
	})
	romeo := s.join(t, s.person("localhost", "romeo"), nil)
	require.Equal(t, stream.Sent, juliet.outcome(t, juliet.tracks(t, stanza.NewMessage(romeo.Local(), "unacknowledged"))))
	romeo.gets(t, "unacknowledged")
	n.breaks()
	n.mends()
	require.False(t, juliet.comesBack(t))
	require.Equal(t, stream.Sent, juliet.outcome(t, juliet.tracks(t, stanza.NewMessage(romeo.Local(), "once more"))))
	romeo.gets(t, "once more")
}

// A client whose password is no longer right ends, and does not try it again and again.
func changedMeanwhile(t *testing.T, s *tested) {
	juliet, n := s.on(t, ways()[0])
	n.breaks()
	other := s.join(t, juliet.Local().Bare(), nil)
	require.NoError(t, other.ChangePassword(limited(t), "another"))
	n.mends()
	<-juliet.Done()
	require.ErrorIs(t, juliet.Err(), xmpp.NotAuthorized)
}

// The one who comes later has the resource; the other does not fight for it.
func conflict(t *testing.T, s *tested) {
	addr, err := s.person("localhost", "juliet").WithResource("balcony")
	require.NoError(t, err)
	one := s.join(t, addr, nil)
	two := s.join(t, addr, nil)
	<-one.Done()
	require.ErrorIs(t, one.Err(), stream.Conflict)
	two.says(t, addr.Bare(), "it is mine")
	require.NoError(t, two.Err())
}

// What the server announces holds for what is sent to it (XEP-0478).
func limitsOfServer(t *testing.T, s *tested) {
	juliet := s.join(t, s.person("localhost", "juliet"), nil)
	require.Equal(t, s.maxBytes, juliet.Server().MaxBytes)
	require.Equal(t, s.idle, juliet.Server().Idle)
}

// A stanza that is longer than the server takes is refused before it is sent, if the server has said so; or else
// it is lost once, and not sent again and again.
func tooLong(t *testing.T, s *tested) {
	juliet := s.join(t, s.person("localhost", "juliet"), nil)
	juliet.resumable(t)
	long := stanza.NewMessage(jid.MustParse("somebody@localhost"), strings.Repeat("long ", 60_000))
	if s.maxBytes > 0 {
		require.Error(t, juliet.Send(limited(t), long))
	} else {
		require.Equal(t, stream.Lost, juliet.outcome(t, juliet.tracks(t, long)))
		require.False(t, juliet.comesBack(t))
	}
	time.Sleep(50 * time.Millisecond)
	juliet.says(t, juliet.Local().Bare(), "short")
	juliet.mu.Lock()
	defer juliet.mu.Unlock()
	require.Empty(t, juliet.sessions, "it has come back for good")
}
