package xmpp_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/realserver"
	"stanza.invalid/internal/testproxy"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Prosody 0.12.3 loses a session whose connection broke in the middle of a stanza to it. It
// resumes the session: the state of the old connection goes on with the new one (mod_smacks,
// handle_resume, which also hands over the new connection's parser as session.stream). But what
// feeds the parser is the function session.data of the old connection (mod_c2s, onconnect), which
// has the old parser in a closure. There half a stanza waits for its other half, and what comes on
// the new connection is read as that. Each case has a control, cut behind a stanza, which is resumed
// as it should be.
func TestHalfAStanzaProsody(t *testing.T) {
	t.Parallel()
	s := realserver.ProsodyWithoutTLS(t)
	for _, tt := range []struct{ name, behind, then string }{
		{"whole", "<body>half</body></message>", "acked"},
		// "...<body>half</bo" and "<message..." are not well-formed
		{"in a tag", "<body>half</bo", "ended"},
		// "...<body>ha" and "<message...><body>half</body></message>" are a message inside a body, which does not end
		{"in text", "<body>ha", "swallowed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := testproxy.New(s.Addr())
			require.NoError(t, err)
			defer p.Close()
			cfg := onServer(s, realserver.JulietPassword)
			cfg.InsecureNoTLS, cfg.Dialer = true, p
			cfg.Backoff = stream.Backoff{Min: 2 * time.Millisecond, Max: 100 * time.Millisecond}
			cfg.Management.AckEvery, cfg.Management.AckAfter = 1, 100*time.Millisecond
			cfg.Idle, cfg.IdleTimeout = time.Second, time.Second
			var mu sync.Mutex
			var wire []string
			cfg.Trace = &xmpp.Trace{XML: func(d stream.Direction, text string) {
				mu.Lock()
				defer mu.Unlock()
				wire = append(wire, map[stream.Direction]string{stream.In: "in  ", stream.Out: "out "}[d]+text)
			}}
			// behind returns what was on the wire since the session was resumed, if it was
			behind := func() string {
				mu.Lock()
				defer mu.Unlock()
				all := strings.Join(wire, "\n")
				if i := strings.Index(all, "<resumed "); i >= 0 {
					return all[i:]
				}
				return ""
			}
			c, err := xmpp.Dial(t.Context(), jid.MustParse("juliet@localhost/half"), cfg)
			require.NoError(t, err)
			defer c.Stream().Abort()
			require.Eventually(t, func() bool { _, ok := c.Stream().Resumable(); return ok }, 10*time.Second, time.Millisecond)
			d, err := c.SendTracked(t.Context(), stanza.NewMessage(jid.MustParse("romeo@localhost/nobody"), "before"))
			require.NoError(t, err)
			outcome, err := d.Wait(t.Context())
			require.NoError(t, err)
			require.Equal(t, stream.Acked, outcome)

			p.CutBehind(tt.behind)
			d, err = c.SendTracked(t.Context(), stanza.NewMessage(jid.MustParse("romeo@localhost/nobody"), "half"))
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			outcome, err = d.Wait(ctx)
			seen := behind()
			t.Log(seen)
			require.NoError(t, err)
			require.NotEmpty(t, seen, "the session was resumed")
			switch tt.then {
			case "acked":
				require.Equal(t, stream.Acked, outcome)
				require.NotContains(t, seen, "<stream:error>")
			case "ended":
				require.Equal(t, stream.Lost, outcome, "the server has said nothing of it")
				require.Contains(t, seen, "out <message to='romeo@localhost/nobody' type='chat'><body>half</body></message>")
				require.Contains(t, seen, "in  <stream:error><not-well-formed")
			case "swallowed":
				require.Equal(t, stream.Lost, outcome, "the session is given up, however often the server resumes it")
				require.Greater(t, strings.Count(seen, "<resumed "), 1)
				seen, _, _ = strings.Cut(seen, "out <enable ")
				_, answer, _ := strings.Cut(seen, "out <message to='romeo@localhost/nobody' type='chat'><body>half</body></message>")
				require.Contains(t, answer, "out <r xmlns='urn:xmpp:sm:3'/>")
				require.NotContains(t, answer, "in  <a ", "what was sent and what was asked is a part of the body")
			}
			d, err = c.SendTracked(t.Context(), stanza.NewMessage(jid.MustParse("romeo@localhost/nobody"), "after"))
			require.NoError(t, err)
			outcome, err = d.Wait(ctx)
			require.NoError(t, err)
			require.Equal(t, stream.Acked, outcome)
		})
	}
}
