package paste

import (
	"regexp"
	"strings"
)

// Direction is which way a stanza went, as far as the log says so.
type Direction string

// The directions, as seen by who wrote the log.
const (
	Unknown Direction = ""
	In      Direction = "in"
	Out     Direction = "out"
)

// What logs write in front of stanzas. Words come before arrows, so that "C: -->" is one thing.
var (
	outWord  = regexp.MustCompile(`(?i)\b(?:send|sent|sending|outgoing|outbound)\b|\bOUT\b|>>>|-->|→|(?:^|\s)C:\s*$`)
	inWord   = regexp.MustCompile(`(?i)\b(?:recv|rcvd|received|receiving|receive|incoming|inbound)\b|\bIN\b|<<<|<--|←|(?:^|\s)S:\s*$`)
	bareWord = regexp.MustCompile(`(?i)^\W*(in|out)\b`)

	stamp = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?` +
		`|(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2} \d\d:\d\d:\d\d(?: \d{4})?` +
		`|\d{1,2}/\d{1,2}/\d{2,4},? \d{1,2}:\d\d:\d\d(?:[.,]\d+)?(?: ?[AaPp][Mm])?` +
		`|\b\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?: ?[AaPp][Mm]\b)?`)
)

// directionOf reads the direction out of what stands in front of an element; what is nearest to it counts. In a
// comment of its own the words in and out are enough.
func directionOf(s string, alone bool) Direction {
	in, out := lastMatch(inWord, s), lastMatch(outWord, s)
	if in < 0 && out < 0 && alone {
		if m := bareWord.FindStringSubmatch(s); m != nil {
			return Direction(strings.ToLower(m[1]))
		}
	}
	switch {
	case in > out:
		return In
	case out > in:
		return Out
	}
	return Unknown
}

func lastMatch(re *regexp.Regexp, s string) int {
	all := re.FindAllStringIndex(s, -1)
	if len(all) == 0 {
		return -1
	}
	return all[len(all)-1][1]
}

// entry reports whether a line that begins so, before an element of a name, is a new entry of a log, rather than a line of the
// element before.
func entry(prefix, name string) bool {
	if len(prefix) > maxPrefix || strings.TrimSpace(prefix) == "" || strings.ContainsAny(arrows.Replace(prefix), "<>") {
		return false
	}
	at := stamp.FindStringIndex(prefix)
	timed := at != nil && strings.Trim(prefix[:at[0]], " \t[(") == ""
	directed := directionOf(prefix, false) != Unknown
	return topLevel(name) && (timed || directed) || timed && directed
}

var arrows = strings.NewReplacer("<<<", "", ">>>", "", "<--", "", "-->", "", "->", "")

// topLevel reports whether an element of this name is seldom found inside of others.
func topLevel(name string) bool {
	switch name {
	case "message", "presence", "iq", "stream", "open", "close":
		return true
	}
	return strings.HasPrefix(name, "stream:")
}
