// Package frames carries a stream in pieces that stand alone, as websockets (RFC 7395) and
// BOSH (XEP-0206) have them, in place of one long document: what package stream writes is
// cut, and what comes in becomes such a document again. Everything is parsed on the way, so
// that a piece is one element, whatever the peer calls one.
package frames
