// Decode decodes the examples of schemas that were inferred from them, with the types that were made of the schemas. Nothing may
// be left over, and the same has to come out again.
package main

import (
	"fmt"
	"os"
	"reflect"

	"MODULE/golden/inferred/all"
	"MODULE/stream/wire"
	"MODULE/xmpp/stanza"
)

func main() {
	entries := map[string]all.Entry{}
	for _, e := range all.Types() {
		entries[e.Package+"."+e.GoName] = e
	}
	done, failed := 0, false
	for _, x := range all.Examples() {
		var ctx *wire.Context
		if x.Stanza != "" {
			ctx = wire.NewContext(wire.NSClient, "")
		}
		r, err := wire.ParseIn(x.XML, ctx)
		if err == nil {
			types := x.Types
			err = walk(r, x.Stanza != "", &types, entries, x.Package)
			if err == nil && len(types) > 0 {
				err = fmt.Errorf("nothing of type %v", types)
			}
		}
		if err != nil {
			fmt.Printf("%s: %v\n%s\n", x.Package, err, x.XML)
			failed = true
		}
		done++
	}
	fmt.Println(done, "examples")
	if failed || done == 0 {
		os.Exit(1)
	}
}

// walk decodes the outermost elements that have a type.
func walk(r wire.Raw, skip bool, types *[]string, entries map[string]all.Entry, pkg string) error {
	if !skip && len(*types) > 0 {
		e, ok := entries[pkg+"."+(*types)[0]]
		if !ok {
			return fmt.Errorf("there is no type %s", (*types)[0])
		}
		if e.New().Matches(r.Name()) {
			*types = (*types)[1:]
			return try(e.New(), r)
		}
	}
	for c := r.Children(); c.Next(); {
		if err := walk(c.Raw(), false, types, entries, pkg); err != nil {
			return err
		}
	}
	return nil
}

func try(v stanza.Decoder, r wire.Raw) error {
	if err := v.DecodeXML(r); err != nil {
		return err
	}
	if left := extra(reflect.ValueOf(v), ""); left != "" {
		return fmt.Errorf("something is left over at %s", left)
	}
	b, err := v.AppendXML(nil, "")
	if err != nil {
		return err
	}
	again, err := wire.Parse(string(b))
	if err != nil {
		return err
	}
	if !wire.Equal(r, again) {
		return fmt.Errorf("became %s", b)
	}
	return nil
}

// extra says where something in v has no field.
func extra(v reflect.Value, at string) string {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return ""
		}
		if x, ok := v.Interface().(*wire.Extra); ok { // spellings of values are no content
			if len(x.Attrs)+len(x.Children) > 0 || x.Text != "" {
				return at
			}
			return ""
		}
		return extra(v.Elem(), at)
	case reflect.Slice:
		for i := range v.Len() {
			if left := extra(v.Index(i), at); left != "" {
				return left
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				if left := extra(v.Field(i), at+"."+f.Name); left != "" {
					return left
				}
			}
		}
	}
	return ""
}
