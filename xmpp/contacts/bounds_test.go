package contacts

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/roster"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// A server that pushes without an end fills no memory: neither while the roster is asked for,
// nor behind it.
func TestBounds(t *testing.T) {
	t.Parallel()
	c, err := xmpp.NewClient(jid.MustParse("juliet@example.org"), xmpp.Config{Password: "secret"})
	require.NoError(t, err)
	push := func(r *Contacts, i int, s roster.Subscription) error {
		_, err := r.pushed(t.Context(), nil, &roster.Set{Items: []roster.Item{{JID: jid.MustParse(fmt.Sprint("c", i, "@example.org")), Subscription: s}}})
		return err
	}
	r := New(c, Config{})
	for _, asking := range []int{0, 1} {
		r.asking, r.pending = asking, nil
		for i := range maxPending {
			require.NoError(t, push(r, i, roster.SubscriptionNone))
		}
		require.ErrorIs(t, push(r, maxPending, roster.SubscriptionNone), stanza.ResourceConstraint)
		require.Len(t, r.pending, maxPending)
	}
	r.asking, r.pending, r.loaded = 0, nil, true
	for i := range maxItems {
		if err := push(r, i, roster.SubscriptionNone); err != nil {
			t.Fatal(err)
		}
	}
	require.ErrorIs(t, push(r, maxItems, roster.SubscriptionNone), stanza.ResourceConstraint)
	require.NoError(t, push(r, 0, roster.SubscriptionBoth), "what is there can be changed")
	require.NoError(t, push(r, 1, roster.SubscriptionRemove))
	require.NoError(t, push(r, maxItems, roster.SubscriptionNone))
	require.Len(t, r.Items(), maxItems)
}
