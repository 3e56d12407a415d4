// Package boshconn carries streams over requests of HTTP (BOSH: XEP-0124, XEP-0206), at the
// side of the client and at that of the server.
package boshconn
