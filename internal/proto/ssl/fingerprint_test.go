package ssl

import (
	"encoding/binary"
	"encoding/hex"
	"testing"

	"longwatch/internal/proto"
)

func list(n ...uint16) (out []byte) {
	for _, v := range n {
		out = binary.BigEndian.AppendUint16(out, v)
	}
	return out
}

func extensions(kinds ...uint16) (out []byte) {
	for _, k := range kinds {
		out = append(out, list(k, 0)...)
	}
	return out
}

// The worked example of FoxIO's JA4 technical description.
func TestJA4(t *testing.T) {
	h := clientHello{
		version: tls12, hasServerName: true, protocol: []byte("h2"),
		versions: list(0x7a7a, tls13, tls12),
		ciphers: list(0x9a9a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
			0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035),
		extensions: extensions(0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023,
			0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015),
		signatures: list(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601),
	}
	const want = "t13d1516h2_8daaf6152771_e5627efa2ab1"
	if got := h.ja4('t'); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	empty := clientHello{version: 0x0999}
	if got := empty.ja4('t'); got != "t00i000000_000000000000_000000000000" {
		t.Errorf("an empty hello is %s", got)
	}
}

// The table of the same description, section ALPN Extension Value.
func TestALPN(t *testing.T) {
	for in, want := range map[string]string{
		"": "00", "6832": "h2", "687474702f312e31": "h1", "61": "aa",
		"ab": "ab", "20": "20", "abcd": "ad", "2061": "21", "30ab": "3b", "6120": "60",
		"3031abcd": "3d", "30abcd31": "01",
	} {
		b, _ := hex.DecodeString(in)
		if got := string(appendALPN(nil, b)); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// The example of JA3's own description: a hello whose string is
// 769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0.
func TestJA3(t *testing.T) {
	h := clientHello{
		version:    tls10,
		ciphers:    list(47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4),
		extensions: extensions(0, 10, 11),
		groups:     list(23, 24, 25),
		points:     []byte{0},
	}
	if got := h.ja3(); got != "ada70206e40642a3e4461f35503241d5" {
		t.Errorf("got %s", got)
	}
	// md5sum of 769,47,65281-0-11-35-5-16
	s := serverHello{version: tls10, cipher: 47, extensions: extensions(65281, 0, 11, 35, 5, 16)}
	if got := s.ja3s(); got != "836ce314215654b5b1f85f97c73e506f" {
		t.Errorf("JA3S: got %s", got)
	}
}

func TestTablesAreInOrder(t *testing.T) {
	for name, table := range map[string][]code{"suites": suites[:], "highSuites": highSuites[:], "groups": groups[:], "alerts": alerts[:]} {
		for i := 1; i < len(table); i++ {
			if table[i].n <= table[i-1].n {
				t.Errorf("%s: %#x after %#x", name, table[i].n, table[i-1].n)
			}
		}
	}
}

// Bytes of other protocols that begin much as TLS does.
func TestProbeSaysNo(t *testing.T) {
	for name, tc := range map[string]struct {
		d proto.Dir
		b string
	}{
		"TPKT with an RDP connection request": {proto.Orig, "0300001300e00000000000010008000300"},
		"TLS record of nonsense":              {proto.Orig, "160301000501000001ffff0000"},
		"ServerHello from the originator":     {proto.Orig, "1603030031020000" + "2d0303"},
		"FRP's byte, then no hello":           {proto.Orig, "17160301000a0e0000000303"},
		"MySQL greeting":                      {proto.Resp, "4a0000000a352e372e"},
		"application data":                    {proto.Orig, "170303002055"},
		"NetBIOS session request":             {proto.Orig, "8100004420434b464445"},
	} {
		b, err := hex.DecodeString(tc.b)
		if err != nil {
			t.Fatal(name, err)
		}
		if got := probe(tc.d, b); got != proto.No {
			t.Errorf("%s: %v", name, got)
		}
	}
}
