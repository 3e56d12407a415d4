package bench

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"

	"stanza.invalid/gen/caps"
	"stanza.invalid/gen/chatstate"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/mam"
	"stanza.invalid/gen/marker"
	"stanza.invalid/gen/muc"
	"stanza.invalid/gen/omemo"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/gen/roster"
	"stanza.invalid/gen/stanzaid"
	"stanza.invalid/gen/vcard"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// The envelopes are what encoding/xml decodes stanzas into: the attributes of a stanza and
// the very types that the stream's way uses for everything else.
type attributes struct {
	To   jid.JID `xml:"to,attr"`
	From jid.JID `xml:"from,attr"`
	ID   string  `xml:"id,attr,omitempty"`
	Type string  `xml:"type,attr,omitempty"`
	Lang string  `xml:"http://www.w3.org/XML/1998/namespace lang,attr,omitempty"`
}

type envMessage struct {
	XMLName struct{} `xml:"jabber:client message"`
	attributes
	Subject stanza.Text `xml:"jabber:client subject"`
	Body    stanza.Text `xml:"jabber:client body"`
	Thread  string      `xml:"jabber:client thread,omitempty"`

	State    *chatstate.Notification `xml:"http://jabber.org/protocol/chatstates active"`
	Request  *receipts.Request       `xml:"urn:xmpp:receipts request"`
	Markable *marker.Markable        `xml:"urn:xmpp:chat-markers:0 markable"`
	Origin   *stanzaid.OriginID      `xml:"urn:xmpp:sid:0 origin-id"`
	StanzaID *stanzaid.ID            `xml:"urn:xmpp:sid:0 stanza-id"`
	Result   *mam.Result             `xml:"urn:xmpp:mam:2 result"`
}

type envPresence struct {
	XMLName struct{} `xml:"jabber:client presence"`
	attributes
	Show     string      `xml:"jabber:client show,omitempty"`
	Status   stanza.Text `xml:"jabber:client status"`
	Priority int8        `xml:"jabber:client priority,omitempty"`

	User *muc.User          `xml:"http://jabber.org/protocol/muc#user x"`
	Caps *caps.Capabilities `xml:"http://jabber.org/protocol/caps c"`
}

type envIQ struct {
	XMLName struct{} `xml:"jabber:client iq"`
	attributes
	Roster *roster.Roster `xml:"jabber:iq:roster query"`
	Info   *disco.Info    `xml:"http://jabber.org/protocol/disco#info query"`
	Bundle *omemo.Bundle  `xml:"urn:xmpp:omemo:2 bundle"`
	VCard  *vcard.VCard   `xml:"vcard-temp vCard"`
}

// Those of envelopes whose payloads nobody asks for.
type bareMessage struct {
	XMLName struct{} `xml:"jabber:client message"`
	attributes
	Subject stanza.Text `xml:"jabber:client subject"`
	Body    stanza.Text `xml:"jabber:client body"`
	Thread  string      `xml:"jabber:client thread,omitempty"`
}

type barePresence struct {
	XMLName struct{} `xml:"jabber:client presence"`
	attributes
	Show     string      `xml:"jabber:client show,omitempty"`
	Status   stanza.Text `xml:"jabber:client status"`
	Priority int8        `xml:"jabber:client priority,omitempty"`
}

type bareIQ struct {
	XMLName struct{} `xml:"jabber:client iq"`
	attributes
}

const head = "from='romeo@montague.example/orchard' to='juliet@capulet.example/balcony' id='ktx72v49'"

func blob(n int) string {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return base64.StdEncoding.EncodeToString(b)
}

func plainText() string {
	return "<message " + head + " type='chat'><body>Art thou not Romeo, and a Montague?</body><thread>e0ffe42b28561960c6b1</thread></message>"
}

func fiveText() string {
	return "<message " + head + " type='chat' xml:lang='en'><body>" + strings.Repeat("Neither, fair saint, if either thee dislike. ", 4) + "</body>" +
		"<active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>" +
		"<markable xmlns='urn:xmpp:chat-markers:0'/><origin-id xmlns='urn:xmpp:sid:0' id='de305d54-75b4-431b-adb2-eb6b9e546013'/>" +
		"<stanza-id xmlns='urn:xmpp:sid:0' id='5f3dbc5e-e1d3-4077-a492-693f3769c7ad' by='juliet@capulet.example'/></message>"
}

func mucText() string {
	return "<presence from='coven@chat.shakespeare.example/thirdwitch' to='crone1@shakespeare.example/desktop' id='n13mt3l'>" +
		"<show>away</show><status>gone where the goblins go</status><priority>5</priority>" +
		"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://code.example/exodus' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>" +
		"<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='member' jid='hag66@shakespeare.example/pda' role='participant'/>" +
		"<status code='100'/><status code='110'/><status code='170'/></x></presence>"
}

func rosterText() string {
	var b strings.Builder
	b.WriteString("<iq " + head + " type='result'><query xmlns='jabber:iq:roster' ver='ver14'>")
	for i := range 200 {
		fmt.Fprintf(&b, "<item jid='contact%d@montague.example' name='Contact number %d' subscription='both'><group>Friends</group></item>", i, i)
	}
	b.WriteString("</query></iq>")
	return b.String()
}

func discoText() string {
	var b strings.Builder
	b.WriteString("<iq " + head + " type='result'><query xmlns='http://jabber.org/protocol/disco#info' node='http://code.example/exodus#QgayPKawpkPSDYmwT/WM94uAlu0='>" +
		"<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/><identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>")
	for _, f := range []string{"caps", "disco#info", "disco#items", "muc", "chatstates", "commands", "pubsub", "rosterx", "xhtml-im", "si/profile/file-transfer"} {
		b.WriteString("<feature var='http://jabber.org/protocol/" + f + "'/>")
	}
	b.WriteString("<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>" +
		"<field var='ip_version' type='text-multi'><value>ipv4</value><value>ipv6</value></field><field var='os'><value>Mac</value></field>" +
		"<field var='os_version'><value>10.5.1</value></field><field var='software'><value>Psi</value></field><field var='software_version'><value>0.11</value></field></x></query></iq>")
	return b.String()
}

func archiveText() string {
	return "<message id='aeb213' to='juliet@capulet.example/chamber' from='juliet@capulet.example'><result xmlns='urn:xmpp:mam:2' queryid='f27' id='28482-98726-73623'>" +
		"<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/>" +
		"<message xmlns='jabber:client' to='juliet@capulet.example/balcony' from='romeo@montague.example/orchard' type='chat' id='8a54s'>" +
		"<body>Call me but love, and I&apos;ll be new baptized; Henceforth I never will be Romeo.</body></message></forwarded></result></message>"
}

func omemoText() string {
	var b strings.Builder
	b.WriteString("<iq " + head + " type='result'><bundle xmlns='urn:xmpp:omemo:2'><spk id='31415'>" + blob(32) + "</spk><spks>" + blob(64) + "</spks><ik>" + blob(32) + "</ik><prekeys>")
	for i := range 100 {
		fmt.Fprintf(&b, "<pk id='%d'>%s</pk>", i+1, blob(32))
	}
	b.WriteString("</prekeys></bundle></iq>")
	return b.String()
}

func vcardText() string {
	return "<iq " + head + " type='result'><vCard xmlns='vcard-temp'><FN>Juliet Capulet</FN><N><FAMILY>Capulet</FAMILY><GIVEN>Juliet</GIVEN></N><NICKNAME>jul</NICKNAME>" +
		"<URL>https://capulet.example/juliet</URL><ORG><ORGNAME>House of Capulet</ORGNAME></ORG><EMAIL><INTERNET/><USERID>juliet@capulet.example</USERID></EMAIL>" +
		"<JABBERID>juliet@capulet.example</JABBERID><PHOTO><TYPE>image/png</TYPE><BINVAL>" + blob(40_000) + "</BINVAL></PHOTO></vCard></iq>"
}
