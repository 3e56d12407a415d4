package xmpp_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/form"
	"stanza.invalid/gen/oob"
	"stanza.invalid/gen/register"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// registers is what every server that lets people register has to pass: an account is made,
// used, gets another password, and is deleted.
func registers(t *testing.T, addr jid.JID, cfg func() xmpp.Config) {
	t.Helper()
	ctx := t.Context()
	with := func(password string) xmpp.Config {
		c := cfg()
		c.Password = password
		return c
	}
	require.NoError(t, xmpp.Register(ctx, addr, with("one"), nil))
	require.ErrorIs(t, xmpp.Register(ctx, addr, with("two"), nil), stanza.Conflict)
	c, err := xmpp.Dial(ctx, addr, with("one"))
	require.NoError(t, err)
	require.NoError(t, c.ChangePassword(ctx, "three"))
	require.NoError(t, c.Close(context.Background()))
	_, err = xmpp.Dial(ctx, addr, with("one"))
	require.ErrorIs(t, err, xmpp.NotAuthorized)
	c, err = xmpp.Dial(ctx, addr, with("three"))
	require.NoError(t, err)
	require.NoError(t, c.DeleteAccount(ctx))
	<-c.Done()
	_, err = xmpp.Dial(ctx, addr, with("three"))
	require.ErrorIs(t, err, xmpp.NotAuthorized)
}

func TestRegistration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{Registration: true})
		srv.Account("somebody@example.org", "x")
		cfg := func() xmpp.Config { return srv.ClientConfig("somebody@example.org") }
		registers(t, jid.MustParse("nurse@example.org"), cfg)

		// the client goes on with the password that it has changed
		srv.Account(julietBare.String(), "secret")
		c, err := xmpp.Dial(t.Context(), juliet, srv.ClientConfig(julietBare.String()))
		require.NoError(t, err)
		require.NoError(t, c.ChangePassword(t.Context(), "another"))
		srv.RefuseResume(1)
		require.True(t, srv.Disconnect(juliet.String()))
		require.NoError(t, srv.WaitOnline(t.Context(), juliet.String()))
		hangUp(t, c)

	})
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		srv.Account("somebody@example.org", "x")
		require.Error(t, xmpp.Register(t.Context(), julietBare, srv.ClientConfig("somebody@example.org"), nil), "nobody may register")
	})
}

// VT4: InsecureNoTLS alone sends no password: not for an account to be made, nor for one that
// gets another.
func TestVT4RegistrationInClearText(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{Registration: true, NoTLS: true})
		srv.Account(julietBare.String(), "secret")
		cfg := srv.ClientConfig(julietBare.String())
		cfg.InsecureNoTLS = true
		nurse := jid.MustParse("nurse@example.org")
		require.ErrorIs(t, xmpp.Register(t.Context(), nurse, cfg, nil), xmpp.ErrNoTLS)
		c, err := xmpp.Dial(t.Context(), juliet, cfg)
		require.NoError(t, err, "SCRAM tells nobody the password")
		require.ErrorIs(t, c.ChangePassword(t.Context(), "another"), xmpp.ErrNoTLS)
		hangUp(t, c)
		cfg.Auth.InsecurePlain = true
		require.NoError(t, xmpp.Register(t.Context(), nurse, cfg, nil))
		c, err = xmpp.Dial(t.Context(), juliet, cfg)
		require.NoError(t, err, "the password is what it was")
		require.NoError(t, c.ChangePassword(t.Context(), "another"))
		hangUp(t, c)
	})
}

func TestFillAccount(t *testing.T) {
	t.Parallel()
	empty := ""
	fill := xmpp.FillAccount("juliet", "secret")
	got, err := fill(t.Context(), &register.Registration{Username: &empty, Password: &empty})
	require.NoError(t, err)
	require.Equal(t, "juliet", *got.Username)
	require.Equal(t, "secret", *got.Password)
	f := &form.Form{Type: form.TypeForm, Fields: []form.Field{
		{Var: "FORM_TYPE", Type: form.FieldTypeHidden, Values: []string{register.NS}},
		{Var: "username", Required: true}, {Var: "password", Type: form.FieldTypeTextPrivate, Required: true},
	}}
	got, err = fill(t.Context(), &register.Registration{Form: f})
	require.NoError(t, err)
	require.NotNil(t, got.Form)
	again, err := form.Decode[register.RegistrationForm](got.Form)
	require.NoError(t, err)
	require.Equal(t, "secret", *again.Password)
	f.Fields = append(f.Fields, form.Field{Var: "ocr", Required: true})
	for _, asked := range []*register.Registration{
		{Form: f}, {Username: &empty, Password: &empty, Email: &empty}, {Instructions: "go to", Link: &oob.Link{URL: "https://example.org"}},
	} {
		_, err = fill(t.Context(), asked)
		require.ErrorIs(t, err, xmpp.ErrMoreWanted)
	}
}
