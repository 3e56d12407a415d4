package xmpptest

import (
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newPipe()
		n, err := a.Write([]byte("hello"))
		require.NoError(t, err, "nobody reads yet")
		require.Equal(t, 5, n)
		got := make([]byte, 3)
		n, err = b.Read(got)
		require.NoError(t, err)
		require.Equal(t, "hel", string(got[:n]))
		n, err = b.Read(got)
		require.NoError(t, err)
		require.Equal(t, "lo", string(got[:n]))

		begin := time.Now()
		require.NoError(t, b.SetReadDeadline(begin.Add(time.Second)))
		_, err = b.Read(got)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, time.Second, time.Since(begin))
		_, err = b.Read(got)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, b.SetReadDeadline(time.Time{}))

		// there is room for so much
		require.NoError(t, a.SetWriteDeadline(time.Now().Add(time.Second)))
		n, err = a.Write(make([]byte, 100<<10))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, pipeBytes, n)
		require.NoError(t, a.SetWriteDeadline(time.Now().Add(time.Hour)))
		go func() { _, _ = io.CopyN(io.Discard, b, pipeBytes+10) }()
		_, err = a.Write(make([]byte, 10))
		require.NoError(t, err)
		synctest.Wait()

		// what is on its way arrives after the end
		_, err = a.Write([]byte("x"))
		require.NoError(t, err)
		require.NoError(t, a.Close())
		require.NoError(t, a.Close())
		all, err := io.ReadAll(b)
		require.NoError(t, err)
		require.Equal(t, "x", string(all))
		_, err = b.Write([]byte("x"))
		require.ErrorIs(t, err, io.ErrClosedPipe)
		_, err = a.Read(got)
		require.ErrorIs(t, err, net.ErrClosed)

		// a deadline cuts a wait short, and so does the end
		c, d := newPipe()
		failed := make(chan error, 1)
		go func() { _, err := c.Read(got); failed <- err }()
		synctest.Wait()
		require.NoError(t, c.SetDeadline(time.Unix(1, 0)))
		require.ErrorIs(t, <-failed, os.ErrDeadlineExceeded)
		require.NoError(t, c.SetDeadline(time.Time{}))
		go func() { _, err := c.Read(got); failed <- err }()
		synctest.Wait()
		require.NoError(t, c.Close())
		require.ErrorIs(t, <-failed, net.ErrClosed)
		require.NoError(t, d.Close())
	})
}
