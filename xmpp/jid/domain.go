package jid

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/secure/bidirule"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// The limits of the DNS, in octets of A-labels (RFC 1034, section 3.1, without the length
// octets). They keep a domainpart below the 1023 bytes of RFC 7622: no name of 253 octets has
// a form in U-labels that is as long.
const (
	maxLabel = 63
	maxHost  = 253
)

// maxULabel is the length in bytes that no U-label exceeds: an A-label has room for at most
// 59 code points after its prefix.
const maxULabel = (maxLabel - len(acePrefix)) * utf8.UTFMax

// acePrefix marks an A-label (RFC 5890, section 2.3.2.1).
const acePrefix = "xn--"

// identifier has the code points and contextual rules of the IdentifierClass (RFC 8264,
// section 4.2), which are those of IDNA2008 but for what isIDNA adds. It maps nothing but NFC.
var identifier = precis.NewIdentifier(precis.Norm(norm.NFC))

// scanHost returns the length of the host name at the start of s, which ends with
// s or before a '/'. It is ok only if the name is ASCII, in normal form and within
// the limits. Names that end with a digit may be IPv4 addresses; that is the caller's to check.
func scanHost(s string) (n int, ok bool) {
	label := 0 // where the label began
	for {
		if n = skipLetters(s, n); n == len(s) {
			break
		}
		c := s[n]
		if classes[c]&inLabel != 0 {
			n++
			continue
		}
		if c == '/' {
			break
		}
		switch c {
		case '-':
			if n == label || n == label+3 && s[label:n] == "xn-" {
				return 0, false
			}
		case '.':
			if n == label || n-label > maxLabel || s[n-1] == '-' {
				return 0, false
			}
			label = n + 1
		default:
			return 0, false
		}
		n++
	}
	ok = n != label && n-label <= maxLabel && s[n-1] != '-' && n <= maxHost
	return n, ok
}

// normalizeDomain returns a domainpart in normal form, or the reason why there is none
// (RFC 7622, section 3.2).
func normalizeDomain(s string) (string, Reason) {
	s = strings.TrimSuffix(s, ".") // before all else, says the RFC
	if s == "" {
		return "", ErrEmpty
	}
	if s[0] == '[' {
		return normalizeIPv6(s)
	}
	host := s
	if n, ok := scanHost(s); !ok || n != len(s) {
		var reason Reason
		if host, reason = normalizeHost(s); reason != "" {
			return "", reason
		}
	}
	if isDottedDecimal(host) {
		if _, err := netip.ParseAddr(host); err != nil {
			return "", ErrIP
		}
	}
	return host, ""
}

// normalizeIPv6 returns the RFC 5952 form of an address in brackets.
func normalizeIPv6(s string) (string, Reason) {
	inner, ok := strings.CutSuffix(s[1:], "]")
	if !ok {
		return "", ErrIP
	}
	addr, err := netip.ParseAddr(inner)
	if err != nil || !addr.Is6() || addr.Zone() != "" {
		return "", ErrIP
	}
	if text := addr.String(); text != inner {
		return "[" + text + "]", ""
	}
	return s, ""
}

// isDottedDecimal reports whether s has the form #.#.#.# of an IPv4 address.
func isDottedDecimal(s string) bool {
	if !isDigit(s[len(s)-1]) {
		return false
	}
	dots := 0
	for i := range len(s) {
		if s[i] == '.' {
			dots++
		} else if !isDigit(s[i]) {
			return false
		}
	}
	return dots == 3
}

// normalizeHost returns a host name in U-labels.
func normalizeHost(s string) (string, Reason) {
	if !utf8.ValidString(s) {
		return "", ErrUTF8
	}
	if !isASCII(s) {
		s = strings.Map(mapFullStop, s)
	}
	var b strings.Builder
	octets := -1 // in A-labels with a dot before each but the first
	for label := range strings.SplitSeq(s, ".") {
		u, n, reason := normalizeLabel(label)
		if reason != "" {
			return "", reason
		}
		if octets += 1 + n; octets > maxHost {
			return "", ErrTooLong
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(u)
	}
	host := b.String()
	// In a name with right-to-left text, all labels have to keep the Bidi
	// Rule, also those of ASCII (RFC 5893, section 2).
	if bidirule.DirectionString(host) == bidi.RightToLeft {
		for label := range strings.SplitSeq(host, ".") {
			if !bidirule.ValidString(label) {
				return "", ErrBidi
			}
		}
	}
	return host, ""
}

// mapFullStop maps what RFC 5895, section 2 lets stand for the separator of labels: the
// ideographic full stop, and the wide and narrow forms that width mapping makes of either.
func mapFullStop(r rune) rune {
	switch r {
	case '\u3002', '\uff0e', '\uff61':
		return '.'
	}
	return r
}

// normalizeLabel returns a label as U-label or in lower-case ASCII, and its length as A-label.
func normalizeLabel(label string) (u string, octets int, reason Reason) {
	if !isASCII(label) {
		label = mapLabel(label)
	} else {
		label = lowerASCII(label)
	}
	if !isASCII(label) {
		a, reason := toASCII(label)
		return label, len(a), reason
	}
	switch {
	case label == "":
		return "", 0, ErrLabel
	case len(label) > maxLabel:
		return "", 0, ErrTooLong
	}
	if strings.HasPrefix(label, acePrefix) {
		u, reason := fromASCII(label)
		return u, len(label), reason
	}
	for i := range len(label) {
		if c := label[i]; classes[c]&inLabel == 0 && c != '-' {
			return "", 0, ErrCharacter
		}
	}
	if label[0] == '-' || label[len(label)-1] == '-' {
		return "", 0, ErrLabel
	}
	return label, len(label), ""
}

// mapLabel maps a label that is not ASCII to lower case, to plain width and to
// Normalization Form C (RFC 5895, section 2).
func mapLabel(label string) string {
	lower := cases.Lower(language.Und, cases.HandleFinalSigma(false))
	for range maxRounds {
		next := width.Fold.String(lower.String(label))
		next = norm.NFC.String(strings.Map(mapCherokee, next))
		if next == label {
			break
		}
		label = next
	}
	return label
}

// mapCherokee maps small letters of Cherokee to capitals. It is the one script
// that Unicode folds this way, so IDNA2008 allows the capitals and not the small letters.
func mapCherokee(r rune) rune {
	switch {
	case '\u13f8' <= r && r <= '\u13fd':
		return r - ('\u13f8' - '\u13f0')
	case '\uab70' <= r && r <= '\uabbf':
		return r - ('\uab70' - '\u13a0')
	}
	return r
}

// toASCII returns the A-label of a mapped label, or the reason why it is not a
// U-label (RFC 5891, section 4.2).
func toASCII(label string) (string, Reason) {
	// Encoding takes time in the square of the length.
	if len(label) > maxULabel {
		return "", ErrTooLong
	}
	if s, err := identifier.String(label); err != nil || s != label || !isIDNA(label) {
		return "", ErrCharacter
	}
	runes := []rune(label)
	last := len(runes) - 1
	switch {
	case unicode.Is(unicode.M, runes[0]),
		runes[0] == '-',
		runes[last] == '-',
		last >= 3 && runes[2] == '-' && runes[3] == '-':
		return "", ErrLabel
	}
	a, err := idna.Punycode.ToASCII(label)
	if err != nil {
		return "", ErrLabel
	}
	if len(a) > maxLabel {
		return "", ErrTooLong
	}
	return a, ""
}

// fromASCII returns the U-label of an A-label in lower case. It refuses A-labels that
// no U-label has (RFC 5891, sections 5.3 and 5.4): they would be a second spelling of some
// other name, or would smuggle in characters that may not be there.
func fromASCII(label string) (string, Reason) {
	u, err := idna.Punycode.ToUnicode(label)
	if err != nil || isASCII(u) || mapLabel(u) != u {
		return "", ErrLabel
	}
	if a, reason := toASCII(u); reason != "" || a != label {
		return "", ErrLabel
	}
	return u, ""
}

// isIDNA reports whether a label of the IdentifierClass, in normal form, has only
// characters that IDNA2008 allows as well. Of ASCII these are letters, digits and the
// hyphen; beyond it, IDNA2008 also keeps out marks of symbols and music, and what case
// folding changes but for two letters (RFC 5892, sections 2.2, 2.4, 2.6 and 3).
func isIDNA(label string) bool {
	for _, r := range label {
		switch {
		case r < 0x80 && (classes[r]&inLabel == 0 || r == '_') && r != '-',
			'\u20d0' <= r && r <= '\u20ff',
			'\U0001d100' <= r && r <= '\U0001d24f':
			return false
		}
	}
	label = strings.Map(func(r rune) rune {
		if r == 'ß' || r == 'ς' {
			return '-' // combines with nothing
		}
		return r
	}, label)
	// Fold swaps small and capital letters of Cherokee, where it should only make capitals.
	folded := strings.Map(mapCherokee, cases.Fold().String(label))
	return norm.NFKC.String(folded) == label
}
