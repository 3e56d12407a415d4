package main

import (
	"fmt"
	"reflect"
	"strings"
)

// describe writes a value as Go source would, without the fields that are not set.
func describe(v any) string {
	var b strings.Builder
	write(&b, reflect.ValueOf(v), 0)
	return b.String()
}

func write(b *strings.Builder, v reflect.Value, depth int) {
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil():
		b.WriteByte('&')
		write(b, v.Elem(), depth)
		return
	case v.CanInterface():
		if s, ok := v.Interface().(fmt.Stringer); ok && v.Kind() == reflect.Struct {
			fmt.Fprintf(b, "%q", s.String())
			return
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		writeStruct(b, v, depth)
	case reflect.Slice:
		fmt.Fprintf(b, "%s{", v.Type())
		for i := range v.Len() {
			b.WriteString("\n" + strings.Repeat("  ", depth+5))
			write(b, v.Index(i), depth+1)
			b.WriteByte(',')
		}
		b.WriteByte('}')
	case reflect.String:
		fmt.Fprintf(b, "%q", v.String())
	default:
		fmt.Fprintf(b, "%v", v)
	}
}

func writeStruct(b *strings.Builder, v reflect.Value, depth int) {
	b.WriteString(v.Type().String() + "{")
	first := true
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || f.Anonymous || f.Name == "XMLName" || v.Field(i).IsZero() {
			continue
		}
		if !first {
			b.WriteString(", ")
		}
		first = false
		b.WriteString(f.Name + ": ")
		write(b, v.Field(i), depth)
	}
	b.WriteByte('}')
}
