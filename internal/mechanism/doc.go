// Package mechanism has the client's side of the SASL mechanisms: which one to take of
// those that a server offers, and what is said in it. It does no I/O.
package mechanism
