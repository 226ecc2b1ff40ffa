// Package content says what bytes are, whatever their name: the MIME type, as
// Zeek names it, hashes, and traits that detection needs, such as an archive
// that holds one program named like the archive itself. Nothing is unpacked
// or run; every structure is read by hand within bounds.
package content

import (
	"bytes"
	"unicode/utf8"
)

// HeadLen is how many bytes decide the MIME type.
const HeadLen = 4096

// magic is a mark at a fixed place.
type magic struct {
	off  int
	mark string
	mime string
}

// magics are the marks that Zeek's signatures and others know, strongest first.
var magics = []magic{
	{0, "MZ", "application/x-dosexec"},
	{0, "\x7fELF", "application/x-executable"},
	{0, "PK\x03\x04", "application/zip"},
	{0, "PK\x05\x06", "application/zip"},
	{0, "\x1f\x8b", "application/x-gzip"},
	{0, "BZh", "application/x-bzip2"},
	{0, "\xfd7zXZ\x00", "application/x-xz"},
	{0, "\x28\xb5\x2f\xfd", "application/zstd"},
	{0, "7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"},
	{0, "Rar!\x1a\x07", "application/x-rar"},
	{0, "MSCF\x00\x00\x00\x00", "application/vnd.ms-cab-compressed"},
	{0, "%PDF-", "application/pdf"},
	{0, "{\\rtf", "text/rtf"},
	{0, "\x89PNG\r\n\x1a\n", "image/png"},
	{0, "\xff\xd8\xff", "image/jpeg"},
	{0, "GIF87a", "image/gif"},
	{0, "GIF89a", "image/gif"},
	{0, "II*\x00", "image/tiff"},
	{0, "MM\x00*", "image/tiff"},
	{0, "\x00\x00\x01\x00", "image/x-icon"},
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"},
	{0, "SQLite format 3\x00", "application/x-sqlite3"},
	{0, "regf", "application/x-ms-registry"},
	{4, "\xef\xcd\xab\x89", "application/x-ms-ese"},
	{0, "MDMP", "application/x-dmp"},
	{0, "ElfFile\x00", "application/x-ms-evtx"},
	{0, "\xca\xfe\xba\xbe", "application/java-archive"},
	{257, "ustar", "application/x-tar"},
	{0, "OggS", "application/ogg"},
	{0, "ID3", "audio/mpeg"},
	{0, "fLaC", "audio/flac"},
	{4, "ftyp", "video/mp4"},
	{0, "FWS", "application/x-shockwave-flash"},
	{0, "CWS", "application/x-shockwave-flash"},
	{0, "FLV\x01", "video/x-flv"},
	{0, "\x1aE\xdf\xa3", "video/x-matroska"},
	{0, "wOFF", "application/font-woff"},
	{0, "wOF2", "application/font-woff2"},
	{0, "-----BEGIN ", "text/plain"},
	{0, "!<arch>\n", "application/x-archive"},
	{0, "\xed\xab\xee\xdb", "application/x-rpm"},
	{0, "L\x00\x00\x00\x01\x14\x02\x00", "application/x-ms-shortcut"},
	{0, "ITSF", "application/vnd.ms-htmlhelp"},
	{0, "\xd4\xc3\xb2\xa1", "application/vnd.tcpdump.pcap"},
	{0, "\xa1\xb2\xc3\xd4", "application/vnd.tcpdump.pcap"},
	{0, "!BDN", "application/vnd.ms-outlook"},
}

// MIME returns the MIME type that the first bytes show, as Zeek names it, or
// "" when they show none.
func MIME(head []byte) string {
	if len(head) > HeadLen {
		head = head[:HeadLen]
	}
	for _, m := range magics {
		if len(head) >= m.off+len(m.mark) && string(head[m.off:m.off+len(m.mark)]) == m.mark {
			return m.mime
		}
	}
	if len(head) >= 12 && string(head[:4]) == "RIFF" {
		switch string(head[8:12]) {
		case "WAVE":
			return "audio/x-wav"
		case "AVI ":
			return "video/x-msvideo"
		case "WEBP":
			return "image/webp"
		}
	}
	return textual(head)
}

// textual tells kinds of text apart; "" when head is not text.
func textual(head []byte) string {
	if len(head) == 0 || !isText(head) {
		return ""
	}
	s := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	lower := bytes.ToLower(s[:min(len(s), 1024)])
	switch {
	case len(s) == 0:
		return "text/plain"
	case bytes.HasPrefix(lower, []byte("<?xml")):
		return "application/xml"
	case bytes.HasPrefix(lower, []byte("<!doctype html")), bytes.HasPrefix(lower, []byte("<html")), bytes.HasPrefix(lower, []byte("<head")),
		bytes.HasPrefix(lower, []byte("<title")), bytes.HasPrefix(lower, []byte("<body")), bytes.HasPrefix(lower, []byte("<script")),
		bytes.HasPrefix(lower, []byte("<h1")), bytes.HasPrefix(lower, []byte("<table")), bytes.HasPrefix(lower, []byte("<!--")) && bytes.Contains(lower, []byte("<html")):
		return "text/html"
	case bytes.HasPrefix(lower, []byte("<?php")):
		return "text/x-php"
	case bytes.HasPrefix(lower, []byte("<svg")):
		return "image/svg+xml"
	case bytes.HasPrefix(s, []byte("#!")):
		return shebang(lower)
	case isJSON(s):
		return "text/json"
	case bytes.HasPrefix(lower, []byte("diff ")), bytes.HasPrefix(lower, []byte("--- ")) && bytes.Contains(lower, []byte("\n+++ ")):
		return "text/x-diff"
	}
	return "text/plain"
}

func shebang(lower []byte) string {
	line, _, _ := bytes.Cut(lower, []byte("\n"))
	switch {
	case bytes.Contains(line, []byte("python")):
		return "text/x-python"
	case bytes.Contains(line, []byte("perl")):
		return "text/x-perl"
	case bytes.Contains(line, []byte("sh")):
		return "text/x-shellscript"
	}
	return "text/plain"
}

// isJSON looks at the first structure only: { "name" …, [ … or {}.
func isJSON(s []byte) bool {
	switch s[0] {
	case '{':
		rest := bytes.TrimLeft(s[1:], " \t\r\n")
		return len(rest) > 0 && (rest[0] == '"' || rest[0] == '}')
	case '[':
		rest := bytes.TrimLeft(s[1:], " \t\r\n")
		return len(rest) > 0 && (rest[0] == '{' || rest[0] == '"' || rest[0] == ']' || rest[0] == '[')
	}
	return false
}

// isText tells whether head is printable in ASCII or UTF-8, with the control
// characters of text; a character cut at the end does not count against it.
func isText(head []byte) bool {
	for i := 0; i < len(head); {
		b := head[i]
		if b < utf8.RuneSelf {
			if b < 0x20 && (b < 0x07 || b > 0x0d) && b != 0x1b || b == 0x7f {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(head[i:])
		if r == utf8.RuneError && n == 1 {
			if !utf8.FullRune(head[i:]) {
				return true
			}
			if b < 0xa0 { // Latin-1 has its controls there
				return false
			}
		}
		i += n
	}
	return true
}
