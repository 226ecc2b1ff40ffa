package tgrsta1030

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	"longwatch/internal/simulate/chance"
)

// lookalike is a file with the headers of a Windows program and the strings
// the published rules describe. It has no code: its entry point is zero, its
// one section is data that may not be executed and holds text and random bytes.
func lookalike(r *chance.Rand) []byte {
	b := make([]byte, r.Between(110_000, 180_000))
	r.Fill(b[0x400:])
	copy(b, "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00\xb8\x00\x00\x00\x00\x00\x00\x00\x40")
	le := binary.LittleEndian
	le.PutUint32(b[0x3c:], 0x80)
	h := b[0x80:]
	copy(h, "PE\x00\x00")
	le.PutUint16(h[4:], 0x8664)
	le.PutUint16(h[6:], 1)
	le.PutUint32(h[8:], uint32(time.Date(2025, 2, 14, 8, r.IntN(60), r.IntN(60), 0, time.UTC).Unix()))
	le.PutUint16(h[20:], 0xf0)
	le.PutUint16(h[22:], 0x0022)
	o := h[24:]
	le.PutUint16(o[0:], 0x20b)
	le.PutUint64(o[24:], 0x140000000)
	le.PutUint32(o[32:], 0x1000)
	le.PutUint32(o[36:], 0x200)
	le.PutUint16(o[40:], 6)
	le.PutUint16(o[48:], 6)
	le.PutUint32(o[56:], uint32(0x1000+(len(b)+0xfff)&^0xfff))
	le.PutUint32(o[60:], 0x400)
	le.PutUint16(o[68:], 2)
	le.PutUint32(o[108:], 16)
	s := o[0xf0:]
	copy(s, ".rdata")
	le.PutUint32(s[8:], uint32(len(b)-0x400))
	le.PutUint32(s[12:], 0x1000)
	le.PutUint32(s[16:], uint32(len(b)-0x400))
	le.PutUint32(s[20:], 0x400)
	le.PutUint32(s[36:], 0x40000040) // initialised data, readable; not executable
	at := 0x600
	put := func(data []byte) {
		copy(b[at:], data)
		at += len(data) + r.Between(8, 200)
	}
	wide := func(text string) []byte {
		var w []byte
		for _, u := range utf16.Encode([]rune(text)) {
			w = le.AppendUint16(w, u)
		}
		return append(w, 0, 0)
	}
	put(wide("DiaoYu"))
	put([]byte("pic1.png\x00"))
	put([]byte(`\Videos\msedgeupdate.exe` + "\x00"))
	put([]byte(`\Videos\msedgeupdate.dll` + "\x00"))
	put([]byte("padeqav/WordPress/refs/heads/master/wp-includes/images\x00"))
	for _, product := range chance.Some(r, []string{"avp.exe", "SentryEye.exe", "EPSecurityService.exe", "SentinelUI.exe", "NortonSecurity.exe"}, 4) {
		put([]byte(product + "\x00"))
	}
	return b
}

// archive packs the program under the archive's own name beside an empty picture.
func archive(name string, program []byte, at time.Time) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range []struct {
		name string
		data []byte
	}{{name + ".exe", program}, {"pic1.png", nil}} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: at})
		if err == nil {
			w.Write(f.data) // a bytes.Buffer does not fail
		}
	}
	z.Close()
	return b.Bytes()
}

// handler is the text of a page with the outline of a published web shell. It
// is no page: the declarations have no bodies and nothing is ever called.
func handler(r *chance.Rand) string {
	var b strings.Builder
	w := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	w(`<%%!`)
	w(`String %s = "%s";`, r.Letters(chance.Lower, 2), r.Hex(8))
	w(`String pass = "%s";`, r.Letters(chance.Lower, 6))
	w("class %s extends ClassLoader { Class %s(byte[] b) { return super.defineClass(b, 0, 0", strings.ToUpper(r.Letters(chance.Lower, 1)), r.Letters(chance.Lower, 1))
	w(`byte[] %s(byte[] s, boolean m) { javax.crypto.Cipher c = javax.crypto.Cipher.getInstance("AES"`, r.Letters(chance.Lower, 1))
	w(`java.util.Base64.getDecoder(`)
	w(`%%>`)
	w(`<%% throw new UnsupportedOperationException(`)
	return b.String()
}
