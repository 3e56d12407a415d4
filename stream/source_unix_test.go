//go:build unix

package stream

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/idle"
	"stanza.invalid/internal/testca"
	"stanza.invalid/stream/wire"
)

// kept keeps what is written, if there is somewhere to keep it.
type kept struct {
	net.Conn
	in *bytes.Buffer
}

func (k *kept) Write(b []byte) (int, error) {
	if k.in != nil {
		return k.in.Write(b)
	}
	return k.Conn.Write(b)
}

// SetWriteDeadline does nothing: the end of TLS would let all later writes fail.
func (k *kept) SetWriteDeadline(time.Time) error { return nil }

// What stands before a part of the end of TLS is there at once, and not only with the rest.
func TestSecureSourceBeforePartOfAlert(t *testing.T) {
	t.Parallel()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer ln.Close()
			a, err := net.Dial("tcp", ln.Addr().String())
			require.NoError(t, err)
			defer a.Close()
			b, err := ln.Accept()
			require.NoError(t, err)
			defer b.Close()

			ca, below := testca.New(), &kept{Conn: b}
			peer := tls.Server(below, &tls.Config{Certificates: []tls.Certificate{ca.Issue(testca.Leaf{Names: []string{"example.org"}})}, MaxVersion: version})
			shaken := make(chan error, 1)
			go func() { shaken <- peer.Handshake() }()
			c := tls.Client(idle.New(a), &tls.Config{RootCAs: ca.Pool(), ServerName: "example.org"})
			require.NoError(t, c.Handshake())
			require.NoError(t, <-shaken)
			s, f := newSource(c), wire.NewBareFramer(wire.Limits{}, nil)
			require.IsType(t, &secureSource{}, s)

			below.in = new(bytes.Buffer)
			_, err = io.WriteString(peer, "<a/>")
			require.NoError(t, err)
			text := below.in.Len()
			require.NoError(t, peer.CloseWrite())
			all := below.in.Bytes()
			require.Greater(t, len(all), text+5)
			_, err = b.Write(all[:text+2]) // a type that says alert, and no more
			require.NoError(t, err)
			require.NoError(t, a.SetReadDeadline(time.Now().Add(10*time.Second))) // for want of what is to come
			n, err := s.fill(f)
			require.NoError(t, err)
			require.Equal(t, "<a/>", string(f.Buffered()))
			require.Equal(t, 4, n)

			_, err = b.Write(all[text+2:])
			require.NoError(t, err)
			_, err = s.fill(f)
			require.ErrorIs(t, err, io.EOF)
		})
	}
}
