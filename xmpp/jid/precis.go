package jid

import (
	"unicode/utf8"

	"golang.org/x/text/secure/bidirule"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// username is the UsernameCaseMapped profile (RFC 8265, section 3.3) but for its
// directionality rule. The profile of the precis package applies the Bidi Rule
// to every string and so refuses "1é"; RFC 8265 asks for it only where there is
// right-to-left text. breaksBidiRule does that.
var username = precis.NewIdentifier(precis.FoldWidth, precis.LowerCase(), precis.Norm(norm.NFC))

// maxRounds is how often the rules of a profile are applied to get a string that
// they no longer change: once and three times more, as RFC 8266, section 2.1 advises.
const maxRounds = 4

// normalizeLocal returns a localpart in normal form, or the reason why there is none
// (RFC 7622, section 3.3).
func normalizeLocal(s string) (string, Reason) {
	if s == "" {
		return "", ErrEmpty
	}
	ascii := isASCII(s)
	if ascii {
		s = lowerASCII(s)
	} else {
		var reason Reason
		if s, reason = enforce(username, s); reason != "" {
			return "", reason
		}
	}
	// Only here, as wide forms of the excluded characters have become
	// plain ones by now.
	for i := range len(s) {
		if s[i] < 0x80 && classes[s[i]]&inLocal == 0 {
			return "", ErrCharacter
		}
	}
	if !ascii && breaksBidiRule(s) {
		return "", ErrBidi
	}
	if len(s) > maxPart {
		return "", ErrTooLong
	}
	return s, ""
}

// normalizeResource returns a resourcepart in normal form, or the reason why there is
// none (RFC 7622, section 3.4).
func normalizeResource(s string) (string, Reason) {
	if s == "" {
		return "", ErrEmpty
	}
	if isASCII(s) {
		for i := range len(s) {
			if classes[s[i]]&inResource == 0 {
				return "", ErrCharacter
			}
		}
	} else {
		var reason Reason
		if s, reason = enforce(precis.OpaqueString, s); reason != "" {
			return "", reason
		}
	}
	if len(s) > maxPart {
		return "", ErrTooLong
	}
	return s, ""
}

// enforce applies a profile to s until it changes no more.
func enforce(p *precis.Profile, s string) (string, Reason) {
	// The normaliser must never see anything else than UTF-8.
	if !utf8.ValidString(s) {
		return "", ErrUTF8
	}
	for range maxRounds {
		next, err := p.String(s)
		if err != nil {
			return "", ErrCharacter
		}
		if next == s {
			return s, ""
		}
		s = next
	}
	return "", ErrCharacter
}

// breaksBidiRule reports whether s has right-to-left text and breaks the Bidi Rule.
func breaksBidiRule(s string) bool {
	return bidirule.DirectionString(s) == bidi.RightToLeft && !bidirule.ValidString(s)
}
