package http2

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

func decoded(t *testing.T, d *decoder, block string) string {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(block, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	if err := d.decode(b, func(name, value string) { out = append(out, name+": "+value) }); err != nil {
		t.Errorf("%s: %v", block, err)
	}
	return strings.Join(out, "\n")
}

// TestRequests are the examples of RFC 7541 appendix C.4: three requests on one
// connection, with Huffman.
func TestRequests(t *testing.T) {
	var d decoder
	for i, tt := range []struct{ block, want string }{
		{"8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com"},
		{"8286 84be 5886 a8eb 1064 9cbf", ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\ncache-control: no-cache"},
		{"8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value"},
	} {
		if got := decoded(t, &d, tt.block); got != tt.want {
			t.Errorf("request %d:\n%s\nwant\n%s", i, got, tt.want)
		}
	}
	if d.size != 164 || len(d.table) != 3 {
		t.Errorf("table of %d bytes, %d entries", d.size, len(d.table))
	}
}

// TestResponses are the examples of RFC 7541 appendix C.6, with a table of 256
// bytes, from which entries are evicted.
func TestResponses(t *testing.T) {
	d := decoder{limit: 256, chose: true}
	date := "Mon, 21 Oct 2013 20:13:"
	for i, tt := range []struct{ block, want string }{
		{"4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
			":status: 302\ncache-control: private\ndate: " + date + "21 GMT\nlocation: https://www.example.com"},
		{"4883 640e ffc1 c0bf", ":status: 307\ncache-control: private\ndate: " + date + "21 GMT\nlocation: https://www.example.com"},
		{"88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
			":status: 200\ncache-control: private\ndate: " + date + "22 GMT\nlocation: https://www.example.com\ncontent-encoding: gzip\nset-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"},
	} {
		if got := decoded(t, &d, tt.block); got != tt.want {
			t.Errorf("response %d:\n%s\nwant\n%s", i, got, tt.want)
		}
	}
	if d.size != 215 {
		t.Errorf("table of %d bytes, want 215", d.size)
	}
}

// TestBroken: what breaks HPACK is an error, and no table grows beyond bounds.
func TestBroken(t *testing.T) {
	for name, block := range map[string]string{
		"index 0":            "80",
		"index beyond":       "ff ff 7f",
		"endless integer":    "ff ff ff ff ff ff ff",
		"integer cut":        "ff",
		"string cut":         "40 05 61",
		"no string":          "40",
		"padding too long":   "40 82 ff ff 01 61",
		"padding of zeros":   "40 81 00 01 61",
		"end of string":      "40 84 ff ff ff ff 01 61",
		"table beyond bound": "3f e1 ff ff 7f",
	} {
		b, _ := hex.DecodeString(strings.ReplaceAll(block, " ", ""))
		var d decoder
		if err := d.decode(b, func(string, string) {}); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
	var d decoder
	for i := range 10000 {
		name := fmt.Sprintf("name-%d", i)
		b := append([]byte{0x40, byte(len(name))}, name...)
		if err := d.decode(append(b, 1, 'x'), func(string, string) {}); err != nil {
			t.Fatal(err)
		}
	}
	if d.size > defaultTable {
		t.Errorf("a table of %d bytes", d.size)
	}
}

func FuzzHPACK(f *testing.F) {
	f.Add([]byte("\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d decoder
		n := 0
		_ = d.decode(b, func(name, value string) {
			if n++; n > maxFields || len(name) > 2*maxString || len(value) > 2*maxString {
				t.Errorf("field %d of %d and %d bytes", n, len(name), len(value))
			}
		})
		size := 0
		for i := range d.table {
			size += d.table[i].cost()
		}
		if size != d.size || size > d.max() {
			t.Errorf("table of %d bytes, counted %d, may be %d", size, d.size, d.max())
		}
	})
}
