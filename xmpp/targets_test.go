package xmpp

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// X7: setbacks change the order of places, and nothing else about them; they are forgotten
// after a while, after a success, and when there are too many.
func TestX7Setbacks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b, c := candidate{host: "a", port: 1}, candidate{host: "b", port: 1}, candidate{host: "b", port: 1, direct: true}
		all := []candidate{a, b, c}
		var p targets
		order := func() string { return fmt.Sprint(places(p.order(all))) }
		require.Equal(t, "[a:1 b:1 b:1 direct]", order())
		p.setback(b)
		require.Equal(t, "[a:1 b:1 direct b:1]", order(), "direct TLS is another place")
		time.Sleep(time.Second)
		p.setback(a)
		require.Equal(t, "[b:1 direct b:1 a:1]", order(), "the latest is the last")
		time.Sleep(time.Second)
		p.setback(c)
		require.Equal(t, "[b:1 a:1 b:1 direct]", order())
		require.Equal(t, []candidate{a, b, c}, all, "what was given is as it was")
		p.negotiating(nil, b, all, time.Second) // no other is left: nobody is hurried
		require.Nil(t, p.hurry)
		p.arrived()
		require.Equal(t, "[b:1 a:1 b:1 direct]", order())
		require.Len(t, p.setbacks, 2)
		require.False(t, p.failed(), "nothing is being negotiated")
		time.Sleep(setbackTime - time.Second)
		require.Equal(t, "[a:1 b:1 b:1 direct]", order())
		time.Sleep(time.Second)
		require.Equal(t, "[a:1 b:1 b:1 direct]", order())
		require.Empty(t, p.setbacks)
		for i := range 1000 {
			p.setback(candidate{host: fmt.Sprint(i)})
		}
		require.Len(t, p.setbacks, maxSetbacks)
		require.Equal(t, "999", p.setbacks[maxSetbacks-1].host)
	})
}
