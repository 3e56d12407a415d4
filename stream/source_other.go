//go:build !unix

package stream

import "net"

// newRawSource returns nil: sockets cannot be waited for without a buffer here.
func newRawSource(*net.TCPConn) source { return nil }
