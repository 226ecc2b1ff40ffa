package evtxfile

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// Value is one typed value of an event in its binary form.
type Value struct {
	kind byte
	data []byte
}

// BinXml value types, MS-EVEN6 2.2.12 and the libevtx format description.
const (
	kindNull    = 0x00
	kindString  = 0x01
	kindU8      = 0x04
	kindU16     = 0x06
	kindI32     = 0x07
	kindU32     = 0x08
	kindU64     = 0x0a
	kindBool    = 0x0d
	kindBinary  = 0x0e
	kindGUID    = 0x0f
	kindTime    = 0x11
	kindSID     = 0x13
	kindHex32   = 0x14
	kindHex64   = 0x15
	kindBinXML  = 0x21
	kindStrings = 0x81
)

// String is UTF-16 text.
func String(s string) Value { return Value{kindString, encodeUTF16(s)} }

// Strings is an array of texts, as classic event sources log their inserts.
func Strings(list ...string) Value {
	var b []byte
	for _, s := range list {
		b = append(append(b, encodeUTF16(s)...), 0, 0)
	}
	return Value{kindStrings, b}
}

// U8, U16, U32, U64 and I32 are decimal numbers.
func U8(v uint8) Value { return Value{kindU8, []byte{v}} }

// U16 is a decimal number.
func U16(v uint16) Value { return Value{kindU16, binary.LittleEndian.AppendUint16(nil, v)} }

// U32 is a decimal number.
func U32(v uint32) Value { return Value{kindU32, binary.LittleEndian.AppendUint32(nil, v)} }

// U64 is a decimal number.
func U64(v uint64) Value { return Value{kindU64, binary.LittleEndian.AppendUint64(nil, v)} }

// I32 is a signed decimal number.
func I32(v int32) Value { return Value{kindI32, binary.LittleEndian.AppendUint32(nil, uint32(v))} }

// Hex32 and Hex64 are shown with 0x.
func Hex32(v uint32) Value { return Value{kindHex32, binary.LittleEndian.AppendUint32(nil, v)} }

// Hex64 is shown with 0x.
func Hex64(v uint64) Value { return Value{kindHex64, binary.LittleEndian.AppendUint64(nil, v)} }

// Bool is true or false.
func Bool(v bool) Value {
	b := make([]byte, 4)
	if v {
		b[0] = 1
	}
	return Value{kindBool, b}
}

// Binary is shown as hexadecimal.
func Binary(b []byte) Value { return Value{kindBinary, b} }

// Time is a FILETIME: 100 ns units since 1601.
func Time(t time.Time) Value {
	return Value{kindTime, binary.LittleEndian.AppendUint64(nil, filetime(t))}
}

// GUID takes the textual form, with or without braces. Anything else is the
// zero GUID.
func GUID(s string) Value { return Value{kindGUID, encodeGUID(s)} }

// SID takes the textual form S-1-…; an empty string is no value.
func SID(s string) Value {
	parts := strings.Split(s, "-")
	if len(parts) < 3 || parts[0] != "S" {
		return Value{}
	}
	b := []byte{1, byte(len(parts) - 3)}
	authority, _ := strconv.ParseUint(parts[2], 10, 48)
	b = append(b, binary.BigEndian.AppendUint64(nil, authority)[2:]...)
	for _, p := range parts[3:] {
		v, _ := strconv.ParseUint(p, 10, 32)
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return Value{kindSID, b}
}

func filetime(t time.Time) uint64 {
	const epoch = 116444736000000000
	return uint64(t.UnixNano()/100) + epoch
}

func encodeUTF16(s string) []byte {
	units := utf16.Encode([]rune(s))
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func encodeGUID(s string) []byte {
	raw, err := hex.DecodeString(strings.NewReplacer("{", "", "}", "", "-", "").Replace(s))
	if err != nil || len(raw) != 16 {
		return make([]byte, 16)
	}
	for _, swap := range [][2]int{{0, 3}, {1, 2}, {4, 5}, {6, 7}} {
		raw[swap[0]], raw[swap[1]] = raw[swap[1]], raw[swap[0]]
	}
	return raw
}
