// Package component connects a program to a server as one of its components
// (XEP-0114): everything that is sent to the component's domain comes to it, and it
// may send from any address of that domain. Gateways, bots and services are made
// so.
//
// [Dial] connects and serves the handlers of a Mux until the component is closed; a
// connection that is lost is made again.
package component
