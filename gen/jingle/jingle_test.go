package jingle_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/iceudp"
	"stanza.invalid/gen/jingle"
	"stanza.invalid/gen/jingleibb"
	"stanza.invalid/gen/rtp"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

const call = `<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='twelfth17'>
	<content creator='initiator' name='voice'>
		<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'><payload-type id='111' name='opus'/></description>
		<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='w1nd' pwd='rain'/>
		<transport xmlns='urn:xmpp:jingle:transports:ibb:1' sid='b'/>
	</content>
</jingle>`

func parse[T any, P stanza.PayloadOf[T]](t *testing.T, text string) *T {
	t.Helper()
	r, err := wire.Parse(text)
	require.NoError(t, err)
	v, err := stanza.Decode[T, P](r)
	require.NoError(t, err)
	return v
}

func TestFind(t *testing.T) {
	t.Parallel()
	parts := parse[jingle.SessionInitiate](t, call).Contents[0].Parts

	description, err := jingle.Find[rtp.Description](parts)
	require.NoError(t, err)
	require.Equal(t, "opus", description.PayloadTypes[0].Name)

	transport, err := jingle.Find[iceudp.Transport](parts)
	require.NoError(t, err)
	require.Equal(t, "w1nd", transport.UsernameFragment)

	ringing, err := jingle.Find[rtp.Ringing](parts)
	require.NoError(t, err)
	require.Nil(t, ringing)

	_, err = jingle.Find[jingleibb.Transport](parts)
	require.ErrorContains(t, err, `attribute "block-size"`)
}

// An action decodes to its own type and to the one for all of them.
func TestAnyAction(t *testing.T) {
	t.Parallel()
	any := parse[jingle.Jingle](t, call)
	require.Equal(t, jingle.ActionSessionInitiate, any.Action)
	r, err := wire.Parse(call)
	require.NoError(t, err)
	require.True(t, new(jingle.SessionInitiate).Fits(r))
	require.False(t, new(jingle.SessionTerminate).Fits(r))
}

// What a content is about is read from its parts.
func ExampleFind() {
	r, err := wire.Parse(call)
	if err != nil {
		panic(err)
	}
	request, err := stanza.Decode[jingle.SessionInitiate](r)
	if err != nil {
		panic(err)
	}
	for _, content := range request.Contents {
		description, err := jingle.Find[rtp.Description](content.Parts)
		if err != nil {
			panic(err)
		}
		if description != nil {
			fmt.Println(content.Name, description.Media, description.PayloadTypes[0].Name)
		}
	}
	// Output: voice audio opus
}
