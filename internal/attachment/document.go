package attachment

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"regexp"
	"slices"
	"strings"

	"longwatch/internal/ole"
)

const (
	maxRels    = 64      // parts of relations looked at
	maxRel     = 1 << 20 // bytes of one
	maxStreams = 4096    // of a compound file
	maxPDF     = 32 << 20
)

// isDocument tells whether what looks like an archive is a document or package
// in ZIP, whose members nobody sees.
func isDocument(way string, b []byte) bool {
	if !bytes.HasPrefix(b, []byte("PK\x03\x04")) {
		return false
	}
	head := b[:min(len(b), 4096)]
	return bytes.Contains(head, []byte("[Content_Types].xml")) || bytes.Contains(head, []byte("mimetypeapplication/")) || bytes.Contains(head, []byte("META-INF/")) && extension(way) != ".zip"
}

// document asks whether the file runs or loads something.
func (l *look) document(name string, b []byte) {
	switch {
	case isDocument(name, b):
		l.openXML(b)
	case bytes.HasPrefix(b, []byte(ole.Magic)):
		l.compound(b)
	case bytes.HasPrefix(b, []byte("{\\rt")):
		l.rtf(b)
	case bytes.Contains(b[:min(len(b), 1024)], []byte("%PDF-")):
		l.pdf(b)
	case bytes.HasPrefix(b, []byte(magicLNK)):
		l.add(LNK)
	case bytes.HasPrefix(b, oneNote):
		if bytes.Contains(b, embeddedFile) {
			l.add(Note)
		}
	default:
		head := strings.ToLower(string(b[:min(len(b), 4096)]))
		if strings.Contains(head, "<svg") && strings.Contains(strings.ToLower(string(b[:min(len(b), maxRel)])), "<script") {
			l.add(SVGScript)
		}
		if ext := extension(name); slices.Contains([]string{".htm", ".html", ".xhtml", ".shtml", ".mht", ".mhtml"}, ext) || strings.HasPrefix(strings.TrimSpace(head), "<!doctype html") || strings.HasPrefix(strings.TrimSpace(head), "<html") {
			l.add(Page)
		}
	}
}

// The GUIDs of a OneNote section and of a file within one (MS-ONESTORE sections
// 2.3.1 and 2.6.13).
var (
	oneNote      = []byte("\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3")
	embeddedFile = []byte("\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac")
)

// external is a relation that Office follows by itself (ECMA-376 part 2): a
// template, a frame, an object.
var (
	relation = regexp.MustCompile(`(?is)<(?:\w+:)?Relationship\s[^>]*>`)
	relType  = regexp.MustCompile(`(?i)Type\s*=\s*["'][^"']*/(attachedTemplate|oleObject|frame|subDocument|externalLinkPath)["']`)
	relAway  = regexp.MustCompile(`(?i)Target\s*=\s*["'](?:https?:|ftp:|\\\\|file://[^/"'])`)
)

// openXML looks into a document in ZIP.
func (l *look) openXML(b []byte) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if z == nil || err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return
	}
	rels := 0
	for i, f := range z.File {
		name := strings.ToLower(f.Name)
		switch {
		case i > maxListed:
			return
		case strings.HasSuffix(name, "vbaproject.bin"), strings.HasPrefix(name, "basic/") && strings.HasSuffix(name, ".xml") && strings.Count(name, "/") == 2 && !strings.HasSuffix(name, "script-lb.xml"):
			l.add(Macro)
		case strings.HasPrefix(name, "xl/macrosheets/"):
			l.add(Macro4)
		case strings.Contains(name, "/embeddings/oleobject"):
			l.add(Object)
		case strings.HasSuffix(name, ".rels"):
			if rels++; rels > maxRels {
				continue
			}
			r, err := f.Open()
			if err != nil {
				continue
			}
			text := l.read(r, maxRel)
			_ = r.Close()
			for _, rel := range relation.FindAll(text, 256) {
				if relType.Match(rel) && relAway.Match(rel) {
					l.add(Template)
				}
			}
		}
	}
}

// compound looks into a document of before 2007, or an encrypted later one.
func (l *look) compound(b []byte) {
	f, err := ole.Open(b)
	if err != nil {
		return
	}
	entries := f.Entries()
	for i := range entries[:min(len(entries), maxStreams)] {
		e := &entries[i]
		switch e.Name {
		case "_VBA_PROJECT", "VBA", "Macros", "_VBA_PROJECT_CUR":
			l.add(Macro)
		case "EncryptedPackage":
			l.add(Locked)
		case "\x01Ole10Native":
			l.add(Object)
		case "Workbook", "Book":
			if data, _ := f.Data(e); e.Stream() && macroSheet(data) {
				l.add(Macro4)
			}
		}
	}
}

// macroSheet looks for a BoundSheet8 record of a macro sheet ([MS-XLS] section
// 2.4.28).
func macroSheet(b []byte) bool {
	for n := 0; len(b) >= 4 && n < 4096; n++ {
		kind, size := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if len(b) < 4+size {
			return false
		}
		if kind == 0x85 && size > 6 && b[4+5] == 1 {
			return true
		}
		if kind == 0x0a { // the end of the globals
			return false
		}
		b = b[4+size:]
	}
	return false
}

var rtfTemplate = regexp.MustCompile(`(?i)\\\*?\\?template\s+(?:https?:|\\\\\\\\)`)

func (l *look) rtf(b []byte) {
	if bytes.Contains(b, []byte(`\objdata`)) {
		l.add(Object)
	}
	if rtfTemplate.Match(b[:min(len(b), maxRel)]) {
		l.add(Template)
	}
}

var (
	pdfScript = regexp.MustCompile(`/(?:JavaScript|JS|Launch)[\s(</\[]`)
	pdfFile   = regexp.MustCompile(`/EmbeddedFiles?[\s</\[]`)
)

// pdf searches the parts that are not compressed.
func (l *look) pdf(b []byte) {
	b = b[:min(len(b), maxPDF)]
	if pdfScript.Match(b) {
		l.add(PDFScript)
	}
	if pdfFile.Match(b) {
		l.add(PDFFile)
	}
	if bytes.Contains(b, []byte("/Encrypt ")) {
		l.add(Locked)
	}
}
