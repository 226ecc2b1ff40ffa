package evtx

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"time"
)

// valueType is the type of a value (MS-EVEN6 2.2.12, BinXml ValueType).
type valueType uint8

const (
	typeNull     valueType = 0x00
	typeString   valueType = 0x01
	typeANSI     valueType = 0x02
	typeInt8     valueType = 0x03
	typeUint8    valueType = 0x04
	typeInt16    valueType = 0x05
	typeUint16   valueType = 0x06
	typeInt32    valueType = 0x07
	typeUint32   valueType = 0x08
	typeInt64    valueType = 0x09
	typeUint64   valueType = 0x0a
	typeReal32   valueType = 0x0b
	typeReal64   valueType = 0x0c
	typeBool     valueType = 0x0d
	typeBinary   valueType = 0x0e
	typeGUID     valueType = 0x0f
	typeSize     valueType = 0x10
	typeFileTime valueType = 0x11
	typeSysTime  valueType = 0x12
	typeSID      valueType = 0x13
	typeHex32    valueType = 0x14
	typeHex64    valueType = 0x15
	typeHandle   valueType = 0x20
	typeBinXML   valueType = 0x21
	typeXML      valueType = 0x23
	typeArray    valueType = 0x80 // a bit: many of them
)

// slot is where in the chunk a substitution value lies.
type slot struct {
	at   uint32
	size uint16
	typ  valueType
}

// plain tells that the value is one piece of text or one number.
func (s slot) plain() bool { return s.typ != typeBinXML && s.typ&typeArray == 0 }

// of borrows the value from its chunk.
func (s slot) of(chunk []byte) value {
	return value{s.typ, chunk[s.at : s.at+uint32(s.size)]}
}

// value is a value with its bytes, which are borrowed.
type value struct {
	typ  valueType
	data []byte
}

// fixedSize is the size of a type's values, 0 when it varies.
func (t valueType) fixedSize() int {
	switch t {
	case typeInt8, typeUint8:
		return 1
	case typeInt16, typeUint16:
		return 2
	case typeInt32, typeUint32, typeReal32, typeBool, typeHex32:
		return 4
	case typeInt64, typeUint64, typeReal64, typeFileTime, typeHex64:
		return 8
	case typeGUID, typeSysTime:
		return 16
	}
	return 0
}

// uint returns a whole number of any type.
func (v value) uint() (uint64, bool) {
	switch v.typ {
	case typeUint8, typeInt8:
		if len(v.data) >= 1 {
			return uint64(v.data[0]), true
		}
	case typeUint16, typeInt16:
		if len(v.data) >= 2 {
			return uint64(binary.LittleEndian.Uint16(v.data)), true
		}
	case typeUint32, typeInt32, typeHex32:
		if len(v.data) >= 4 {
			return uint64(binary.LittleEndian.Uint32(v.data)), true
		}
	case typeUint64, typeInt64, typeHex64:
		if len(v.data) >= 8 {
			return binary.LittleEndian.Uint64(v.data), true
		}
	}
	return 0, false
}

// append appends one value as Windows shows it. A value that is shorter than
// its type is shown as hexadecimal digits rather than lost.
func (v value) append(dst []byte) []byte {
	b := v.data
	if v.typ == typeString {
		return appendUTF16(dst, b)
	}
	if n := v.typ.fixedSize(); len(b) < n {
		return appendHex(dst, b)
	}
	switch v.typ {
	case typeNull, typeBinXML:
		return dst
	case typeXML:
		return appendUTF16(dst, b)
	case typeANSI:
		return appendANSI(dst, b)
	case typeInt8:
		return strconv.AppendInt(dst, int64(int8(b[0])), 10)
	case typeUint8:
		return strconv.AppendUint(dst, uint64(b[0]), 10)
	case typeInt16:
		return strconv.AppendInt(dst, int64(int16(binary.LittleEndian.Uint16(b))), 10)
	case typeUint16:
		return strconv.AppendUint(dst, uint64(binary.LittleEndian.Uint16(b)), 10)
	case typeInt32:
		return strconv.AppendInt(dst, int64(int32(binary.LittleEndian.Uint32(b))), 10)
	case typeUint32:
		return strconv.AppendUint(dst, uint64(binary.LittleEndian.Uint32(b)), 10)
	case typeInt64:
		return strconv.AppendInt(dst, int64(binary.LittleEndian.Uint64(b)), 10)
	case typeUint64:
		return strconv.AppendUint(dst, binary.LittleEndian.Uint64(b), 10)
	case typeReal32:
		return strconv.AppendFloat(dst, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), 'g', -1, 32)
	case typeReal64:
		return strconv.AppendFloat(dst, math.Float64frombits(binary.LittleEndian.Uint64(b)), 'g', -1, 64)
	case typeBool:
		return appendBool(dst, int32(binary.LittleEndian.Uint32(b)))
	case typeGUID:
		return appendGUID(dst, b)
	case typeFileTime:
		return appendFileTime(dst, binary.LittleEndian.Uint64(b))
	case typeSysTime:
		return appendSysTime(dst, b)
	case typeSID:
		return appendSID(dst, b)
	case typeHex32:
		return appendHexInt(dst, uint64(binary.LittleEndian.Uint32(b)))
	case typeHex64:
		return appendHexInt(dst, binary.LittleEndian.Uint64(b))
	case typeSize, typeHandle:
		return appendPointer(dst, b)
	}
	return appendHex(dst, b) // typeBinary, and types not known
}

// item cuts the first item off an array's data; ok is false at its end.
func (v value) item() (first value, rest []byte, ok bool) {
	t := v.typ &^ typeArray
	if len(v.data) == 0 {
		return value{}, nil, false
	}
	n := 0
	switch t {
	case typeString:
		return cutUTF16(v.data)
	case typeANSI:
		text, rest, _ := bytes.Cut(v.data, []byte{0})
		return value{typ: t, data: text}, rest, true
	case typeSID:
		if len(v.data) >= 2 {
			n = 8 + 4*int(v.data[1])
		}
	case typeSize:
		n = 8
		if len(v.data)%8 != 0 {
			n = 4
		}
	default:
		n = t.fixedSize()
	}
	if n == 0 || n > len(v.data) {
		n = len(v.data)
	}
	return value{typ: t, data: v.data[:n]}, v.data[n:], true
}

// cutUTF16 cuts off a string that ends with NUL.
func cutUTF16(b []byte) (value, []byte, bool) {
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return value{typ: typeString, data: b[:i]}, b[i+2:], true
		}
	}
	return value{typ: typeString, data: b}, nil, true
}

func appendBool(dst []byte, n int32) []byte {
	switch n {
	case 0:
		return append(dst, "false"...)
	case 1:
		return append(dst, "true"...)
	}
	return strconv.AppendInt(dst, int64(n), 10)
}

const (
	lowerHex = "0123456789abcdef"
	upperHex = "0123456789ABCDEF"
)

func appendHex(dst, b []byte) []byte {
	for _, x := range b {
		dst = append(dst, upperHex[x>>4], upperHex[x&15])
	}
	return dst
}

func appendHexInt(dst []byte, n uint64) []byte {
	return strconv.AppendUint(append(dst, '0', 'x'), n, 16)
}

// appendPointer writes a number as wide as the machine that logged it.
func appendPointer(dst, b []byte) []byte {
	switch len(b) {
	case 4:
		return appendHexInt(dst, uint64(binary.LittleEndian.Uint32(b)))
	case 8:
		return appendHexInt(dst, binary.LittleEndian.Uint64(b))
	}
	return appendHex(dst, b)
}

// guidPlaces is where in {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx} each of a GUID's
// 16 bytes is written.
var guidPlaces = [16]uint8{7, 5, 3, 1, 12, 10, 17, 15, 20, 22, 25, 27, 29, 31, 33, 35}

func appendGUID(dst, b []byte) []byte {
	n := len(dst)
	dst = append(dst, "{00000000-0000-0000-0000-000000000000}"...)
	out := dst[n:]
	_ = b[15]
	for i, at := range guidPlaces {
		x := b[i]
		out[at], out[at+1] = lowerHex[x>>4], lowerHex[x&15]
	}
	return dst
}

// appendSID writes a security identifier (MS-DTYP 2.4.2.1).
func appendSID(dst, b []byte) []byte {
	if len(b) < 8 {
		return appendHex(dst, b)
	}
	dst = append(dst, 'S', '-')
	dst = strconv.AppendUint(dst, uint64(b[0]), 10)
	dst = append(dst, '-')
	dst = strconv.AppendUint(dst, uint64(binary.BigEndian.Uint16(b[2:]))<<32|uint64(binary.BigEndian.Uint32(b[4:])), 10)
	subs := b[8:]
	for range b[1] {
		if len(subs) < 4 {
			break
		}
		dst = append(dst, '-')
		dst = strconv.AppendUint(dst, uint64(binary.LittleEndian.Uint32(subs)), 10)
		subs = subs[4:]
	}
	return dst
}

// shownTime is the form of times in events: seven digits, UTC.
const shownTime = "2006-01-02T15:04:05.0000000Z"

func appendFileTime(dst []byte, t uint64) []byte {
	const ticks = 10_000_000 // per second
	sec := int64(t/ticks) - unixEpoch/ticks
	return time.Unix(sec, int64(t%ticks)*100).UTC().AppendFormat(dst, shownTime)
}

// appendSysTime writes a SYSTEMTIME: eight 16-bit numbers.
func appendSysTime(dst, b []byte) []byte {
	var f [8]int // year, month, day of week, day, hour, minute, second, milliseconds
	for i := range f {
		f[i] = int(binary.LittleEndian.Uint16(b[2*i:]))
	}
	t := time.Date(f[0], time.Month(f[1]), f[3], f[4], f[5], f[6], f[7]*int(time.Millisecond), time.UTC)
	return t.AppendFormat(dst, shownTime)
}
