// Package wire reads and writes the restricted XML of XMPP streams (RFC 6120,
// section 11): it frames a byte stream into top-level elements, checks them,
// resolves their namespaces, and gives generated code the primitives with which
// it decodes and appends stanzas.
//
// A [Framer] is fed with bytes however they arrive and hands out the stream
// header, one complete top-level element at a time, and the footer. Its work is
// linear in the input. A [Reader] feeds one from an [io.Reader]. What comes out is
// well-formed, namespace-well-formed, valid UTF-8, free of everything that RFC 6120
// forbids, and within [Limits]; whatever is not ends the stream with a
// [*SyntaxError] that names the stream error condition to send.
//
// An element is kept as a [Doc]: its text as received, and beside it an index of
// its elements, attributes and texts, so that decoding never scans again. A
// [Raw] points at one element of a Doc. Docs and Raws are immutable and may be
// shared between goroutines.
//
// The stream's content namespace (jabber:client, jabber:server or
// jabber:component:accept) reads as jabber:client wherever it stands, so that
// one set of types serves every kind of stream; on writing, an element in that
// namespace inherits what the stream header declares.
package wire
