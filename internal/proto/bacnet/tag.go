package bacnet

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"longwatch/internal/wire"
)

// tag is one tagged value, or the mark that opens or closes a group (20.2.1).
type tag struct {
	number  uint8
	context bool
	open    bool
	close   bool
	length  uint32 // as written: the value of a boolean
	data    []byte
}

// readTags reads what is left of c; ok tells whether all of it are tags.
func readTags(c *wire.Cursor) (tags []tag, ok bool) {
	for c.Len() > 0 {
		if len(tags) == maxTags {
			return tags, false
		}
		b := c.U8()
		t := tag{number: b >> 4, context: b&8 != 0, length: uint32(b & 7)}
		if t.number == 15 {
			t.number = c.U8()
		}
		switch {
		case t.context && t.length == 6:
			t.open, t.length = true, 0
		case t.context && t.length == 7:
			t.close, t.length = true, 0
		case t.length == 5:
			switch n := c.U8(); n {
			case 254:
				t.length = uint32(c.U16())
			case 255:
				t.length = c.U32()
			default:
				t.length = uint32(n)
			}
		}
		if n := t.length; t.context || t.number != 1 { // a boolean has no data
			if uint64(n) > uint64(c.Len()) {
				return tags, false
			}
			t.data = c.Take(int(n))
		}
		if !c.OK() {
			return tags, false
		}
		tags = append(tags, t)
	}
	return tags, true
}

// is tells whether t is the context tag of a number, with a value.
func (t *tag) is(number uint8) bool {
	return t.context && t.number == number && !t.open && !t.close
}

// unsigned reads up to four bytes.
func unsigned(b []byte) (n uint32) {
	for _, v := range b[:min(len(b), 4)] {
		n = n<<8 | uint32(v)
	}
	return n
}

// object reads an object identifier (20.2.14).
func object(b []byte) (kind, instance uint32, ok bool) {
	if len(b) != 4 {
		return math.MaxUint32, math.MaxUint32, false
	}
	n := unsigned(b)
	return n >> 22, n & 0x3fffff, true
}

const (
	maxOctets = 1024
	maxBits   = 512
	maxText   = 4096
)

// text reads a character string of UTF-8 (20.2.9); Zeek's package leaves other
// character sets out.
func text(b []byte) string {
	switch {
	case len(b) == 0 || b[0] != 0:
		return ""
	case len(b)-1 > maxText:
		return fmt.Sprintf("<string len=%d>", len(b)-1)
	}
	s, _, _ := strings.Cut(string(b[1:]), "\x00")
	return s
}

// foreign reads a character string in UCS-2, UCS-4 or ISO 8859-1.
func (t *tag) foreign() string {
	if t.context || t.number != 7 || len(t.data) < 2 || len(t.data) > maxText {
		return ""
	}
	var out []rune
	width := map[byte]int{3: 4, 4: 2, 5: 1}[t.data[0]]
	for b := t.data[1:]; width > 0 && len(b) >= width; b = b[width:] {
		if r := unsigned(b[:width]); r <= utf8.MaxRune {
			out = append(out, rune(r))
		}
	}
	return strings.TrimRight(string(out), "\x00")
}

// value is a value as the record shows it; empty when it has none.
func (t *tag) value() string {
	b := t.data
	c := wire.At(b)
	switch t.number {
	case 1:
		return strconv.FormatBool(t.length == 1)
	case 2, 9:
		return strconv.FormatUint(uint64(unsigned(b)), 10)
	case 3:
		return strconv.FormatInt(signed(b), 10)
	case 4:
		return strconv.FormatFloat(float64(math.Float32frombits(c.U32())), 'f', 6, 64)
	case 5:
		return strconv.FormatFloat(math.Float64frombits(c.U64()), 'f', 6, 64)
	case 6:
		if len(b) > maxOctets {
			return fmt.Sprintf("<octets len=%d>", len(b))
		}
		return hex.EncodeToString(b)
	case 7:
		return text(b)
	case 8:
		return bits(b)
	case 10:
		if len(b) == 4 {
			return fmt.Sprintf("%d/%d/%d", b[1], b[2], 1900+int(b[0]))
		}
	case 11:
		if len(b) == 4 {
			return fmt.Sprintf("%d:%d:%d.%d", b[0], b[1], b[2], b[3])
		}
	case 12:
		if kind, instance, ok := object(b); ok {
			if name, known := names()[entry{'o', kind}]; known {
				return fmt.Sprintf("%s: %d", name, instance)
			}
			return fmt.Sprintf("unknown_type_%d: %d", kind, instance)
		}
	}
	return ""
}

// signed reads a two's complement number of up to four bytes.
func signed(b []byte) int64 {
	n := int64(unsigned(b))
	if bits := 8 * min(len(b), 4); bits > 0 && n >= 1<<(bits-1) {
		n -= 1 << bits
	}
	return n
}

// bits writes a bit string as letters, with the unused bits at its end.
func bits(b []byte) string {
	if len(b) > maxBits {
		return fmt.Sprintf("<bits len=%d>", len(b))
	}
	if len(b) <= 1 {
		return ""
	}
	out := make([]byte, 0, 8*len(b))
	for _, v := range b[1:] {
		for i := 7; i >= 0; i-- {
			if v>>i&1 == 1 {
				out = append(out, 'T')
			} else {
				out = append(out, 'F')
			}
		}
	}
	return string(out)
}
