// Package idle lets who reads TLS wait without a buffer in hand, and without the frames of
// crypto/tls on the stack: most connections of chats are silent most of the time.
package idle
