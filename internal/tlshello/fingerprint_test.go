package tlshello

import (
	"encoding/binary"
	"encoding/hex"
	"testing"
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
	h := Client{
		Version: TLS12, HasServerName: true, Protocol: []byte("h2"),
		Versions: list(0x7a7a, TLS13, TLS12),
		Ciphers: list(0x9a9a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
			0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035),
		Extensions: extensions(0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023,
			0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015),
		Signatures: list(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601),
	}
	const want = "t13d1516h2_8daaf6152771_e5627efa2ab1"
	if got := h.JA4('t'); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	empty := Client{Version: 0x0999}
	if got := empty.JA4('t'); got != "t00i000000_000000000000_000000000000" {
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
	h := Client{
		Version:    TLS10,
		Ciphers:    list(47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4),
		Extensions: extensions(0, 10, 11),
		Groups:     list(23, 24, 25),
		Points:     []byte{0},
	}
	if got := h.JA3(); got != "ada70206e40642a3e4461f35503241d5" {
		t.Errorf("got %s", got)
	}
	// md5sum of 769,47,65281-0-11-35-5-16
	s := Server{Version: TLS10, Cipher: 47, Extensions: extensions(65281, 0, 11, 35, 5, 16)}
	if got := s.JA3S(); got != "836ce314215654b5b1f85f97c73e506f" {
		t.Errorf("JA3S: got %s", got)
	}
}
