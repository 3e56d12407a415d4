package form_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/form"
	"stanza.invalid/gen/mam"
	"stanza.invalid/gen/muc"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

func parse(t *testing.T, text string) *form.Form {
	t.Helper()
	r, err := wire.Parse(text)
	require.NoError(t, err)
	f, err := stanza.Decode[form.Form](r)
	require.NoError(t, err)
	return f
}

func write(t *testing.T, f *form.Form) string {
	t.Helper()
	b, err := f.AppendXML(nil, form.NS)
	require.NoError(t, err)
	return string(b)
}

const config = "<x xmlns='jabber:x:data' type='form'><title>T</title><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#roomconfig</value></field>" +
	"<field var='muc#roomconfig_roomname' type='text-single' label='Name'><value>Tavern</value></field>" +
	"<field type='fixed'><value>Below</value></field>" +
	"<field var='muc#roomconfig_publicroom' type='boolean'><value>0</value></field>" +
	"<field var='muc#roomconfig_roomdesc' type='text-multi'><value>a</value><value>b</value></field>" +
	"<field var='muc#roomconfig_roomsecret' type='text-private'/>" +
	"<field var='x#ale'><value>brown</value></field><field var='x#wine'/></x>"

func TestAnswer(t *testing.T) {
	t.Parallel()
	c, err := form.Decode[muc.RoomConfig](parse(t, config))
	require.NoError(t, err)
	require.Equal(t, "Tavern", *c.Name)
	require.Equal(t, "a\nb", *c.Description)
	require.False(t, *c.Public)
	require.Nil(t, c.Password)
	// unchanged values are spelled as they were, open ones stay open, unknown ones go back
	require.Equal(t, "<x type='submit'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"+
		"<field var='muc#roomconfig_roomname'><value>Tavern</value></field><field var='muc#roomconfig_publicroom'><value>0</value></field>"+
		"<field var='muc#roomconfig_roomdesc'><value>a</value><value>b</value></field><field var='x#ale'><value>brown</value></field></x>", write(t, c.Submit()))
	c.Public, c.Description, c.Name = new(true), new("c\nd"), nil
	c.Owners = []jid.JID{jid.MustParse("a@example.org")}
	require.Equal(t, "<x type='submit'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"+
		"<field var='muc#roomconfig_publicroom'><value>true</value></field>"+
		"<field var='muc#roomconfig_roomdesc'><value>c</value><value>d</value></field><field var='x#ale'><value>brown</value></field>"+
		"<field var='muc#roomconfig_roomowners'><value>a@example.org</value></field></x>", write(t, c.Submit()))
	// the form itself keeps all but what was changed
	f := c.Form()
	require.Equal(t, "T", f.Title)
	require.Equal(t, []string{"c", "d"}, f.Field("muc#roomconfig_roomdesc").Values)
	require.Equal(t, "Name", f.Field("muc#roomconfig_roomname").Label)
	require.Empty(t, f.Field("muc#roomconfig_roomname").Values)
	require.NotNil(t, f.Field("x#wine"))
	// and the form that was decoded is as it was
	require.Equal(t, "Tavern", c.Source.Value("muc#roomconfig_roomname"))
}

func TestPresence(t *testing.T) {
	t.Parallel()
	const head = "<x type='submit'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
	require.Equal(t, head+"</x>", write(t, (&muc.RoomConfig{}).Submit()))
	// an empty text and an empty list say something else than none
	c := &muc.RoomConfig{Description: new(""), Admins: []jid.JID{}}
	require.Equal(t, head+"<field var='muc#roomconfig_roomdesc'><value></value></field><field var='muc#roomconfig_roomadmins'/></x>", write(t, c.Submit()))
	again, err := form.Decode[muc.RoomConfig](c.Submit())
	require.NoError(t, err)
	require.Equal(t, new(""), again.Description)
	require.NotNil(t, again.Admins)
	require.Empty(t, again.Admins)
	require.Nil(t, again.Owners)
}

func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	const ns = "<x xmlns='jabber:x:data' type='submit'>"
	tests := []struct{ name, form, want string }{
		{
			"another form", ns + "<field var='FORM_TYPE'><value>urn:example:other</value></field></x>",
			`field "FORM_TYPE" of form http://jabber.org/protocol/muc#roomconfig is that of another form: "urn:example:other"`,
		},
		{
			"no number", ns + "<field var='muc#maxhistoryfetch'><value>many</value></field></x>",
			`field "muc#maxhistoryfetch" of form http://jabber.org/protocol/muc#roomconfig is no number from 0 to 4294967295: "many"`,
		},
		{
			"no bool", ns + "<field var='muc#roomconfig_publicroom'><value>yes</value></field></x>",
			`field "muc#roomconfig_publicroom" of form http://jabber.org/protocol/muc#roomconfig is neither true nor false: "yes"`,
		},
		{
			"two values", ns + "<field var='muc#roomconfig_publicroom'><value>1</value><value>0</value></field></x>",
			`field "muc#roomconfig_publicroom" of form http://jabber.org/protocol/muc#roomconfig has 2 values, but takes one`,
		},
		{
			"no address", ns + "<field var='muc#roomconfig_roomowners'><value>a@</value></field></x>",
			`field "muc#roomconfig_roomowners" of form http://jabber.org/protocol/muc#roomconfig is no address`,
		},
		{"cancelled", "<x xmlns='jabber:x:data' type='cancel'/>", "form: the form was cancelled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := form.Decode[muc.RoomConfig](parse(t, tt.form))
			require.ErrorContains(t, err, tt.want)
			if tt.name != "cancelled" {
				require.ErrorAs(t, err, new(*form.FieldError))
				require.ErrorAs(t, err, new(*stanza.DecodeError), "so that a request is answered with bad-request")
			}
		})
	}
	_, err := form.Decode[muc.RoomConfig](nil)
	require.ErrorIs(t, err, form.ErrMissing)
	_, err = form.Decode[muc.Registration](parse(t, ns+"</x>"))
	require.EqualError(t, err, `field "muc#register_roomnick" of form http://jabber.org/protocol/muc#register is missing`)
	_, err = form.Decode[muc.Registration](parse(t, ns+"<field var='muc#register_roomnick'/></x>"))
	require.EqualError(t, err, `field "muc#register_roomnick" of form http://jabber.org/protocol/muc#register has no value`)
	_, err = form.Decode[muc.Registration](parse(t, "<x xmlns='jabber:x:data' type='form'><field var='muc#register_roomnick'/></x>"))
	require.NoError(t, err, "a form to be filled in has required fields without values")
}

// TestFormType follows XEP-0068, section 3.4: only submitted forms may leave the type of the field out.
func TestFormType(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typ, field, want string }{
		{"submit", "<field var='FORM_TYPE'><value>a</value></field>", "a"},
		{"submit", "<field var='FORM_TYPE' type='hidden'><value>a</value></field>", "a"},
		{"submit", "<field var='FORM_TYPE' type='text-single'><value>a</value></field>", ""},
		{"form", "<field var='FORM_TYPE'><value>a</value></field>", ""},
		{"form", "<field var='FORM_TYPE' type='hidden'><value>a</value></field>", "a"},
		{"result", "<field var='FORM_TYPE'><value>a</value></field>", ""},
		{"result", "<field var='b'/><field var='FORM_TYPE' type='hidden'><value>a</value></field>", "a"},
		{"result", "<field var='FORM_TYPE' type='hidden'/>", ""},
	} {
		require.Equal(t, tt.want, parse(t, "<x xmlns='jabber:x:data' type='"+tt.typ+"'>"+tt.field+"</x>").FormType(), tt)
	}
	// the context may say what a form is
	c, err := form.Decode[muc.RoomConfig](parse(t, "<x xmlns='jabber:x:data' type='form'><field var='muc#roomconfig_roomname'><value>n</value></field></x>"))
	require.NoError(t, err)
	require.Equal(t, "n", *c.Name)
}

func TestFind(t *testing.T) {
	t.Parallel()
	info := disco.Info{Forms: []form.Form{
		*parse(t, "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>urn:example:other</value></field></x>"),
		*(&muc.RoomInfo{Occupants: new(uint32(3))}).Result(),
	}}
	r, err := form.Find[muc.RoomInfo](info.Forms)
	require.NoError(t, err)
	require.Equal(t, new(uint32(3)), r.Occupants)
	none, err := form.Find[muc.RoomConfig](info.Forms)
	require.NoError(t, err)
	require.Nil(t, none)
}

func TestNewForm(t *testing.T) {
	t.Parallel()
	f := (&muc.VoiceRequest{Nick: new("toby")}).Form()
	require.Equal(t, "Request for voice", f.Title)
	require.Equal(t, []string{"participant"}, f.Field("muc#role").Values, "the default")
	require.Equal(t, []form.Option{{Label: "Participants", Value: "participant"}}, f.Field("muc#role").Options)
	require.Equal(t, form.FieldTypeBoolean, f.Field("muc#request_allow").Type)
	require.Equal(t, "toby", f.Value("muc#roomnick"))
	require.Empty(t, f.Value("none"))
	require.Nil(t, f.Field("none"))
	require.True(t, bool((&muc.Registration{}).Form().Field("muc#register_roomnick").Required))
}

// A form that a room sends is read, changed and sent back. Fields that the schema does not name go back as they are.
func ExampleDecode() {
	answer := muc.OwnerQuery{Form: (&muc.RoomConfig{Name: new("Tavern"), Public: new(true)}).Form()} // as a room sends it
	config, err := form.Decode[muc.RoomConfig](answer.Form)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*config.Name)
	config.Public = new(false)
	set := muc.OwnerSet{Form: *config.Submit()}
	fmt.Println(set.Form.Type, set.Form.Value("muc#roomconfig_publicroom"))
	// Output:
	// Tavern
	// submit false
}

// The extended information of an entity is a list of forms. The FORM_TYPE tells which is which.
func ExampleFind() {
	info := disco.Info{Forms: []form.Form{*(&muc.RoomInfo{Subject: new("Cakes and ale")}).Result()}}
	room, err := form.Find[muc.RoomInfo](info.Forms)
	if err == nil && room != nil {
		fmt.Println(*room.Subject)
	}
	// Output: Cakes and ale
}

// A query of an archive takes its filter as a form that is filled in.
func ExampleMake() {
	filter := &mam.Filter{With: new(jid.MustParse("olivia@illyria.example"))}
	query := mam.Query{Form: form.Make(filter, form.TypeSubmit)} // or filter.Submit()
	fmt.Println(query.Form.FormType(), query.Form.Value("with"))
	// Output: urn:xmpp:mam:2 olivia@illyria.example
}

// A field that does not fit is named.
func ExampleFieldError() {
	submitted := &form.Form{Type: form.TypeSubmit, Fields: []form.Field{{Var: "muc#roomconfig_publicroom", Values: []string{"perhaps"}}}}
	_, err := form.Decode[muc.RoomConfig](submitted)
	var wrong *form.FieldError
	if errors.As(err, &wrong) {
		fmt.Println(wrong.Var, wrong.Reason)
	}
	// Output: muc#roomconfig_publicroom is neither true nor false
}
