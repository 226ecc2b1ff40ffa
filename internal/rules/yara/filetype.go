package yara

import "bytes"

// fileType is the variable filetype of scanners for files: a short name for
// what a file starts with, empty for what is not known.
func fileType(data []byte) string {
	for _, t := range [...]struct{ magic, name string }{
		{"MZ", "EXE"}, {"\x7fELF", "ELF"}, {"PK\x03\x04", "ZIP"}, {"%PDF", "PDF"}, {"Rar!", "RAR"}, {"7z\xbc\xaf\x27\x1c", "7ZIP"},
		{"\xd0\xcf\x11\xe0", "CDF"}, {"{\\rtf", "RTF"}, {"GIF8", "GIF"}, {"\x89PNG", "PNG"}, {"\xff\xd8\xff", "JPG"}, {"MDMP", "MDMP"},
		{"regf", "REGF"}, {"\x1f\x8b", "GZIP"}, {"BZh", "BZIP2"}, {"\xca\xfe\xba\xbe", "JAVA"}, {"L\x00\x00\x00\x01\x14\x02\x00", "LNK"},
		{"MSCF", "CAB"}, {"ElfFile", "EVTX"}, {"<?xml", "XML"},
	} {
		if bytes.HasPrefix(data, []byte(t.magic)) {
			return t.name
		}
	}
	return ""
}
