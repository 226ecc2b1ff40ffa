package evtx

import (
	"encoding/hex"
	"testing"
)

// The expected texts are those of Event Viewer's XML view; the bytes follow
// MS-EVEN6 2.2.12 and MS-DTYP.
func TestValueText(t *testing.T) {
	for _, c := range []struct {
		typ   valueType
		bytes string
		want  string
	}{
		{typeNull, "", ""},
		{typeString, "4100e9003dd800de00004200", "Aé😀"},
		{typeString, "3dd84100", "\ufffdA"},
		{typeANSI, "4180e900", "A€é"},
		{typeInt8, "ff", "-1"},
		{typeUint8, "ff", "255"},
		{typeInt16, "feff", "-2"},
		{typeUint16, "feff", "65534"},
		{typeInt32, "feffffff", "-2"},
		{typeUint32, "feffffff", "4294967294"},
		{typeInt64, "feffffffffffffff", "-2"},
		{typeUint64, "feffffffffffffff", "18446744073709551614"},
		{typeReal32, "0000c03f", "1.5"},
		{typeReal64, "000000000000f83f", "1.5"},
		{typeBool, "01000000", "true"},
		{typeBool, "00000000", "false"},
		{typeBinary, "00deadff", "00DEADFF"},
		{typeGUID, "df5870572ac2e043bf4c06f5698ffbd9", "{577058df-c22a-43e0-bf4c-06f5698ffbd9}"},
		{typeSize, "00100000", "0x1000"},
		{typeSize, "0010000000000000", "0x1000"},
		{typeFileTime, "80806a56ea1bd401", "2018-07-15T03:17:18.6704512Z"},
		{typeFileTime, "0000000000000000", "1601-01-01T00:00:00.0000000Z"},
		{typeSysTime, "ea070200020003000400050006001503", "2026-02-03T04:05:06.7890000Z"},
		{typeSID, "010100000000000512000000", "S-1-5-18"},
		{typeSID, "01020000000000052000000020020000", "S-1-5-32-544"},
		{typeHex32, "e4030000", "0x3e4"},
		{typeHex64, "0000000000002080", "0x8020000000000000"},
		{typeUint32, "01ff", "01FF"}, // too short: shown, not lost
	} {
		b, err := hex.DecodeString(c.bytes)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(value{typ: c.typ, data: b}.append(nil)); got != c.want {
			t.Errorf("type %#x, %s: %q, want %q", c.typ, c.bytes, got, c.want)
		}
	}
}

func TestArrayItems(t *testing.T) {
	for _, c := range []struct {
		name string
		v    value
		want []string
	}{
		{"strings", value{typ: typeString | typeArray, data: []byte("a\x00\x00\x00b\x00c\x00\x00\x00\x00\x00")}, []string{"a", "bc", ""}},
		{"numbers", value{typ: typeUint16 | typeArray, data: []byte{1, 0, 2, 0}}, []string{"1", "2"}},
		{"a rest", value{typ: typeUint16 | typeArray, data: []byte{1, 0, 2}}, []string{"1", "02"}},
		{"none", value{typ: typeGUID | typeArray}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for {
				item, rest, ok := c.v.item()
				if !ok {
					break
				}
				got = append(got, string(item.append(nil)))
				c.v.data = rest
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("item %d is %q, want %q", i, got[i], c.want[i])
				}
			}
		})
	}
}
