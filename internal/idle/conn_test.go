//go:build unix

package idle

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"stanza.invalid/internal/testca"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair returns both ends of a connection over TCP.
func pair(t *testing.T) (a, b net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	a, err = net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	b, err = ln.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// secured returns both ends of TLS, this one over a Conn; between is what stands below the
// other.
func secured(t *testing.T, version uint16, between func(net.Conn) net.Conn) (c *tls.Conn, below *Conn, peer *tls.Conn) {
	t.Helper()
	ca := testca.New()
	a, b := pair(t)
	peer = tls.Server(between(b), &tls.Config{Certificates: []tls.Certificate{ca.Issue(testca.Leaf{Names: []string{"example.org"}})}, MaxVersion: version})
	done := make(chan error, 1)
	go func() { done <- peer.Handshake() }()
	below = New(a).(*Conn)
	c = tls.Client(below, &tls.Config{RootCAs: ca.Pool(), ServerName: "example.org"})
	require.NoError(t, c.Handshake())
	require.NoError(t, <-done)
	return c, below, peer
}

func same(c net.Conn) net.Conn { return c }

// read reads as it is meant to be done, and counts how often there was nothing.
func read(c *tls.Conn, below *Conn, b []byte, waits *int) (int, error) {
	for {
		below.Hold()
		n, err := c.Read(b)
		below.Release()
		if !IsNothing(err) {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
		*waits++
		if err := below.Wait(); err != nil {
			return 0, err
		}
	}
}

// dribble passes on what is written in pieces, with pauses in between, so that records come
// in parts.
type dribble struct{ net.Conn }

func (d dribble) Write(b []byte) (int, error) {
	for n := 0; n < len(b); {
		k := min(len(b)-n, 1+rand.IntN(700))
		if _, err := d.Conn.Write(b[n : n+k]); err != nil {
			return n, err
		}
		if n += k; rand.IntN(4) == 0 {
			time.Sleep(time.Duration(rand.IntN(200)) * time.Microsecond)
		}
	}
	return len(b), nil
}

// What is read in waiting and holding is what was sent, however records are cut.
func TestRead(t *testing.T) {
	t.Parallel()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for name, between := range map[string]func(net.Conn) net.Conn{"whole": same, "in pieces": func(c net.Conn) net.Conn { return dribble{c} }} {
			t.Run(tls.VersionName(version)+" "+name, func(t *testing.T) {
				t.Parallel()
				c, below, peer := secured(t, version, between)
				const total = 300_000
				sent := make([]byte, total)
				for i := range sent {
					sent[i] = byte(rand.Uint32())
				}
				failed := make(chan error, 1)
				go func() {
					for rest := sent; len(rest) > 0; {
						n := min(len(rest), 1+rand.IntN(20_000))
						if _, err := peer.Write(rest[:n]); err != nil {
							failed <- err
							return
						}
						if rest = rest[n:]; rand.IntN(3) == 0 {
							time.Sleep(time.Millisecond)
						}
					}
					failed <- peer.Close()
				}()
				var got []byte
				b, waits := make([]byte, 5000), 0
				for {
					n, err := read(c, below, b[:1+rand.IntN(len(b))], &waits)
					got = append(got, b[:n]...)
					if err != nil {
						require.ErrorIs(t, err, io.EOF)
						break
					}
				}
				require.NoError(t, <-failed)
				require.True(t, bytes.Equal(sent, got))
				require.Positive(t, waits)
			})
		}
	}
}

// Whatever ends a connection is seen, and by TLS as it would be without.
func TestEnds(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]struct {
		end  func(below *Conn, peer *tls.Conn)
		want error
	}{
		"closed":          {func(_ *Conn, peer *tls.Conn) { peer.Close() }, io.EOF},
		"cut":             {func(_ *Conn, peer *tls.Conn) { peer.NetConn().Close() }, io.EOF},
		"cut in a record": {func(_ *Conn, peer *tls.Conn) { peer.NetConn().Write([]byte{23, 3, 3}); peer.NetConn().Close() }, io.ErrUnexpectedEOF},
		"reset": {func(_ *Conn, peer *tls.Conn) {
			_ = peer.NetConn().(*net.TCPConn).SetLinger(0)
			peer.NetConn().Close()
		}, nil},
		"closed here": {func(below *Conn, _ *tls.Conn) { below.Close() }, net.ErrClosed},
		"deadline":    {func(below *Conn, _ *tls.Conn) { _ = below.SetReadDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded},
		"garbage":     {func(_ *Conn, peer *tls.Conn) { peer.NetConn().Write(make([]byte, 100)) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, below, peer := secured(t, tls.VersionTLS13, same)
			got := make(chan error, 1)
			waits := 0
			go func() {
				_, err := read(c, below, make([]byte, 10), &waits)
				got <- err
			}()
			time.Sleep(10 * time.Millisecond)
			e.end(below, peer)
			err := <-got
			require.Error(t, err)
			if e.want != nil {
				require.ErrorIs(t, err, e.want)
			}
			var timeout net.Error
			require.Equal(t, name == "deadline", errors.As(err, &timeout) && timeout.Timeout())
		})
	}
}

// A deadline that has passed does no harm: reading goes on behind it, also without holding.
func TestGoesOn(t *testing.T) {
	t.Parallel()
	c, below, peer := secured(t, tls.VersionTLS13, same)
	b, waits := make([]byte, 10), 0
	require.NoError(t, below.SetReadDeadline(time.Now().Add(5*time.Millisecond)))
	_, err := read(c, below, b, &waits)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, below.SetReadDeadline(time.Time{}))
	for _, hold := range []bool{true, false, true, false} {
		_, err = peer.Write([]byte("hello"))
		require.NoError(t, err)
		n := 0
		if hold {
			n, err = read(c, below, b, &waits)
		} else {
			n, err = c.Read(b)
		}
		require.NoError(t, err)
		require.Equal(t, "hello", string(b[:n]))
	}
}

// What is not TCP is left alone.
func TestNew(t *testing.T) {
	t.Parallel()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	require.Equal(t, a, New(a))
}

// BenchmarkRead shows that no garbage is made.
func BenchmarkRead(b *testing.B) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	defer ln.Close()
	a, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(b, err)
	defer a.Close()
	peer, err := ln.Accept()
	require.NoError(b, err)
	defer peer.Close()
	c := New(a).(*Conn)
	buf := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := peer.Write(buf); err != nil {
			b.Fatal(err)
		}
		if err := c.Wait(); err != nil {
			b.Fatal(err)
		}
		c.Hold()
		if n, err := c.Read(buf); n != len(buf) || err != nil {
			b.Fatal(n, err)
		}
		c.Release()
	}
}
