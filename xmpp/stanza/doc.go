// Package stanza has the three stanzas of XMPP (RFC 6120, section 8; RFC 6121):
// [Message], [Presence] and [IQ], the stanza [Error], and the small value types
// that generated packages use.
//
// A received stanza keeps its payloads as they came, as [Raw]. [Find] decodes
// the one that a program asks for; what nobody asks for costs nothing and is
// written again unharmed. Payloads of one's own are added as typed values:
//
//	m := stanza.NewMessage(to, "Wherefore art thou?")
//	m.Add(&receipts.Request{})
//
// Stanzas are plain values without locks: one goroutine may change a stanza, or
// many may read it. They can be read and written with encoding/xml as well; the
// methods DecodeXML and AppendXML do it an order of magnitude faster.
package stanza
