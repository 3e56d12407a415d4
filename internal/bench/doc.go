// Package bench measures the codecs and the echo component against encoding/xml, both in
// one run so that their ratio means something on any machine. `make bench` runs it.
package bench
