//go:build !unix

package idle

import "net"

// Conn does not exist here: sockets cannot be waited for without a buffer.
type Conn struct{ net.Conn }

// New returns c.
func New(c net.Conn) net.Conn { return c }

// Hold does nothing.
func (c *Conn) Hold() {}

// Release does nothing.
func (c *Conn) Release() {}

// Wait does nothing.
func (c *Conn) Wait() error { return nil }
