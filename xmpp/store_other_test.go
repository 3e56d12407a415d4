//go:build !unix

package xmpp_test

import "testing"

func checkPrivate(*testing.T, string) {}
