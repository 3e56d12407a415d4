package stanza_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

func zoned(h, m int) *time.Location { return time.FixedZone("", h*3600+m*60) }

// VX16: dates of all times, and fractions of any length.
func TestDateTime(t *testing.T) {
	t.Parallel()
	utc := time.UTC
	for _, tt := range []struct {
		in   string
		want time.Time
		out  string // if it is written in another way
	}{
		{"2026-11-24T08:30:00Z", time.Date(2026, 11, 24, 8, 30, 0, 0, utc), ""},
		{"1969-07-21T02:56:15Z", time.Date(1969, 7, 21, 2, 56, 15, 0, utc), ""},
		{"1969-07-20T21:56:15-05:00", time.Date(1969, 7, 21, 2, 56, 15, 0, utc), ""},
		{"2026-11-24T08:30:00.5Z", time.Date(2026, 11, 24, 8, 30, 0, 5e8, utc), ""},
		{"2026-11-24T08:30:00.123456789Z", time.Date(2026, 11, 24, 8, 30, 0, 123456789, utc), ""},
		{"2026-11-24T08:30:00.000Z", time.Date(2026, 11, 24, 8, 30, 0, 0, utc), "2026-11-24T08:30:00Z"},
		{"2026-11-24T08:30:00.123456789012345678901234567890Z", time.Date(2026, 11, 24, 8, 30, 0, 123456789, utc), "2026-11-24T08:30:00.123456789Z"},
		{"2026-11-24T08:30:00." + strings.Repeat("9", 1000) + "Z", time.Date(2026, 11, 24, 8, 30, 0, 999999999, utc), "2026-11-24T08:30:00.999999999Z"},
		{"0001-01-01T00:00:01Z", time.Date(1, 1, 1, 0, 0, 1, 0, utc), ""},
		{"0001-01-01T00:00:00+14:00", time.Date(1, 1, 1, 0, 0, 0, 0, zoned(14, 0)), ""},
		{"9999-12-31T23:59:59.999999999Z", time.Date(9999, 12, 31, 23, 59, 59, 999999999, utc), ""},
		{"9999-12-31T23:59:59-14:00", time.Date(9999, 12, 31, 23, 59, 59, 0, zoned(-14, 0)), ""},
		{"2026-11-24T08:30:00+14:00", time.Date(2026, 11, 24, 8, 30, 0, 0, zoned(14, 0)), ""},
		{"2026-11-24T08:30:00-14:00", time.Date(2026, 11, 24, 8, 30, 0, 0, zoned(-14, 0)), ""},
		{"2026-11-24T08:30:00+05:45", time.Date(2026, 11, 24, 8, 30, 0, 0, zoned(5, 45)), ""},
		{"2026-11-24T08:30:00-00:30", time.Date(2026, 11, 24, 9, 0, 0, 0, utc), ""},
		{"2026-11-24T08:30:00+00:00", time.Date(2026, 11, 24, 8, 30, 0, 0, utc), "2026-11-24T08:30:00Z"},
		{"2026-11-24T08:30:00-00:00", time.Date(2026, 11, 24, 8, 30, 0, 0, utc), "2026-11-24T08:30:00Z"},
		{"2024-02-29T00:00:00Z", time.Date(2024, 2, 29, 0, 0, 0, 0, utc), ""},
		{"2000-02-29T00:00:00Z", time.Date(2000, 2, 29, 0, 0, 0, 0, utc), ""},
		// XML Schema, part 2: the end of a day is the beginning of the next
		{"2026-12-31T24:00:00Z", time.Date(2027, 1, 1, 0, 0, 0, 0, utc), "2027-01-01T00:00:00Z"},
		{"2026-12-31T24:00:00.000+01:00", time.Date(2027, 1, 1, 0, 0, 0, 0, zoned(1, 0)), "2027-01-01T00:00:00+01:00"},
	} {
		v, err := stanza.ParseDateTime(tt.in)
		require.NoError(t, err, "%s", tt.in)
		require.True(t, v.Equal(tt.want), "%s is %s", tt.in, v.Time)
		out := tt.out
		if out == "" {
			out = tt.in
		}
		require.Equal(t, out, v.String())
		again, err := stanza.ParseDateTime(v.String())
		require.NoError(t, err)
		require.Equal(t, v, again)
		requireKept(t, tt.in, out, stanza.DecodeDateTime)
	}
	for _, in := range []string{
		"", "2026", "2026-11-24", "2026-11-24T08:30:00", "2026-11-24 08:30:00Z", "2026-11-24t08:30:00z", "20261124T08:30:00", "26-11-24T08:30:00Z",
		"2026-00-24T08:30:00Z", "2026-13-24T08:30:00Z", "2026-11-00T08:30:00Z", "2026-11-31T08:30:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
		"2026-11-24T25:00:00Z", "2026-11-24T08:60:00Z", "2026-11-24T23:59:60Z", "2016-12-31T23:59:60Z",
		"2026-11-24T24:00:01Z", "2026-11-24T24:01:00Z", "2026-11-24T24:00:00.0000000000000001Z", "9999-12-31T24:00:00Z",
		"2026-11-24T08:30:00.Z", "2026-11-24T08:30:00,5Z", "2026-11-24T08:30:00.5", "2026-11-24T08:30Z",
		"2026-11-24T08:30:00+14:01", "2026-11-24T08:30:00-15:00", "2026-11-24T08:30:00+01", "2026-11-24T08:30:00+0100", "2026-11-24T08:30:00+01:60", "2026-11-24T08:30:00ZZ",
		"0000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "-2026-11-24T08:30:00Z", "+2026-11-24T08:30:00Z",
		"999999999999999999999-01-01T00:00:00Z", "2026-1-1T1:1:1Z", "２０２６-11-24T08:30:00Z", "2026-11-24T08:30:00\x00", "\xff\xff\xff\xff-11-24T08:30:00Z", "now",
	} {
		v, err := stanza.ParseDateTime(in)
		require.Error(t, err, "%q", in)
		require.True(t, v.IsZero())
		if in != "" {
			_, reason := stanza.DecodeDateTime(in, new(*wire.Extra), 0)
			require.Equal(t, "is no date and time as in 2026-11-24T08:30:00Z", reason)
			kept := stanza.At(time.Unix(0, 0))
			require.Error(t, kept.UnmarshalText([]byte(in)))
		}
	}
}

func TestDate(t *testing.T) {
	t.Parallel()
	for in, out := range map[string]string{
		"2026-11-24": "", "0001-01-02": "", "9999-12-31": "", "2024-02-29": "", "2026-11-24+14:00": "", "2026-11-24-05:30": "",
		"2026-11-24Z": "2026-11-24", "2026-11-24-00:00": "2026-11-24",
	} {
		v, err := stanza.ParseDate(in)
		require.NoError(t, err, "%s", in)
		if out == "" {
			out = in
		}
		require.Equal(t, out, v.String())
		requireKept(t, in, out, stanza.DecodeDate)
	}
	for _, in := range []string{"", "2026-11", "2026-11-24T", "2026-11-24T00:00:00Z", "2026-02-30", "2026-11-24+14:30", "0000-01-01", "10000-01-01", "20261124", "2026-11-2४"} {
		_, err := stanza.ParseDate(in)
		require.EqualError(t, err, "is no date as in 2026-11-24", "%q", in)
	}
}

func TestTimeOfDay(t *testing.T) {
	t.Parallel()
	for in, out := range map[string]string{
		"08:30:00": "", "00:00:00": "", "00:00:00Z": "", "23:59:59.999999999": "", "08:30:00+14:00": "", "08:30:00-05:30": "", "16:00:00.25Z": "",
		"08:30:00.10": "08:30:00.1", "08:30:00.1234567891": "08:30:00.123456789", "24:00:00": "00:00:00", "24:00:00.0Z": "00:00:00Z", "08:30:00-00:00": "08:30:00Z",
	} {
		v, err := stanza.ParseTimeOfDay(in)
		require.NoError(t, err, "%s", in)
		require.True(t, v.IsSet)
		require.False(t, v.Time.Before(time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC)))
		require.False(t, v.IsZero(), "midnight is a time")
		if out == "" {
			out = in
		}
		require.Equal(t, out, v.String())
		requireKept(t, in, out, stanza.DecodeTimeOfDay)
	}
	for _, in := range []string{"", "8:30:00", "08:30", "24:00:01", "25:00:00", "08:60:00", "08:30:60", "08:30:00.", "08:30:00+14:01", "083000", "08:30:00z"} {
		_, err := stanza.ParseTimeOfDay(in)
		require.EqualError(t, err, "is no time as in 08:30:00", "%q", in)
	}
}

// requireKept fails unless decoding in remembers its spelling exactly if writing would give
// something else.
func requireKept[T any](t *testing.T, in, out string, decode func(string, **wire.Extra, wire.Slot) (T, string)) {
	t.Helper()
	for _, s := range []string{in, " " + in + "\n"} {
		var x *wire.Extra
		_, reason := decode(s, &x, 3)
		require.Empty(t, reason)
		require.Equal(t, s == out, x == nil, "%q", s)
		require.Equal(t, s, strings.NewReplacer("&#xA;", "\n").Replace(string(x.Respell([]byte(out), 0, 3))))
	}
}

// What time.Time can hold and XEP-0082 cannot still says the same moment, or nothing.
func TestTimesOfPrograms(t *testing.T) {
	t.Parallel()
	noon := time.Date(1900, 1, 1, 12, 0, 0, 0, time.UTC)
	amsterdam := time.FixedZone("AMT", 19*60+32)
	far := time.FixedZone("", 26*3600)
	require.Equal(t, "1900-01-01T12:00:00Z", stanza.At(noon.In(amsterdam)).String())
	require.Equal(t, "1900-01-01T12:00:00Z", stanza.At(noon.In(far)).String())
	require.Equal(t, "1900-01-02", stanza.Date{Time: noon.In(far)}.String())
	require.Equal(t, "1900-01-01", stanza.Date{Time: noon.In(amsterdam)}.String())
	require.Equal(t, "12:00:00Z", stanza.TimeOfDay{Time: noon.In(amsterdam), IsSet: true, Zoned: true}.String())
	require.Equal(t, "12:19:32", stanza.TimeOfDay{Time: noon.In(amsterdam), IsSet: true}.String())

	for _, y := range []int{0, -1, 10000, 292277026596} {
		bad := time.Date(y, 6, 1, 0, 0, 0, 0, time.UTC)
		_, err := stanza.At(bad).MarshalText()
		require.Error(t, err)
		_, err = stanza.Date{Time: bad}.MarshalText()
		require.Error(t, err)
		_, err = json.Marshal(stanza.At(bad))
		require.Error(t, err)
		require.NotEmpty(t, stanza.At(bad).String())
	}
	// the zone is not what makes the year
	_, err := stanza.At(time.Date(10000, 1, 1, 1, 0, 0, 0, far)).MarshalText()
	require.NoError(t, err)
	for _, zero := range []interface {
		String() string
		IsZero() bool
		MarshalText() ([]byte, error)
	}{stanza.DateTime{}, stanza.Date{}, stanza.TimeOfDay{}} {
		b, err := zero.MarshalText()
		require.NoError(t, err)
		require.Empty(t, b)
		require.Empty(t, zero.String())
		require.True(t, zero.IsZero())
	}
	// year 1 begins with what means that there is no time
	var x *wire.Extra
	v, reason := stanza.DecodeDateTime("0001-01-01T00:00:00Z", &x, 3)
	require.Empty(t, reason)
	require.True(t, v.IsZero())
	require.Equal(t, " a='0001-01-01T00:00:00Z'", string(x.RestoreAttr(nil, 3, " a='")))
}
