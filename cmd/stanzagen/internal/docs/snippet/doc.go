// Package snippet writes the Go code that makes what an example of a schema shows as XML: composite literals
// of the generated types, in the way that a program would send them. The code compiles, and what it makes is
// the example; a test holds it to both.
package snippet
