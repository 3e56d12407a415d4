// Package guard has the tests that keep the project's own rules: which package may
// import which, what the runtime may link, that every exported name is documented,
// that every package has an example.
package guard
