// Package soak has tests of what is left behind by thousands of connections. They count the
// descriptors, goroutines and heap of the process, and so have one of their own.
package soak
