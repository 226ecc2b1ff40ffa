package content

import (
	"bytes"
	"strings"
)

// textual tells kinds of text apart.
func textual(head []byte, g *guess) {
	s := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	script(head, g)
	markup(head, g)
	fields(head, g)
	switch {
	case diff(head):
		g.or(55, "text/x-diff")
	case php(head):
		g.or(40, "text/x-php")
	}
	portable(head, g)
	if ini(unmarked(head)) {
		g.or(20, "text/ini")
	}
	switch {
	case isJSON(unmarked(head)):
		g.or(1, "text/json")
	case plain(s):
		g.or(-20, "text/plain")
	}
}

// php looks for the tag that begins a script. Of its characters the second is
// the rarest.
func php(s []byte) bool {
	for i := 1; i < len(s); i++ {
		n := bytes.IndexByte(s[i:], '?')
		if n < 0 {
			return false
		}
		if i += n; at(s, i-1, "<?php") {
			return true
		}
	}
	return false
}

// unmarked is s without a byte order mark.
func unmarked(s []byte) []byte {
	for _, m := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(s, []byte(m)) {
			return s[len(m):]
		}
	}
	return s
}

// fields knows mail and news by their first header.
func fields(s []byte, g *guess) {
	switch {
	case hasFold(s, "delivered-to:"):
		g.or(160, "message/rfc822")
	case hasFold(s, "return-path:"):
		g.or(150, "message/rfc822")
	case bytes.HasPrefix(s, []byte("MIME-Version:")) && bytes.Contains(s, []byte(`protocol="application/pkcs7-signature"`)):
		g.or(100, "application/pkcs7-signature")
	}
}

// portable knows the netpbm formats by their magic number and the size behind.
func portable(s []byte, g *guess) {
	if len(s) > 3 && s[0] == 'P' && s[1] >= '4' && s[1] <= '6' && sized(s[3:]) {
		g.or(42, netpbm[s[1]-'1'])
	}
	for rest := s; ; {
		i := bytes.IndexByte(rest, 'P')
		if i < 0 || i+2 >= len(rest) {
			return
		}
		rest = rest[i+1:]
		if rest[0] >= '1' && rest[0] <= '3' && sized(rest[1:]) {
			g.or(42, netpbm[rest[0]-'1'])
		}
	}
}

var netpbm = [6]string{
	"image/x-portable-bitmap", "image/x-portable-greymap", "image/x-portable-pixmap",
	"image/x-portable-bitmap", "image/x-portable-greymap", "image/x-portable-pixmap",
}

// sized tells whether a number, two blanks and a number follow.
func sized(s []byte) bool {
	n := 0
	for n < len(s) && n < 50 && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n > 0 && len(s) > n+2 && s[n] == ' ' && s[n+1] == ' ' && s[n+2] >= '0' && s[n+2] <= '9'
}

// plain asks for ten characters of plain text, as Zeek does.
func plain(s []byte) bool {
	for _, mark := range []string{"\x00\x00\xfe\xff", "\xfe\xff", "\xff\xfe\x00\x00", "\xff\xfe"} {
		if bytes.HasPrefix(s, []byte(mark)) {
			s = s[len(mark):]
			break
		}
	}
	if len(s) < 10 {
		return false
	}
	for _, b := range s[:10] {
		if (b < 0x20 || b > 0x7e) && (b < '\t' || b > '\r') {
			return false
		}
	}
	return true
}

func hasFold(s []byte, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(string(s[:len(prefix)]), prefix)
}

func skipBlank(s []byte) []byte { return bytes.TrimLeft(s, " \t\r\n") }

// interpreters by what the first line names.
var interpreters = []struct {
	name     string
	strength int
	mime     string
}{
	{"sh", 250, "text/x-shellscript"}, {"bash", 250, "text/x-shellscript"}, {"tcsh", 250, "text/x-shellscript"}, {"csh", 250, "text/x-shellscript"},
	{"zsh", 250, "text/x-shellscript"}, {"fash", 250, "text/x-shellscript"}, {"aesh", 250, "text/x-shellscript"}, {"ksh", 250, "text/x-shellscript"},
	{"perl", 60, "text/x-perl"}, {"ruby", 60, "text/x-ruby"}, {"python", 60, "text/x-python"}, {"awk", 60, "text/x-awk"}, {"gawk", 60, "text/x-awk"},
	{"nawk", 60, "text/x-awk"}, {"wish", 60, "text/x-tcl"}, {"tcl", 60, "text/x-tcl"}, {"node", 60, "application/javascript"}, {"php", 60, "text/x-php"},
	{"lua", 49, "text/x-lua"},
}

// script recognises programs in text.
func script(s []byte, g *guess) {
	switch {
	case len(s) < 3:
		return
	case s[0] == '#' && s[1] == '!':
		interpreter(s[2:], g)
	case s[0] == '@':
		rest := bytes.TrimLeft(s[1:], " ")
		if hasFold(rest, "echo ") && hasFold(bytes.TrimLeft(rest[5:], " "), "off") {
			g.or(110, "text/x-msdos-batch")
		}
		if hasFold(s[1:], "set ") {
			g.or(70, "text/x-msdos-batch")
		}
		if hasFold(s[1:], "rem") {
			g.or(60, "text/x-msdos-batch")
		}
	case javascript(s):
		g.or(60, "application/javascript")
	}
}

// interpreter reads what follows the #! of a script.
func interpreter(s []byte, g *guess) {
	for i := 1; i <= 15 && i < len(s) && s[i-1] != '\n'; i++ {
		if !at(s, i, "bin/") {
			continue
		}
		name := s[i+4:]
		if at(name, 0, "env") {
			if word := bytes.TrimLeft(name[3:], " \t\r\n\v\f"); len(word) < len(name)-3 {
				name = word
			}
		}
		for _, p := range interpreters {
			if bytes.HasPrefix(name, []byte(p.name)) {
				g.or(p.strength, p.mime)
			}
		}
	}
}

func javascript(s []byte) bool {
	if bytes.HasPrefix(s, []byte("(function()")) && bytes.HasPrefix(bytes.TrimLeft(s[11:], " \t\n"), []byte("{")) {
		return true
	}
	t := skipBlank(s)
	switch {
	case bytes.HasPrefix(t, []byte("for (;;);")), bytes.HasPrefix(t, []byte("document.write(")), bytes.HasPrefix(t, []byte("document.writeln(")):
		return true
	case bytes.HasPrefix(t, []byte("<script>")):
		body := skipBlank(t[8:])
		return bytes.HasPrefix(body, []byte("var ")) || bytes.HasPrefix(body, []byte("function "))
	case hasFold(t, "<script") && len(t) > 7 && (t[7] == ' ' || t[7] == '\t'):
		t = bytes.TrimLeft(t[7:], " \t")
		if !hasFold(t, "type=") && !hasFold(t, "language=") {
			return false
		}
		_, t, _ = bytes.Cut(t[:min(len(t), 64)], []byte("="))
		if len(t) > 0 && (t[0] == '\'' || t[0] == '"') {
			t = t[1:]
		}
		if hasFold(t, "text/") {
			t = t[5:]
		}
		return hasFold(t, "javascript")
	}
	return false
}

// diff wants the three header lines of unified differences, in order.
func diff(s []byte) bool {
	_, rest, ok := bytes.Cut(s, []byte("--- "))
	if ok {
		_, rest, ok = bytes.Cut(rest, []byte("\n"))
	}
	if ok {
		_, rest, ok = bytes.Cut(rest, []byte("+++ "))
	}
	if ok {
		_, rest, ok = bytes.Cut(rest, []byte("\n"))
	}
	return ok && bytes.Contains(rest, []byte("@@"))
}

// ini wants a section heading on a line of its own.
func ini(s []byte) bool {
	s = bytes.TrimLeft(s, "\x00 \t\r\n")
	if len(s) < 3 || s[0] != '[' {
		return false
	}
	end := bytes.IndexAny(s, "\r\n")
	if end < 0 {
		return false
	}
	line := bytes.TrimRight(s[:end], " \t\x00")
	return len(line) > 2 && line[len(line)-1] == ']'
}

// isJSON looks at the first member of an object or array.
func isJSON(s []byte) bool {
	s = skipBlank(s)
	if len(s) < 2 {
		return false
	}
	rest := skipBlank(s[1:])
	switch s[0] {
	case '{':
		if len(rest) > 0 && rest[0] == '}' {
			return len(skipBlank(rest[1:])) == 0
		}
		var word []byte
		word, rest = jsonWord(rest)
		rest = skipBlank(rest)
		if len(word) == 0 || len(rest) == 0 || rest[0] != ':' {
			return false
		}
		rest = skipBlank(rest[1:])
		return len(rest) > 0 && (strings.IndexByte("\"[{0123456789", rest[0]) >= 0 || bytes.HasPrefix(rest, []byte("true")) || bytes.HasPrefix(rest, []byte("false")))
	case '[':
		switch {
		case len(rest) == 0:
			return false
		case rest[0] == ']':
			return len(skipBlank(rest[1:])) == 0
		case rest[0] == '{' || rest[0] == '[':
			return true
		}
		word, after := jsonWord(rest)
		after = skipBlank(after)
		return len(word) > 0 && len(after) > 0 && after[0] == ','
	}
	return false
}

// jsonWord takes a quoted string or a bare word off s; word is empty when
// there is neither.
func jsonWord(s []byte) (word, rest []byte) {
	if len(s) > 1 && s[0] == '"' {
		if i := bytes.IndexByte(s[1:], '"'); i > 0 {
			return s[:i+2], s[i+2:]
		}
		return nil, nil
	}
	n := 0
	for n < len(s) && (s[n] == '.' || s[n] == '_' || s[n] >= '0' && s[n] <= '9' || s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z') {
		n++
	}
	return s[:n], s[n:]
}
