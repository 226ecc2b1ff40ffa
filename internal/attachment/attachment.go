// Package attachment says what a file that came with a message holds. Archives
// of all common kinds are listed, archives within them too, and documents are
// asked whether they run or fetch something:
//
//	r := attachment.Look("invoice.zip", b)
//	r.Members // invoice.zip!inner.rar, invoice.zip!inner.rar!invoice.exe
//	r.Traits  // archive-program, archive-program-named-as-it …
//
// Nothing is run, and nothing is unpacked but archives within archives and the
// parts of documents that say what these load. What cannot be listed is told by
// a trait, never passed over in silence.
package attachment

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode"
)

// The traits, besides those of package content.
const (
	Archive        = "archive"                     // an archive of any kind
	Unlisted       = "archive-not-listed"          // an archive whose list could not be read: unknown, damaged, or its names are encrypted
	Encrypted      = "archive-encrypted"           // an archive that needs a password
	Nested         = "archive-nested"              // holds another archive
	Program        = "archive-program"             // holds a program, script or shortcut
	ProgramNamed   = "archive-program-named-as-it" // holds exactly one such file, named like the archive
	Shortcut       = "archive-shortcut"            // holds a Windows shortcut
	MemberDouble   = "archive-double-extension"    // holds a program named like a document: report.pdf.exe
	MemberTurned   = "archive-name-turned"         // holds a name with characters that turn the direction of writing
	MemberDisguise = "archive-disguised-program"   // holds a program under another kind of name
	DiskImage      = "disk-image"                  // an image of a disk, whose files lose the mark of the web
	NameTurned     = "name-turned"                 // its own name has characters that turn the direction of writing
	NameDouble     = "name-double-extension"       // it is a program named like a document
	NameProgram    = "program-attached"            // a program, script or shortcut by name
	LNK            = "shortcut"                    // a Windows shortcut, by its first bytes
	Macro          = "office-macro"                // a document with a macro project
	Macro4         = "office-macro4"               // a sheet of Excel 4 macros
	Template       = "office-remote-template"      // a document that loads a part from elsewhere
	Object         = "office-object"               // a document that holds another file as an object
	Locked         = "document-encrypted"          // a document that needs a password
	PDFScript      = "pdf-script"                  // a PDF with JavaScript or a command to start, as far as it is not compressed
	PDFFile        = "pdf-embedded-file"           // a PDF that holds a file
	SVGScript      = "svg-script"                  // a picture with a script
	Note           = "onenote-file"                // a OneNote section that holds a file
	Page           = "html-attached"               // a web page
)

const (
	// MaxMembers bounds the names that are reported.
	MaxMembers = 64
	maxListed  = 4096     // members looked at, over all levels
	maxLevels  = 4        // archives within archives
	maxOpened  = 64 << 20 // bytes unpacked, over all levels
	maxInner   = 16 << 20 // of one archive within another
	maxName    = 512
)

// Report is what was found.
type Report struct {
	Members []string // names in archives, the way to each joined by "!", at most MaxMembers
	Traits  []string // sorted
}

// Look looks into a file; name is its own.
func Look(name string, b []byte) Report {
	l := &look{left: maxOpened}
	l.named(name)
	l.file(name, b, 0)
	return l.r
}

// look is the work on one attachment.
type look struct {
	r      Report
	listed int
	left   int64 // bytes that may still be unpacked
}

func (l *look) add(trait string) {
	if i, found := slices.BinarySearch(l.r.Traits, trait); !found {
		l.r.Traits = slices.Insert(l.r.Traits, i, trait)
	}
}

// member is one file of an archive. open, where there is one, gives its first n
// bytes.
type member struct {
	name   string
	size   uint64
	locked bool
	open   func(n int64) []byte
}

// list is what a reader of one kind of archive found.
type list struct {
	members []member
	locked  bool // names or contents are encrypted
	partial bool // not all could be read
}

// kind is one kind of archive, known by its first bytes.
type kind struct {
	name string
	is   func(b []byte) bool
	list func(l *look, b []byte) list
	disk bool
}

func begins(magic string) func([]byte) bool {
	return func(b []byte) bool { return bytes.HasPrefix(b, []byte(magic)) }
}

func at(off int, magic string) func([]byte) bool {
	return func(b []byte) bool { return len(b) >= off+len(magic) && string(b[off:off+len(magic)]) == magic }
}

// kinds are tried in order.
var kinds = []kind{
	{name: "zip", is: begins("PK\x03\x04"), list: listZip},
	{name: "zip", is: begins("PK\x05\x06"), list: listZip},
	{name: "rar", is: begins("Rar!\x1a\x07\x01\x00"), list: listRAR5},
	{name: "rar", is: begins("Rar!\x1a\x07\x00"), list: listRAR4},
	{name: "7z", is: begins("7z\xbc\xaf\x27\x1c"), list: list7z},
	{name: "cab", is: begins("MSCF"), list: listCAB},
	{name: "gzip", is: begins("\x1f\x8b\x08"), list: listGzip},
	{name: "bzip2", is: begins("BZh"), list: listBzip2},
	{name: "xz", is: begins("\xfd7zXZ\x00"), list: listXZ},
	{name: "tar", is: at(257, "ustar"), list: listTar},
	{name: "iso", is: at(32769, "CD001"), list: listISO, disk: true},
	{name: "udf", is: at(32769, "BEA01"), list: listNone, disk: true},
	{name: "vhdx", is: begins("vhdxfile"), list: listNone, disk: true},
	{name: "vhd", is: begins("conectix"), list: listNone, disk: true},
	{name: "fat", is: isFAT, list: listNone, disk: true},
	{name: "ace", is: at(7, "**ACE**"), list: listNone},
	{name: "arj", is: begins("\x60\xea"), list: listNone},
	{name: "lzh", is: at(2, "-lh"), list: listNone},
	{name: "zstd", is: begins("\x28\xb5\x2f\xfd"), list: listNone},
}

func isFAT(b []byte) bool {
	return len(b) >= 1<<16 && at(510, "\x55\xaa")(b) && (at(54, "FAT1")(b) || at(82, "FAT32")(b))
}

func kindOf(b []byte) *kind {
	for i := range kinds {
		if kinds[i].is(b) {
			return &kinds[i]
		}
	}
	return nil
}

// file looks at one file, attached or within an archive.
func (l *look) file(way string, b []byte, level int) {
	if level == 0 {
		l.document(way, b)
	}
	k := kindOf(b)
	if k == nil || isDocument(way, b) {
		return
	}
	if level > 0 {
		l.add(Nested)
	}
	l.add(Archive)
	if k.disk {
		l.add(DiskImage)
	}
	found := k.list(l, b)
	if found.locked {
		l.add(Encrypted)
	}
	if found.partial || len(found.members) == 0 && !bytes.HasPrefix(b, []byte("PK\x05\x06")) {
		l.add(Unlisted)
	}
	programs, program := 0, ""
	for i := range found.members {
		m := &found.members[i]
		if l.listed++; l.listed > maxListed {
			l.add(Unlisted)
			break
		}
		m.name = clean(m.name)
		if l.member(way, m, level) {
			programs++
			program = m.name
		}
	}
	if programs == 1 && stem(program) != "" && stem(program) == stem(lastOf(way)) {
		l.add(ProgramNamed)
	}
}

// member takes note of one and looks into it if it is an archive. It tells
// whether it is a program.
func (l *look) member(way string, m *member, level int) bool {
	full := way + "!" + m.name
	if len(l.r.Members) < MaxMembers {
		l.r.Members = append(l.r.Members, full)
	}
	if m.locked {
		l.add(Encrypted)
	}
	if turned(m.name) {
		l.add(MemberTurned)
	}
	if double(m.name) {
		l.add(MemberDouble)
	}
	is := runs(m.name)
	ext := extension(m.name)
	if ext == ".lnk" {
		l.add(Shortcut)
	}
	if m.open != nil && !m.locked && m.size > 0 {
		head := m.open(headLen)
		if !is && bytes.HasPrefix(head, []byte("MZ")) && slices.Contains(disguises, ext) {
			l.add(MemberDisguise)
			is = true
		}
		if bytes.HasPrefix(head, []byte(magicLNK)) {
			l.add(Shortcut)
			is = true
		}
		if (kindOf(head) != nil || slices.Contains(archives, ext)) && level+1 < maxLevels {
			if m.size > maxInner {
				l.add(Nested)
				l.add(Unlisted)
			} else if b := m.open(maxInner); len(b) > 0 {
				l.file(full, b, level+1)
			}
		}
	} else if slices.Contains(archives, ext) {
		l.add(Nested)
		if !m.locked {
			l.add(Unlisted)
		}
	}
	if is {
		l.add(Program)
	}
	return is
}

// spend tells how many of n bytes may be unpacked, and counts them.
func (l *look) spend(n int64) int64 {
	n = max(0, min(n, l.left))
	l.left -= n
	return n
}

// listNone is for kinds whose list is not read.
func listNone(*look, []byte) list { return list{partial: true} }

// What names say.

const (
	headLen  = 1 << 10
	magicLNK = "L\x00\x00\x00\x01\x14\x02\x00" // MS-SHLLINK section 2.1
)

var (
	programs = []string{
		".exe", ".scr", ".com", ".pif", ".bat", ".cmd", ".js", ".jse", ".vbs", ".vbe", ".wsf", ".wsh", ".hta", ".lnk", ".ps1", ".msi", ".msix", ".appx", ".jar", ".cpl",
		".dll", ".url", ".chm", ".reg", ".xll", ".msc", ".sct", ".application", ".appref-ms", ".library-ms", ".search-ms", ".rdp", ".iqy", ".settingcontent-ms", ".gadget", ".inf",
	}
	// archives are endings of archives that may be within others.
	archives = []string{".zip", ".rar", ".7z", ".iso", ".img", ".vhd", ".vhdx", ".cab", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".ace", ".arj", ".lzh", ".udf", ".z"}
	readable = []string{".pdf", ".doc", ".docx", ".docm", ".xls", ".xlsx", ".xlsm", ".ppt", ".pptx", ".txt", ".rtf", ".jpg", ".jpeg", ".png", ".gif", ".odt", ".ods", ".csv", ".htm", ".html", ".mp3", ".mp4", ".wav"}
	// disguises are endings under which nobody expects a program.
	disguises = append([]string{"", ".dat", ".tmp", ".bin.txt", ".log", ".ico", ".bmp", ".xml"}, readable...)
)

// runs tells whether opening a file of this name runs something.
func runs(name string) bool { return slices.Contains(programs, extension(name)) }

// double tells whether a program is named like a document, also with blanks
// that push the true ending out of sight.
func double(name string) bool {
	ext := extension(name)
	if !slices.Contains(programs, ext) {
		return false
	}
	base := strings.TrimRight(strings.ToLower(strings.TrimSuffix(lastOf(name), lastOf(name)[len(lastOf(name))-len(ext):])), " \u00a0._")
	return slices.Contains(readable, path.Ext(base)) || strings.Contains(lastOf(name), "     ")
}

// turned tells whether a name has one of the characters that turn or isolate
// the direction of writing (UAX 9), so that it does not end where it seems to.
func turned(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool {
		return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	})
}

// named judges the attachment's own name.
func (l *look) named(name string) {
	if turned(name) {
		l.add(NameTurned)
	}
	if double(name) {
		l.add(NameDouble)
	}
	if runs(name) {
		l.add(NameProgram)
	}
}

// lastOf is the last part of a name: behind folders and the archives around it.
func lastOf(way string) string {
	if i := strings.LastIndexAny(way, `/\!`); i >= 0 {
		return way[i+1:]
	}
	return way
}

func extension(name string) string {
	return strings.TrimRight(strings.ToLower(path.Ext(lastOf(name))), " .")
}

// stem is a name without folders and its last ending, for comparing.
func stem(name string) string {
	base := strings.ToLower(lastOf(name))
	base = strings.TrimSuffix(base, path.Ext(base))
	for _, ext := range []string{".tar", ".pdf", ".doc", ".docx"} {
		base = strings.TrimSuffix(base, ext)
	}
	return strings.TrimSpace(base)
}

// clean makes a name of an archive fit for a record.
func clean(name string) string {
	name = strings.ToValidUTF8(strings.ReplaceAll(name, `\`, "/"), "\uFFFD")
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '\uFFFD'
		}
		return r
	}, name)
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[len(name)-maxName:], "\uFFFD") // the ending tells most
	}
	return name
}

// ByNames gives the traits that the names in an archive show, for one whose
// bytes went by and were not kept.
func ByNames(archive string, members []string) []string {
	l := &look{}
	n, last := 0, ""
	for _, name := range members {
		if l.member(archive, &member{name: clean(name)}, 0) {
			n++
			last = name
		}
	}
	if n == 1 && stem(last) == stem(archive) {
		l.add(ProgramNamed)
	}
	return l.r.Traits
}
