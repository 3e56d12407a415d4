package infer

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	natural  = regexp.MustCompile(`^(0|[1-9][0-9]{0,18})$`)
	integer  = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,17})$`)
	fraction = regexp.MustCompile(`^-?(0|[1-9][0-9]*)\.[0-9]+$`)
	moment   = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-2]):[0-5][0-9])$`)
	day      = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9])$`)
	// An address with a local part, all in the characters of which nothing has to be prepared.
	address = regexp.MustCompile(`^[a-z0-9._~+-]+@[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(/[A-Za-z0-9._~+-]+)?$`)
	domain  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z]([a-z0-9-]*[a-z0-9])?)+$`)
	link    = regexp.MustCompile(`^([a-z][a-z0-9+.-]*://|(urn|xmpp|mailto|tel|cid|data|geo|sip):)[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+$`)
	base64  = regexp.MustCompile(`^([A-Za-z0-9+/]{4})+([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$|^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)$`)
	digest  = regexp.MustCompile(`^([0-9a-f]{2}){16,}$`)
	word    = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,30}$`)
)

// guess returns the type that all values have, string if nothing better does. The name decides where a value could be
// several things.
func guess(name string, values []string) string {
	all := func(r *regexp.Regexp) bool {
		return !slices.ContainsFunc(values, func(v string) bool { return !r.MatchString(v) })
	}
	switch {
	case len(values) == 0:
		return "string"
	case all(natural):
		return unsigned(values)
	case all(integer):
		return signed(values)
	case all(fraction):
		return "decimal"
	case all(moment):
		return "datetime"
	case all(day):
		return "date"
	case all(address), isAddress(name) && !slices.ContainsFunc(values, func(v string) bool { return !address.MatchString(v) && !domain.MatchString(v) }):
		return "jid"
	case all(link):
		return "uri"
	case all(digest) && !all(regexp.MustCompile(`^[0-9]+$`)):
		return "hex"
	case all(base64) && slices.ContainsFunc(values, looksEncoded) && !slices.ContainsFunc(values, notCanonical):
		return "base64"
	case !slices.ContainsFunc(values, func(v string) bool { return v != "true" && v != "false" }):
		return "bool"
	}
	return "string"
}

// looksEncoded reports whether a text is base64 rather than a word.
func looksEncoded(v string) bool {
	return strings.HasSuffix(v, "=") || len(v) >= 32 && strings.ContainsAny(v, "0123456789+/")
}

// notCanonical reports whether the unused bits at the end are set: no encoder does so.
func notCanonical(v string) bool {
	switch {
	case strings.HasSuffix(v, "=="):
		return !strings.ContainsRune("AQgw", rune(v[len(v)-3]))
	case strings.HasSuffix(v, "="):
		return !strings.ContainsRune("AEIMQUYcgkosw048", rune(v[len(v)-2]))
	}
	return false
}

func isAddress(name string) bool {
	switch strings.ToLower(name) {
	case "jid", "from", "to", "by", "with", "service":
		return true
	}
	return false
}

func unsigned(values []string) string {
	for _, v := range values {
		if _, err := strconv.ParseUint(v, 10, 32); err != nil {
			return "uint64"
		}
	}
	return "uint32"
}

func signed(values []string) string {
	for _, v := range values {
		if _, err := strconv.ParseInt(v, 10, 32); err != nil {
			return "int64"
		}
	}
	return "int32"
}

// enumerated returns the few words that many values are, in the order of first sight, or nothing.
func enumerated(values []string) []string {
	var distinct []string
	for _, v := range values {
		if !word.MatchString(v) {
			return nil
		}
		if !slices.Contains(distinct, v) {
			distinct = append(distinct, v)
		}
	}
	if len(values) < 4 || len(distinct) < 2 || len(distinct) > 8 || 2*len(distinct) > len(values) {
		return nil
	}
	return distinct
}
