// Package wsconn carries streams over websockets (RFC 7395), at the side of the client and
// at that of the server.
package wsconn
