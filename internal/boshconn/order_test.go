package boshconn_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"stanza.invalid/internal/boshconn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a server whose answers the test gives, with a client of it that has a session.
type script struct {
	t        *testing.T
	c        io.ReadWriteCloser
	ses      *boshconn.Conn
	requests chan *asked

	mu   sync.Mutex
	got  []byte        // guarded by mu: what the client has read
	gate chan struct{} // taken while it does not read
}

// asked is a request that waits for its answer.
type asked struct {
	rid   int // that of the first is 0
	text  string
	reply chan string // "" cuts the connection, one without an end does behind it
}

const (
	open = "<body xmlns='http://jabber.org/protocol/httpbind' xmlns:stream='http://etherx.jabber.org/streams'"
	gone = open + " type='terminate' condition='item-not-found'/>"
)

func (q *asked) answer(inner string) { q.reply <- open + ">" + inner + "</body>" }

func (q *asked) cut() { q.reply <- "" }

func say(body string) string {
	return "<message xmlns='jabber:client'><body>" + body + "</body></message>"
}

// play begins a session as attrs say.
func play(t *testing.T, attrs string) *script {
	t.Helper()
	s := &script{t: t, requests: make(chan *asked, 100), gate: make(chan struct{}, 1)}
	s.gate <- struct{}{}
	done := make(chan struct{})
	var first int
	network := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	web := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		var body struct {
			RID int `xml:"rid,attr"`
		}
		if err := xml.Unmarshal(b, &body); err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		if first == 0 {
			first = body.RID
		}
		q := &asked{rid: body.RID - first, text: string(b), reply: make(chan string, 1)}
		s.mu.Unlock()
		s.requests <- q
		select {
		case a := <-q.reply:
			if a == "" {
				panic(http.ErrAbortHandler)
			}
			fmt.Fprint(w, a)
			if !strings.HasSuffix(a, ">") {
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}
		case <-done:
		case <-r.Context().Done():
		}
	})}
	go func() { _ = web.Serve(network) }()
	var err error
	s.c, s.ses, err = boshconn.Dial(t.Context(), boshconn.Config{URL: &url.URL{Scheme: "http", Host: "example.org", Path: "/"}, Dial: network.dial})
	require.NoError(t, err)
	ended := make(chan struct{})
	t.Cleanup(func() {
		_ = s.c.Close()
		close(done)
		<-ended
		_ = web.Close()
	})
	go func() {
		defer close(ended)
		b := make([]byte, 4096)
		for {
			<-s.gate
			s.gate <- struct{}{}
			n, err := s.c.Read(b)
			s.mu.Lock()
			if s.got = append(s.got, b[:n]...); err != nil {
				s.got = append(s.got, "\nerror: "+err.Error()...)
			}
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	s.write("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.org' version='1.0'>")
	s.next(0).reply <- open + " sid='s' wait='50' requests='2' hold='1' " + attrs + "><stream:features/></body>"
	s.reads("<features ")
	return s
}

// pipes are a network in memory.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	a, b := net.Pipe()
	select {
	case p.conns <- b:
		return a, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// write sends something, and does not wait until it has left.
func (s *script) write(text string) {
	go func() { _, _ = io.WriteString(s.c, text) }()
}

// reads waits until the client has read something.
func (s *script) reads(text string) {
	s.t.Helper()
	for range 25_000 {
		if synctest.Wait(); strings.Contains(s.all(), text) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	require.Contains(s.t, s.all(), text)
}

func (s *script) all() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.got)
}

// next returns the next request, which must have this number.
func (s *script) next(rid int) *asked {
	s.t.Helper()
	select {
	case q := <-s.requests:
		require.Equal(s.t, rid, q.rid, q.text)
		return q
	case <-time.After(10 * time.Second):
		s.t.Fatalf("request %d does not come", rid)
		return nil
	}
}

// none is that there is no request for a while.
func (s *script) none(d time.Duration) {
	s.t.Helper()
	select {
	case q := <-s.requests:
		s.t.Fatalf("request %d comes: %s", q.rid, q.text)
	case <-time.After(d):
	}
}

const (
	ejabberd = "ver='1.11'"
	prosody  = "ver='1.6'"
	acks     = "ver='1.11' ack='1'"
)

// in plays with a client in a bubble.
func in(t *testing.T, attrs string, f func(t *testing.T, s *script)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, play(t, attrs)) })
}

// A request leaves at once if the server is known to have those before it, and else a moment
// later: there are servers that get two in the wrong order and answer neither.
func TestOrder(t *testing.T) {
	t.Parallel()
	in(t, ejabberd, func(t *testing.T, s *script) {
		poll := s.next(1)
		s.write(say("a"))
		s.none(50 * time.Millisecond) // the poll is perhaps still on its way
		a := s.next(2)
		s.write(say("b"))
		s.none(50 * time.Millisecond)
		begin := time.Now()
		poll.answer("") // because of a
		b := s.next(3)
		require.Zero(t, time.Since(begin))
		require.Contains(t, b.text, say("b"))
		a.answer(say("x")) // has nothing to do with b
		s.reads(say("x"))
		s.write(say("c"))
		s.none(50 * time.Millisecond)
		c := s.next(4)
		require.Contains(t, c.text, say("c"))
		b.answer("")
		c.answer(say("y"))
		s.reads(say("y"))
	})
}

// The moment is as long as the network is slow.
func TestOrderOnSlowNetwork(t *testing.T) {
	t.Parallel()
	in(t, ejabberd, func(t *testing.T, s *script) {
		poll := s.next(1)
		time.Sleep(time.Second)
		s.write(say("a"))
		a := s.next(2)
		time.Sleep(200 * time.Millisecond)
		poll.answer("")
		s.write(say("b"))
		s.next(3)
		a.answer(say("x"))
		s.reads(say("x"))
		s.write(say("c"))
		s.none(500 * time.Millisecond)
		s.next(4)
	})
}

// What the program says to what it has read goes with the request that asks for more.
func TestLull(t *testing.T) {
	t.Parallel()
	in(t, ejabberd, func(t *testing.T, s *script) {
		q := s.next(1)
		for i := range 20 {
			q.answer(say(fmt.Sprint("question ", i)))
			s.reads(say(fmt.Sprint("question ", i)))
			s.write(say(fmt.Sprint("answer ", i)))
			q = s.next(2 + i)
			require.Contains(t, q.text, "answer")
		}
		q.answer(say("no question"))
		begin := time.Now()
		s.next(22)
		require.Equal(t, 10*time.Millisecond, time.Since(begin))
	})
}

// What was cut goes again, word for word and in order: the next one not before the server has had the time to
// take the one before.
func TestOrderOfRepeats(t *testing.T) {
	t.Parallel()
	in(t, ejabberd, func(t *testing.T, s *script) {
		poll := s.next(1)
		time.Sleep(time.Second)
		s.write(say("a"))
		a := s.next(2)
		require.False(t, s.ses.Mending())
		poll.cut()
		synctest.Wait()
		a.cut()
		require.Equal(t, poll.text, s.next(1).text)
		s.none(90 * time.Millisecond)
		again := s.next(2)
		require.Equal(t, a.text, again.text)
		require.True(t, s.ses.Mending())
		again.answer(say("x"))
		synctest.Wait()
		require.True(t, s.ses.Mending(), "the first is still to come")
	})
}

// Prosody 0.12 makes no answer to a request that was cut once it has had the next, and says so
// as if there was no session. There is one.
func TestCutAndOvertaken(t *testing.T) {
	t.Parallel()
	const lost = "error: BOSH: the server has ended the session of BOSH: item-not-found"
	for attrs, ends := range map[string]bool{prosody: false, acks: true} {
		in(t, attrs, func(t *testing.T, s *script) {
			poll := s.next(1)
			time.Sleep(time.Second)
			s.write(say("a"))
			a := s.next(2)
			poll.cut()
			s.next(1).reply <- gone
			if ends {
				s.reads(lost)
				return
			}
			a.answer(say("x"))
			s.reads(say("x"))
			require.NotContains(t, s.all(), "error")
			s.next(3).reply <- gone // now it is true
			s.reads(lost)
		})
	}
}

// ejabberd 23.01 answers a request that comes for the third time with nothing, and sends what
// it has to say to where it came from the second time: that may be lost, and so the session is.
func TestCutTwice(t *testing.T) {
	t.Parallel()
	for attrs, lost := range map[string]bool{ejabberd: true, prosody: false, acks: false} {
		in(t, attrs, func(t *testing.T, s *script) {
			s.next(1).cut()
			s.next(1).cut()
			s.next(1).answer("")
			if lost {
				s.reads("error: BOSH: a request was cut more than once")
				return
			}
			s.next(2).answer(say("x"))
			s.reads(say("x"))
		})
	}
}

// An answer that breaks off is mended too.
func TestMendingAnswer(t *testing.T) {
	t.Parallel()
	in(t, acks, func(t *testing.T, s *script) {
		long := strings.Repeat(say("x"), 1000)
		s.next(1).reply <- open + ">" + long[:len(long)-1]
		again := s.next(1)
		require.True(t, s.ses.Mending())
		again.answer(long)
		s.next(2)
		require.False(t, s.ses.Mending())
		require.Equal(t, 1000, strings.Count(s.all(), say("x")))
	})
}

// What stands behind an answer that never came is not read: who takes it for the next stanza
// counts wrong (XEP-0198), and what is missing is never sent again.
func TestNothingBehindAGap(t *testing.T) {
	t.Parallel()
	const ended = open + " type='terminate' condition='remote-stream-error'>"
	for name, c := range map[string]struct {
		answer func(poll, a *asked)
		end    string
	}{
		"refused": {func(poll, a *asked) {
			a.answer(say("x"))
			synctest.Wait()
			poll.reply <- gone
		}, "error: BOSH: the server has ended the session of BOSH: item-not-found"},
		"never answered": {func(_, a *asked) { a.reply <- ended + say("x") + "</body>" }, "BOSH: remote-stream-error"},
		"answered late": {func(poll, a *asked) {
			a.reply <- ended + say("x") + "</body>"
			time.Sleep(time.Second)
			poll.answer(say("w"))
		}, "BOSH: remote-stream-error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, acks, func(t *testing.T, s *script) {
				poll := s.next(1)
				s.write(say("a"))
				c.answer(poll, s.next(2))
				s.reads(c.end)
				require.NotContains(t, s.all(), "<message")
			})
		})
	}
}

// A server that holds two requests will answer neither: the session is given up.
func TestStuck(t *testing.T) {
	t.Parallel()
	in(t, ejabberd, func(t *testing.T, s *script) {
		s.next(1)
		s.write(say("a"))
		s.next(2)
		begin := time.Now()
		s.reads("error: BOSH: the server answers neither of two requests")
		require.Equal(t, 15*time.Second, time.Since(begin))
	})
}

// Who writes and does not read waits, before the answers grow without end.
func TestKeptAnswers(t *testing.T) {
	t.Parallel()
	in(t, acks, func(t *testing.T, s *script) {
		poll := s.next(1)
		<-s.gate // one more read, and then none
		time.Sleep(time.Second)
		poll.answer(strings.Repeat(say("x"), 500))
		left := make(chan int, 1)
		go func() {
			n := 0
			for ; n < 1000; n++ {
				if _, err := io.WriteString(s.c, say("a")); err != nil {
					break
				}
			}
			left <- n
		}()
		n := 0
		for more := true; more; {
			select {
			case q := <-s.requests:
				n++
				q.answer(strings.Repeat(say("x"), 500))
			case <-time.After(10 * time.Second):
				more = false
			}
		}
		require.Less(t, n, 20)
		s.gate <- struct{}{}
		for n < 1000 {
			q := <-s.requests
			if strings.Contains(q.text, say("a")) {
				n++
			}
			q.answer("")
		}
		require.Equal(t, 1000, <-left)
	})
}
