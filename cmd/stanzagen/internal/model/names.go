package model

import (
	"go/token"
	"strings"
	"unicode"
)

// Initialisms returns the words that Go names write in capitals, in lower case. The list is part of the language:
// a word that joins it renames fields.
func Initialisms() []string {
	return []string{
		"acl", "aes", "api", "ascii", "cpu", "css", "cid", "dns", "dsa", "dtls", "gpg", "gps",
		"hmac", "html", "http", "https", "ibb", "ice", "id", "imap", "ip", "iq", "jid", "json", "mam", "md5",
		"mime", "muc", "ns", "nat", "oob", "os", "pgp", "rpc", "rsa", "rsm", "rtcp", "rtp", "sasl", "scram", "sctp",
		"sdp", "sha", "sha1", "sha256", "sha512", "sid", "sip", "sms", "sql", "ssh", "ssl", "ssrc", "stun", "tcp",
		"tls", "ttl", "tzo", "udp", "ui", "uid", "upnp", "uri", "url", "utc", "utf8", "uuid", "vpn", "xep",
		"xhtml", "xml", "xmpp", "xri",
	}
}

// CamelCase makes the exported Go name of a wire name: its words with a capital each, initialisms all in
// capitals. Words end at characters that no identifier has, and where a capital follows a small letter.
// "stanza-id" gives StanzaID, "sessionId" SessionID, "xml:lang" XMLLang. The result of a name without letters or digits is
// empty; that of a name that begins with a digit is no identifier by itself.
func CamelCase(wire string) string {
	capitals := map[string]bool{}
	for _, w := range Initialisms() {
		capitals[w] = true
	}
	var b strings.Builder
	for _, word := range words(wire) {
		lower := strings.ToLower(word)
		if capitals[lower] {
			b.WriteString(strings.ToUpper(word))
			continue
		}
		if one, isPlural := strings.CutSuffix(lower, "s"); isPlural && capitals[one] && len(one) > 1 {
			b.WriteString(strings.ToUpper(one) + "s")
			continue
		}
		r := []rune(word)
		b.WriteRune(unicode.ToUpper(r[0]))
		b.WriteString(string(r[1:]))
	}
	return b.String()
}

// words splits a wire name.
func words(wire string) []string {
	var all []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			all = append(all, string(word))
			word = nil
		}
	}
	runes := []rune(wire)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
			continue
		case unicode.IsUpper(r) && i > 0 && unicode.IsLower(runes[i-1]):
			end()
		case unicode.IsUpper(r) && i > 0 && unicode.IsUpper(runes[i-1]) && i+1 < len(runes) && unicode.IsLower(runes[i+1]):
			// The last capital of a row begins the next word: HTMLBody is HTML and Body.
			end()
		}
		word = append(word, r)
	}
	end()
	return all
}

// Plural returns the name of a field that holds several of what name is: Items, Statuses, Queries. It follows the
// regular forms and knows no others.
func Plural(name string) string {
	lower := strings.ToLower(name)
	for _, end := range []string{"s", "x", "z", "ch", "sh"} {
		if strings.HasSuffix(lower, end) {
			return name + "es"
		}
	}
	if n := len(name); n > 1 && lower[n-1] == 'y' && !strings.ContainsRune("aeiou", rune(lower[n-2])) && name[n-1] == 'y' {
		return name[:n-1] + "ies"
	}
	return name + "s"
}

// TrimStutter returns the name of a type without the name of its package in front, as long as a name remains:
// State for ChatStatesState or ChatState in package chatstates, but Mood for Mood in package mood.
func TrimStutter(pkg, name string) string {
	for _, prefix := range []string{pkg, strings.TrimSuffix(pkg, "s")} {
		if len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) && unicode.IsUpper(rune(name[len(prefix)])) {
			return name[len(prefix):]
		}
	}
	if last := words(name); len(last) > 1 && strings.EqualFold(Plural(strings.Join(last, "")), pkg) {
		return last[len(last)-1]
	}
	return name
}

// IsExported reports whether name is an identifier that other packages can use.
func IsExported(name string) bool { return token.IsIdentifier(name) && token.IsExported(name) }

// ReservedFields returns the names that no field of e may have, with what has them already: implied fields, and the
// methods that e will get.
func ReservedFields(e *Element) map[string]string {
	names := map[string]string{
		"XMLName":      "the field that gives encoding/xml the element's name",
		"Extra":        "the field that keeps what the schema does not name",
		"WireName":     "a method of every generated struct",
		"Matches":      "a method of every generated struct",
		"AppendXML":    "a method of every generated struct",
		"DecodeXML":    "a method of every generated struct",
		"MarshalXML":   "a method for encoding/xml",
		"UnmarshalXML": "a method for encoding/xml",
	}
	if e.When != nil && e.Role != Nested {
		names["Fits"] = "a method of structs that share their name with others"
	}
	if e.Query != nil {
		names["IQType"] = "a method of IQ requests"
		names["NewResult"] = "a method of IQ requests"
	}
	if len(e.Features) > 0 {
		names["Features"] = "a method of structs with disco features"
	}
	if e.Sender != SenderAny {
		names["SenderRule"] = "a method of structs with a sender rule"
	}
	return names
}

// ReservedPackages returns the names that no generated package may have, because generated files import others of
// that name.
func ReservedPackages() []string { return []string{"jid", "stanza", "wire", "xml"} }
