// Package conformance holds the generated types to the examples of the specifications: what
// decodes to a type must be written again as it was.
package conformance
