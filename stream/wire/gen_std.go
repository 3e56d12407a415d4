package wire

import (
	"encoding/xml"
	"reflect"
	"strconv"
	"strings"
)

// The types in this file stand in for others where generated MarshalXML and UnmarshalXML methods tell
// encoding/xml what struct tags cannot say.

// StdName is an empty element whose name is all that it says. The zero StdName is written as nothing.
type StdName Name

// MarshalXML writes the element under its own name, whatever start says.
func (n StdName) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	if n.Local == "" {
		return nil
	}
	if !ValidName(n.Local) {
		return &EncodeError{Reason: "a name that XML does not allow", Value: clip(n.Local)}
	}
	start := xml.StartElement{Name: xml.Name{Space: n.Space, Local: n.Local}}
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	return e.EncodeToken(start.End())
}

// StdFloat is a floating-point number as XML Schema writes it, where encoding/xml would write +Inf.
type StdFloat float64

// MarshalText returns the number as [AppendFloat] writes it, and nothing for nil.
func (f *StdFloat) MarshalText() ([]byte, error) {
	if f == nil {
		return nil, nil
	}
	return AppendFloat(nil, float64(*f)), nil
}

// StdDecimal is a decimal number as XML Schema writes it, where encoding/xml would write an exponent.
type StdDecimal float64

// MarshalText returns the number as [AppendDecimal] writes it, with its errors, and nothing for nil.
func (f *StdDecimal) MarshalText() ([]byte, error) {
	if f == nil {
		return nil, nil
	}
	return AppendDecimal(nil, float64(*f))
}

// StdOptional is optional text of an element: a number or a bool, where encoding/xml would take an empty text for zero.
type StdOptional[T any] struct {
	// Value is nil if the text is empty.
	Value *T
}

// UnmarshalText reads the text as encoding/xml does.
func (o *StdOptional[T]) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	p := new(T)
	v, s := reflect.ValueOf(p).Elem(), strings.TrimSpace(string(text))
	var err error
	switch v.Kind() {
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		var n int64
		n, err = strconv.ParseInt(s, 10, v.Type().Bits())
		v.SetInt(n)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		var n uint64
		n, err = strconv.ParseUint(s, 10, v.Type().Bits())
		v.SetUint(n)
	case reflect.Float64:
		var n float64
		n, err = strconv.ParseFloat(s, 64)
		v.SetFloat(n)
	default:
		var is bool
		is, err = strconv.ParseBool(s)
		v.SetBool(is)
	}
	if err != nil {
		return err
	}
	o.Value = p
	return nil
}
