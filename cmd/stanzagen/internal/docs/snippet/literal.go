package snippet

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// scalar writes one value of a simple type; typed says that the surroundings do not fix the type of a constant.
func (w *writer) scalar(s model.Scalar, text string, typed bool) (expr, error) {
	if s != model.String && s != model.Language && s != model.URI {
		text = strings.TrimSpace(text)
	}
	number := func(literal string, err error) (expr, error) {
		if typed && err == nil {
			literal = s.GoType().Name + "(" + literal + ")"
		}
		return plain(literal), err
	}
	switch {
	case s == model.String, s == model.Language, s == model.URI:
		return plain(quote(text)), nil
	case s == model.Bool:
		switch text {
		case "true", "1":
			return plain("true"), nil
		case "false", "0":
			return plain("false"), nil
		}
		return expr{}, fmt.Errorf("%q is no bool", text)
	case s.IsUnsigned():
		n, err := strconv.ParseUint(text, 10, s.Bits())
		return number(strconv.FormatUint(n, 10), err)
	case s.IsInteger():
		n, err := strconv.ParseInt(text, 10, s.Bits())
		return number(strconv.FormatInt(n, 10), err)
	case s == model.Decimal, s == model.Double:
		return w.float(text, typed)
	case s == model.JID:
		w.use(model.JIDPath)
		return plain("jid.MustParse(" + quote(text) + ")"), nil
	case s == model.DateTime:
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return expr{}, err
		}
		w.use(model.StanzaPath)
		return plain("stanza.At(" + w.date(t) + ")"), nil
	case s == model.Date:
		t, err := parseTime(text, "2006-01-02", "2006-01-02Z07:00")
		if err != nil {
			return expr{}, err
		}
		w.use(model.StanzaPath)
		return plain("stanza.Date{Time: " + w.date(t) + "}"), nil
	case s == model.Time:
		t, err := parseTime(text, "15:04:05", "15:04:05Z07:00")
		if err != nil {
			return expr{}, err
		}
		w.use(model.StanzaPath)
		zoned := ""
		if strings.ContainsAny(text, "Z+-") {
			zoned = ", Zoned: true"
		}
		t = time.Date(1, 1, 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
		return plain("stanza.TimeOfDay{Time: " + w.date(t) + ", IsSet: true" + zoned + "}"), nil
	case s == model.Base64:
		data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		w.use(model.StanzaPath)
		return binary("stanza.Bytes", data), err
	case s == model.Hex:
		data, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
		w.use(model.StanzaPath)
		return binary("stanza.Hex", data), err
	case s == model.Flag:
		return plain("true"), nil
	}
	return expr{}, fmt.Errorf("no literal for a %s", s)
}

func (w *writer) float(text string, typed bool) (expr, error) {
	switch text {
	case "INF", "-INF":
		w.use("math")
		sign := "1"
		if text[0] == '-' {
			sign = "-1"
		}
		return plain("math.Inf(" + sign + ")"), nil
	case "NaN":
		w.use("math")
		return plain("math.NaN()"), nil
	}
	n, err := strconv.ParseFloat(text, 64)
	literal := strconv.FormatFloat(n, 'g', -1, 64)
	if typed {
		literal = "float64(" + literal + ")"
	}
	return plain(literal), err
}

// parseTime tries layouts.
func parseTime(text string, layouts ...string) (t time.Time, err error) {
	for _, layout := range layouts {
		if t, err = time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return t, err
}

// date writes a moment.
func (w *writer) date(t time.Time) string {
	w.use("time")
	zone := "time.UTC"
	if _, offset := t.Zone(); offset != 0 {
		zone = fmt.Sprintf("time.FixedZone(\"\", %d)", offset)
	}
	return fmt.Sprintf("time.Date(%d, %d, %d, %d, %d, %d, %d, %s)",
		t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
}

// binary writes bytes: as text where they are text, as numbers otherwise.
func binary(typ string, data []byte) expr {
	if utf8.Valid(data) && !strings.ContainsFunc(string(data), func(r rune) bool { return !strconv.IsPrint(r) }) {
		return plain(typ + "(" + quote(string(data)) + ")")
	}
	var numbers []string
	for _, b := range data {
		numbers = append(numbers, fmt.Sprintf("%#02x", b))
	}
	const perLine = 12
	if len(numbers) <= perLine {
		return plain(typ + "{" + strings.Join(numbers, ", ") + "}")
	}
	var b strings.Builder
	b.WriteString(typ + "{\n")
	for len(numbers) > 0 {
		n := min(perLine, len(numbers))
		b.WriteString(strings.Join(numbers[:n], ", ") + ",\n")
		numbers = numbers[n:]
	}
	return plain(b.String() + "}")
}

// quote writes a string, with backquotes where that is easier to read.
func quote(s string) string {
	if strings.Contains(s, `"`) && !strings.Contains(s, "\r") && strconv.CanBackquote(s) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

// enum writes a value of an enum, as its constant if there is one.
func (w *writer) enum(e *model.Enum, text string) expr {
	if !slices.Contains(w.enums, e) {
		w.enums = append(w.enums, e)
	}
	if !isText(e.Base) {
		text = strings.TrimSpace(text)
	}
	for _, v := range e.Values {
		if v.Value.Text == text {
			return plain(w.name(e.Package, v.GoName))
		}
	}
	if n := strings.TrimSpace(text); e.Numbers != 0 && isNumber(n, e.Numbers) {
		return plain(w.name(e.Package, e.NumbersFunc) + "(" + n + ")")
	}
	if isText(e.Base) {
		text = quote(text)
	}
	return plain(w.name(e.Package, e.GoName) + "(" + text + ")")
}

// isNumber reports whether s is a number of that type as Go writes it, too.
func isNumber(s string, t model.Scalar) bool {
	if t.IsUnsigned() {
		n, err := strconv.ParseUint(s, 10, t.Bits())
		return err == nil && strconv.FormatUint(n, 10) == s
	}
	n, err := strconv.ParseInt(s, 10, t.Bits())
	return err == nil && strconv.FormatInt(n, 10) == s
}

func isText(s model.Scalar) bool { return s == model.String || s == model.Language || s == model.URI }
