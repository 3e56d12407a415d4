package stanza_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// The conditions of RFC 6120, section 8.3.3 with the types that it recommends.
func TestConditions(t *testing.T) {
	t.Parallel()
	conditions := []struct {
		condition stanza.Condition
		name      string
		typ       stanza.ErrorType
	}{
		{stanza.BadRequest, "bad-request", stanza.Modify},
		{stanza.Conflict, "conflict", stanza.Cancel},
		{stanza.FeatureNotImplemented, "feature-not-implemented", stanza.Cancel},
		{stanza.Forbidden, "forbidden", stanza.Auth},
		{stanza.Gone, "gone", stanza.Cancel},
		{stanza.InternalServerError, "internal-server-error", stanza.Cancel},
		{stanza.ItemNotFound, "item-not-found", stanza.Cancel},
		{stanza.JIDMalformed, "jid-malformed", stanza.Modify},
		{stanza.NotAcceptable, "not-acceptable", stanza.Modify},
		{stanza.NotAllowed, "not-allowed", stanza.Cancel},
		{stanza.NotAuthorized, "not-authorized", stanza.Auth},
		{stanza.PolicyViolation, "policy-violation", stanza.Modify},
		{stanza.RecipientUnavailable, "recipient-unavailable", stanza.Wait},
		{stanza.Redirect, "redirect", stanza.Modify},
		{stanza.RegistrationRequired, "registration-required", stanza.Auth},
		{stanza.RemoteServerNotFound, "remote-server-not-found", stanza.Cancel},
		{stanza.RemoteServerTimeout, "remote-server-timeout", stanza.Wait},
		{stanza.ResourceConstraint, "resource-constraint", stanza.Wait},
		{stanza.ServiceUnavailable, "service-unavailable", stanza.Cancel},
		{stanza.SubscriptionRequired, "subscription-required", stanza.Auth},
		{stanza.UndefinedCondition, "undefined-condition", stanza.Cancel},
		{stanza.UnexpectedRequest, "unexpected-request", stanza.Wait},
	}
	require.Len(t, conditions, 22)
	for _, tt := range conditions {
		require.Equal(t, tt.name, string(tt.condition))
		require.Equal(t, tt.typ, tt.condition.Type(), tt.name)
		require.True(t, tt.condition.Known(), tt.name)

		e := stanza.NewError(tt.condition, "why")
		require.Equal(t, tt.typ, e.Type)
		text := `<error type='` + string(tt.typ) + `'><` + tt.name + nsErr + `/><text` + nsErr + `>why</text></error>`
		require.Equal(t, text, encode(t, e))
		var got stanza.Error
		require.NoError(t, got.DecodeXML(raw(t, text)))
		require.Equal(t, *e, got)
		require.ErrorIs(t, &got, tt.condition)
	}
	require.Equal(t, stanza.ErrorType(""), stanza.Condition("payment-required").Type())
	require.False(t, stanza.Condition("").Known())
	require.Equal(t, stanza.Cancel, stanza.NewError("payment-required", "").Type)
}

func TestErrorFields(t *testing.T) {
	t.Parallel()
	q := parse[*stanza.IQ](t, `<iq type='error' id='1'><error type='modify' by='a@b' code='302'><redirect`+nsErr+`>xmpp:c@d</redirect>
		<text`+nsErr+` xml:lang='en'>moved</text><text`+nsErr+` xml:lang='de'>umgezogen</text>`+n1+`</error></iq>`)
	e := q.Err
	require.Equal(t, stanza.Modify, e.Type)
	require.Equal(t, jid.MustParse("a@b"), e.By)
	require.Equal(t, "302", e.Code)
	require.Equal(t, stanza.Redirect, e.Condition)
	require.Equal(t, "xmpp:c@d", e.URI)
	require.Equal(t, "umgezogen", e.Text.In("de"))
	require.Equal(t, 1, e.Len())
	require.Nil(t, e.Extra)
	require.EqualError(t, e, "stanza error: redirect: moved")

	// no oddity in an error takes the error away
	for text, want := range map[string]stanza.Condition{
		`<error/>`:                                               stanza.UndefinedCondition,
		`<error type='' by='@@' code='1'/>`:                      stanza.UndefinedCondition,
		`<error><x xmlns='urn:x'/></error>`:                      stanza.UndefinedCondition,
		`<error><gone/></error>`:                                 stanza.UndefinedCondition,
		`<error><text` + nsErr + `>t</text></error>`:             stanza.UndefinedCondition,
		`<error><new` + nsErr + `/><gone` + nsErr + `/></error>`: "new",
	} {
		q := parse[*stanza.IQ](t, `<iq type='error' id='1'>`+text+`</iq>`)
		require.Equal(t, want, q.Err.Condition, "%s", text)
		require.True(t, q.Err.By.IsZero())
	}
	require.EqualError(t, &stanza.Error{}, "stanza error: undefined condition")
	require.ErrorIs(t, &stanza.Error{}, stanza.UndefinedCondition)
	require.Equal(t, `<error><undefined-condition`+nsErr+`/></error>`, encode(t, &stanza.Error{}))
}

func TestErrorChains(t *testing.T) {
	t.Parallel()
	e := stanza.NewError(stanza.ItemNotFound, "no such node")
	bad := raw(t, `<note xmlns='urn:example:note'/>`).MissingAttr("id")
	for _, tt := range []struct {
		name string
		err  error
		want *stanza.Error
		is   stanza.Condition
	}{
		{"itself", e, e, stanza.ItemNotFound},
		{"wrapped", fmt.Errorf("asking: %w", e), e, stanza.ItemNotFound},
		{"joined", errors.Join(io.EOF, fmt.Errorf("asking: %w", e)), e, stanza.ItemNotFound},
		{"condition", stanza.Forbidden, stanza.NewError(stanza.Forbidden, ""), stanza.Forbidden},
		{"wrapped condition", fmt.Errorf("%w: secret", stanza.Forbidden), stanza.NewError(stanza.Forbidden, ""), stanza.Forbidden},
		{"the error wins over a condition", fmt.Errorf("%w: %w", stanza.Forbidden, e), e, stanza.ItemNotFound},
		{"does not fit", fmt.Errorf("decoding: %w", bad), stanza.NewError(stanza.BadRequest, `attribute "id" of <note xmlns='urn:example:note'/> is missing`), ""},
		{"anything else", errors.New("secret"), stanza.NewError(stanza.InternalServerError, ""), ""},
		{"cancelled", context.Canceled, stanza.NewError(stanza.InternalServerError, ""), ""},
		{"nil", nil, stanza.NewError(stanza.InternalServerError, ""), ""},
		{"nil pointer", (*stanza.Error)(nil), stanza.NewError(stanza.InternalServerError, ""), ""},
	} {
		got := stanza.AsError(tt.err)
		require.Equal(t, tt.want, got, tt.name)
		if tt.is != "" {
			require.ErrorIs(t, tt.err, tt.is, tt.name)
			require.NotErrorIs(t, tt.err, stanza.Conflict, tt.name)
		}
		var as *stanza.Error
		require.Equal(t, tt.want == e, errors.As(tt.err, &as) && as == e, tt.name)
	}
	require.EqualError(t, stanza.JIDMalformed, "jid malformed")
	require.NotErrorIs(t, e, io.EOF)
	// what a peer sent is safe to send back
	_, err := stanza.Parse("<iq type='set' to='\u2764@\u0085&#xFFFD;\U0001f600'/>")
	var d *stanza.DecodeError
	require.ErrorAs(t, err, &d)
	_, err = stanza.AsError(err).AppendXML(nil, wire.NSClient)
	require.NoError(t, err)
}
