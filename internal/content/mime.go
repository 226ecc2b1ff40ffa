// Package content says what bytes are, whatever their name: the MIME type, as
// Zeek names it, hashes, and traits that detection needs, such as an archive
// that holds one program named like the archive itself. Nothing is unpacked
// or run; every structure is read by hand within bounds.
package content

import (
	"bytes"
	"strings"
)

// HeadLen is how many bytes decide the MIME type.
const HeadLen = 4096

// MIME types that traits are about.
const (
	mimePE       = "application/x-dosexec"
	mimeZip      = "application/zip"
	mime7z       = "application/x-7z-compressed"
	mimeRAR      = "application/x-rar"
	mimeCAB      = "application/vnd.ms-cab-compressed"
	mimeESE      = "application/x-ms-ese"
	mimeHive     = "application/vnd.ms-regf"
	mimeMinidump = "application/x-windows-minidump"
	mimeClass    = "application/x-java-applet"
	mimeELF      = "application/x-executable"
	mimeELFLib   = "application/x-sharedlib"
)

// mark is a type and the bytes that show it.
type mark struct {
	strength int
	mime     string
	pieces   []piece
}

// piece is text at a place; with n above zero, n bytes that are each one of
// text, below zero as many that are none of it.
type piece struct {
	off  int
	text string
	n    int
}

func (p *piece) match(head []byte) bool {
	if p.n == 0 {
		return at(head, p.off, p.text)
	}
	n := max(p.n, -p.n)
	if len(head) < p.off+n {
		return false
	}
	for _, c := range head[p.off : p.off+n] {
		if strings.IndexByte(p.text, c) >= 0 != (p.n > 0) {
			return false
		}
	}
	return true
}

func (m *mark) match(head []byte) bool {
	for i := range m.pieces {
		if !m.pieces[i].match(head) {
			return false
		}
	}
	return true
}

// marksBy are the places in marks of what a file with a given first byte may
// be; the last list is for all of them.
var marksBy = func() (by [257][]int) {
	for i := range marks {
		switch p := marks[i].pieces[0]; {
		case p.off == 0 && p.n == 0:
			by[p.text[0]] = append(by[p.text[0]], i)
		case p.off == 0 && p.n > 0:
			for _, c := range []byte(p.text) {
				by[c] = append(by[c], i)
			}
		default:
			by[256] = append(by[256], i)
		}
	}
	return by
}()

// marked is the place of the strongest mark that head bears, or -1.
func marked(head []byte) int {
	best := -1
	for _, list := range [2][]int{marksBy[head[0]], marksBy[256]} {
		for _, i := range list {
			if best >= 0 && i > best {
				break
			}
			if marks[i].match(head) {
				best = i
				break
			}
		}
	}
	return best
}

// at tells whether head has text at off.
func at(head []byte, off int, text string) bool {
	return len(head) >= off+len(text) && string(head[off:off+len(text)]) == text
}

// guess is a type with its strength: of several, Zeek takes the strongest, and
// of these the first by name.
type guess struct {
	strength int
	mime     string
}

// or keeps the better of two guesses.
func (g *guess) or(strength int, mime string) {
	if g.mime == "" || strength > g.strength || strength == g.strength && mime < g.mime {
		*g = guess{strength, mime}
	}
}

// MIME returns the MIME type that the first bytes show, as Zeek names it, or
// "" when they show none. As in Zeek, text needs ten plain characters.
func MIME(head []byte) string {
	if len(head) > HeadLen {
		head = head[:HeadLen]
	}
	if len(head) < 2 {
		return ""
	}
	var g guess
	if i := marked(head); i >= 0 {
		g = guess{marks[i].strength, marks[i].mime}
	}
	switch head[0] {
	case 'P':
		containers(head, &g)
	case '\x1a':
		matroska(head, &g)
	}
	ocsp(head, &g)
	textual(head, &g)
	return g.mime
}

// Kind is the MIME type, and where Zeek has none our own: databases, event
// logs and archives that matter to us.
func Kind(head []byte) string { return kind(head, MIME(head)) }

func kind(head []byte, mime string) string {
	if mime == "" || mime == "text/plain" {
		for i := range kinds {
			if kinds[i].match(head) {
				return kinds[i].mime
			}
		}
	}
	return mime
}

// kinds are marks of what Zeek has no name for.
var kinds = []mark{
	{0, "application/x-sqlite3", []piece{{0, "SQLite format 3\x00", 0}}},
	{0, mimeZip, []piece{{0, "PK\x05\x06", 0}}},
	{0, mimeZip, []piece{{0, "PK\x07\x08PK\x03\x04", 0}}},
	{0, mimeESE, []piece{{4, "\xef\xcd\xab\x89", 0}}}, // JET_efvDatabase header: checksum, then this signature
	{0, "application/x-ms-evtx", []piece{{0, "ElfFile\x00", 0}}},
	{0, "application/zstd", []piece{{0, "\x28\xb5\x2f\xfd", 0}}},
}

// containers tells ZIP files apart by their members.
func containers(head []byte, g *guess) {
	if !at(head, 0, "PK\x03\x04") {
		return
	}
	if i := bytes.Index(head, []byte("META-INF/MANIFEST.MF")); i >= 9 && i <= 208 && at(head, i-4, "\x14\x00") {
		g.or(100, "application/java-archive")
	}
	for _, k := range officeKinds {
		if !at(head, 30, "[Content_Types].xml") && !at(head, 30, "_rels/.rels") && !at(head, 30, k.folder) {
			continue
		}
		for rest := head[30+len(k.folder):]; ; {
			i := bytes.Index(rest, []byte("PK\x03\x04"))
			if i < 0 {
				break
			}
			rest = rest[i+4:]
			if at(rest, 26, k.folder) {
				g.or(80, k.mime)
				break
			}
		}
	}
}

var officeKinds = []struct{ folder, mime string }{
	{"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	{"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	{"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
}

// matroska reads the type of document that the EBML header names.
func matroska(head []byte, g *guess) {
	if !at(head, 0, "\x1aE\xdf\xa3") {
		return
	}
	for rest := head[4:]; ; {
		i := bytes.Index(rest, []byte("B\x82"))
		if i < 0 {
			return
		}
		rest = rest[i+2:]
		if at(rest, 1, "matroska") {
			g.or(110, "video/x-matroska")
		}
		if at(rest, 1, "webm") {
			g.or(70, "video/webm")
		}
	}
}

// ocsp looks for the object identifiers of OCSP (RFC 6960) in DER, which follow
// a few lengths.
func ocsp(head []byte, g *guess) {
	for i := 11; i <= 19; i++ {
		if at(head, i, "\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01") {
			g.or(71, "application/ocsp-response")
		}
		if at(head, i, "\x06\x05\x2b\x0e\x03\x02\x1a") {
			g.or(71, "application/ocsp-request")
		}
	}
}
