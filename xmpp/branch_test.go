package xmpp_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/form"
	"stanza.invalid/gen/muc"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// Requests that share their name are told apart by what they hold, and have a handler each.
func TestBranches(t *testing.T) {
	t.Parallel()
	var l record
	play(t, serving(
		xmpp.OnIQ(func(_ context.Context, _ *stanza.IQ, q *muc.DestroyRoom) (*stanza.Empty, error) {
			l.add("destroy %s", q.Destroy.Reason)
			return nil, nil
		}),
		xmpp.OnIQ(func(_ context.Context, _ *stanza.IQ, q *muc.OwnerSet) (*stanza.Empty, error) {
			l.add("configure %s", q.Form.Type)
			return nil, nil
		}),
	), func(t *testing.T, w *world) {
		for _, tt := range []struct {
			payload string
			want    []string
			err     error
		}{
			{"<destroy><reason>late</reason></destroy>", []string{"destroy late"}, nil},
			{"<x xmlns='jabber:x:data' type='submit'/>", []string{"configure submit"}, nil},
			{"<destroy/><x xmlns='jabber:x:data' type='submit'/>", []string{"destroy "}, nil},
			{"", nil, stanza.FeatureNotImplemented},
			{"<destroy xmlns='urn:example:other'/>", nil, stanza.FeatureNotImplemented},
			{"<x xmlns='jabber:x:data'/>", nil, stanza.BadRequest},
		} {
			_, err := xmpptest.Call(t.Context(), w.romeo, bot, ownerSet("<query xmlns='http://jabber.org/protocol/muc#owner'>"+tt.payload+"</query>"))
			require.ErrorIs(t, err, tt.err, tt.payload)
			synctest.Wait()
			require.Equal(t, tt.want, l.take(), tt.payload)
		}
		w.took()
	})
}

// ownerSet is a request as text.
type ownerSet string

func (ownerSet) WireName() wire.Name                            { return (*muc.OwnerSet)(nil).WireName() }
func (ownerSet) IQType() stanza.IQType                          { return stanza.Set }
func (ownerSet) NewResult() *stanza.Empty                       { return new(stanza.Empty) }
func (q ownerSet) AppendXML(b []byte, _ string) ([]byte, error) { return append(b, q...), nil }

func TestBranchConflict(t *testing.T) {
	t.Parallel()
	destroy := func() xmpp.Route { return xmpp.OnIQ(answering[muc.DestroyRoom, stanza.Empty](nil, nil)) }
	require.NotPanics(t, func() { xmpp.NewMux(destroy(), xmpp.OnIQ(answering[muc.OwnerSet, stanza.Empty](nil, nil))) })
	require.PanicsWithValue(t, "xmpp: xmpp/branch_test.go:63 registers a second handler for iq set {http://jabber.org/protocol/muc#owner}query; the first is at xmpp/branch_test.go:63",
		func() { xmpp.NewMux(destroy(), destroy()) })
}

// Finding a payload of a type passes by others of its name.
func TestFindBranch(t *testing.T) {
	t.Parallel()
	st, err := stanza.Parse("<message><query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query></message>")
	require.NoError(t, err)
	set, err := stanza.Find[muc.OwnerSet](st)
	require.NoError(t, err)
	require.Nil(t, set)
	require.False(t, stanza.Has[muc.OwnerSet](st))
	destroy, err := stanza.Find[muc.DestroyRoom](st)
	require.NoError(t, err)
	require.NotNil(t, destroy)
	// also among payloads that were added as another type
	m := &stanza.Message{}
	m.Add(&muc.OwnerQuery{Form: &form.Form{Type: form.TypeSubmit}})
	set, err = stanza.Find[muc.OwnerSet](m)
	require.NoError(t, err)
	require.Equal(t, form.TypeSubmit, set.Form.Type)
	require.False(t, stanza.Has[muc.DestroyRoom](m))
	all, err := stanza.FindAll[muc.DestroyRoom](st)
	require.NoError(t, err)
	require.Len(t, all, 1)
}
