package model

// Scalar is a simple type of the schema language. The zero Scalar means: none.
type Scalar uint8

// The simple types, as the schema names them ("int" is Int64, "uint" is Uint64).
const (
	String Scalar = iota + 1
	Bool
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Decimal
	Double
	JID
	DateTime
	Date
	Time
	Base64
	Hex
	Language
	URI
	// Flag is an empty child element whose presence means true.
	Flag
	// LangText is a child with text that may stand once per language.
	LangText
	// Raw is a child element that is kept as it is.
	Raw
)

// GoType names a Go type.
type GoType struct {
	// Path is the import path of its package, empty for predeclared types.
	Path string
	// Name is its name; it may be a type literal where Path is empty.
	Name string
}

// scalarInfo is what the compiler knows of a scalar.
type scalarInfo struct {
	name string
	goes GoType
	// bits is the width of integers, else 0.
	bits     int
	unsigned bool
	// pointer says that the zero value is a value like others, so that optional fields need a pointer.
	pointer bool
}

// info is a function and not a variable, so that nothing can change it.
func (s Scalar) info() scalarInfo {
	switch s {
	case String:
		return scalarInfo{name: "string", goes: GoType{"", "string"}}
	case Bool:
		return scalarInfo{name: "bool", goes: GoType{"", "bool"}}
	case Int8:
		return scalarInfo{name: "int8", goes: GoType{"", "int8"}, bits: 8, pointer: true}
	case Int16:
		return scalarInfo{name: "int16", goes: GoType{"", "int16"}, bits: 16, pointer: true}
	case Int32:
		return scalarInfo{name: "int32", goes: GoType{"", "int32"}, bits: 32, pointer: true}
	case Int64:
		return scalarInfo{name: "int64", goes: GoType{"", "int64"}, bits: 64, pointer: true}
	case Uint8:
		return scalarInfo{name: "uint8", goes: GoType{"", "uint8"}, bits: 8, unsigned: true, pointer: true}
	case Uint16:
		return scalarInfo{name: "uint16", goes: GoType{"", "uint16"}, bits: 16, unsigned: true, pointer: true}
	case Uint32:
		return scalarInfo{name: "uint32", goes: GoType{"", "uint32"}, bits: 32, unsigned: true, pointer: true}
	case Uint64:
		return scalarInfo{name: "uint64", goes: GoType{"", "uint64"}, bits: 64, unsigned: true, pointer: true}
	case Decimal:
		return scalarInfo{name: "decimal", goes: GoType{"", "float64"}, pointer: true}
	case Double:
		return scalarInfo{name: "double", goes: GoType{"", "float64"}, pointer: true}
	case JID:
		return scalarInfo{name: "jid", goes: GoType{JIDPath, "JID"}}
	case DateTime:
		return scalarInfo{name: "datetime", goes: GoType{StanzaPath, "DateTime"}}
	case Date:
		return scalarInfo{name: "date", goes: GoType{StanzaPath, "Date"}}
	case Time:
		return scalarInfo{name: "time", goes: GoType{StanzaPath, "TimeOfDay"}}
	case Base64:
		return scalarInfo{name: "base64", goes: GoType{StanzaPath, "Bytes"}}
	case Hex:
		return scalarInfo{name: "hex", goes: GoType{StanzaPath, "Hex"}}
	case Language:
		return scalarInfo{name: "language", goes: GoType{"", "string"}}
	case URI:
		return scalarInfo{name: "uri", goes: GoType{"", "string"}}
	case Flag:
		return scalarInfo{name: "flag", goes: GoType{StanzaPath, "Flag"}}
	case LangText:
		return scalarInfo{name: "langtext", goes: GoType{StanzaPath, "Text"}}
	case Raw:
		return scalarInfo{name: "raw", goes: GoType{StanzaPath, "Raw"}}
	}
	return scalarInfo{}
}

// String returns the name of s in the schema language.
func (s Scalar) String() string { return s.info().name }

// GoType returns the Go type of one value.
func (s Scalar) GoType() GoType { return s.info().goes }

// IsInteger reports whether s is one of the integer types.
func (s Scalar) IsInteger() bool { return s.info().bits != 0 }

// IsUnsigned reports whether s is an unsigned integer type.
func (s Scalar) IsUnsigned() bool { return s.info().unsigned }

// Bits returns the width of an integer type, else 0.
func (s Scalar) Bits() int { return s.info().bits }

// NeedsPointer reports whether an optional value needs a pointer, because the zero value is a value like others.
func (s Scalar) NeedsPointer() bool { return s.info().pointer }

// Scalars returns the names of all scalars in the order of the language, with the names that stand for another one.
func Scalars() []string {
	var names []string
	for s := String; s <= Raw; s++ {
		names = append(names, s.String())
	}
	return append(names, "int", "uint")
}

// ScalarNamed returns the scalar of that name in the schema language, zero if there is none.
func ScalarNamed(name string) Scalar {
	switch name {
	case "int":
		return Int64
	case "uint":
		return Uint64
	}
	for s := String; s <= Raw; s++ {
		if s.String() == name {
			return s
		}
	}
	return 0
}
