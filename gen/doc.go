// Package gen stands above the generated packages, one for each XEP or RFC family in
// schema/; it has nothing in it itself.
package gen

//go:generate go run stanza.invalid/cmd/stanzagen generate -o . --all --prune ../schema
