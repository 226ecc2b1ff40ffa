// Package content says what bytes are, whatever their name: the MIME type, as
// Zeek names it, hashes, and traits that detection needs, such as an archive
// that holds one program named like the archive itself. Nothing is unpacked
// or run; every structure is read by hand within bounds.
package content

import "strings"

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

// magic is a mark at a fixed place, and perhaps a second one.
type magic struct {
	off   int
	mark  string
	mime  string
	off2  int
	mark2 string
}

func (m *magic) match(head []byte) bool {
	return at(head, m.off, m.mark) && at(head, m.off2, m.mark2)
}

// at tells whether head has mark at off.
func at(head []byte, off int, mark string) bool {
	return len(head) >= off+len(mark) && string(head[off:off+len(mark)]) == mark
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
	switch {
	case at(head, 0, "PK\x03\x04"):
		return zipKind(head)
	case at(head, 0, "\x7fELF"):
		return elfKind(head)
	case at(head, 0, "\xca\xfe\xba\xbe") && len(head) >= 8:
		// Java classes and universal Mach-O share their mark; the next word
		// is a class file version (45 and up) or a count of architectures.
		if head[7] >= 45 && head[4] == 0 {
			return mimeClass
		}
		return "application/x-mach-o-executable"
	}
	for i := range magics {
		if magics[i].match(head) {
			return magics[i].mime
		}
	}
	if m := irregular(head); m != "" {
		return m
	}
	return textual(head)
}

// zipKind tells ZIP containers apart by their first members.
func zipKind(head []byte) string {
	if at(head, 30, "mimetypeapplication/") {
		rest := string(head[50:])
		for _, k := range openDocuments {
			if strings.HasPrefix(rest, k) {
				return "application/" + k
			}
		}
	}
	if at(head, 30, "META-INF/") {
		return "application/java-archive"
	}
	if at(head, 30, "[Content_Types].xml") || at(head, 30, "_rels/.rels") || at(head, 30, "word/") || at(head, 30, "xl/") || at(head, 30, "ppt/") {
		rest := string(head)
		for {
			i := strings.Index(rest[4:], "PK\x03\x04")
			if i < 0 {
				break
			}
			rest = rest[4+i:]
			for _, k := range officeKinds {
				if len(rest) > 30 && strings.HasPrefix(rest[30:], k.folder) {
					return k.mime
				}
			}
		}
	}
	if at(head, 4, "\x14\x00\x06\x00") {
		return "application/vnd.openxmlformats-officedocument"
	}
	return mimeZip
}

// openDocuments are the types a container names in its first member, longest first.
var openDocuments = []string{
	"vnd.oasis.opendocument.text-template", "vnd.oasis.opendocument.text-web", "vnd.oasis.opendocument.text-master", "vnd.oasis.opendocument.text",
	"vnd.oasis.opendocument.graphics", "vnd.oasis.opendocument.presentation", "vnd.oasis.opendocument.spreadsheet",
	"vnd.oasis.opendocument.chart", "vnd.oasis.opendocument.formula", "vnd.oasis.opendocument.database", "vnd.oasis.opendocument.image", "epub+zip",
}

var officeKinds = []struct{ folder, mime string }{
	{"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	{"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	{"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
}

// elfKind names ELF files by e_type.
func elfKind(head []byte) string {
	if len(head) < 18 {
		return ""
	}
	kind := int(head[16]) | int(head[17])<<8
	if head[5] == 2 { // big-endian
		kind = int(head[17]) | int(head[16])<<8
	}
	switch kind {
	case 1:
		return "application/x-object"
	case 2:
		return mimeELF
	case 3:
		return mimeELFLib
	case 4:
		return "application/x-coredump"
	}
	return ""
}

// irregular knows marks that no fixed string describes.
func irregular(head []byte) string {
	switch {
	case len(head) >= 16 && at(head, 0, "BM") && head[15] == 0 && strings.IndexByte("\x0c\x28\x40\x6c\x7c\x80", head[14]) >= 0:
		return "image/x-ms-bmp"
	case head[0] == 0xff && strings.IndexByte("\xe2\xe3\xf2\xf3\xf6\xf7\xfa\xfb\xfc\xfd", head[1]) >= 0:
		return "audio/mpeg"
	case at(head, 0, "\x00\x00\x01") && len(head) > 3 && head[3] >= 0xb0 && head[3] <= 0xbb:
		return "video/mpeg"
	case head[0] == 0x47 && len(head) > 3*188 && head[188] == 0x47 && head[376] == 0x47 && head[564] == 0x47:
		return "video/mp2t"
	case at(head, 2, "\r\n") && (head[1] == 0x0c || head[1] == 0x0d || head[1] == 0x0e || head[1] == 0xf2 || head[1] == 0xf3 || head[1] == 0xed):
		return "application/x-python-bytecode"
	}
	for i := 11; i <= 19; i++ { // DER of OCSP (RFC 6960): the object identifier follows a few lengths
		if at(head, i, "\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01") {
			return "application/ocsp-response"
		}
		if at(head, i, "\x06\x05\x2b\x0e\x03\x02\x1a") {
			return "application/ocsp-request"
		}
	}
	return ""
}
