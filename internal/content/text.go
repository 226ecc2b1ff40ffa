package content

import (
	"bytes"
	"strings"
)

// maxStarts bounds the places where a document's first tag is looked for.
const maxStarts = 32

// textual tells kinds of text apart; "" when head is not text.
func textual(head []byte) string {
	s := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if kind := script(s); kind != "" {
		return kind
	}
	if kind := markup(s); kind != "" {
		return kind
	}
	switch {
	case diff(s):
		return "text/x-diff"
	case bytes.Contains(s, []byte("<?php")):
		return "text/x-php"
	case hasFold(s, "delivered-to:"), hasFold(s, "return-path:"), hasFold(s, "received:"):
		return "message/rfc822"
	case ini(s):
		return "text/ini"
	case isJSON(s):
		return "text/json"
	case plain(s):
		return "text/plain"
	}
	return ""
}

// plain asks for ten characters of plain text, as Zeek does.
func plain(s []byte) bool {
	s = bytes.TrimPrefix(s, []byte("\xfe\xff"))
	s = bytes.TrimPrefix(s, []byte("\xff\xfe"))
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

// interpreters by what the first line names; the shells are any word in "sh".
var interpreters = []struct{ name, mime string }{
	{"perl", "text/x-perl"}, {"ruby", "text/x-ruby"}, {"python", "text/x-python"}, {"awk", "text/x-awk"}, {"gawk", "text/x-awk"}, {"nawk", "text/x-awk"},
	{"wish", "text/x-tcl"}, {"tcl", "text/x-tcl"}, {"lua", "text/x-lua"}, {"node", "application/javascript"}, {"php", "text/x-php"},
	{"sh", "text/x-shellscript"}, {"bash", "text/x-shellscript"}, {"tcsh", "text/x-shellscript"}, {"csh", "text/x-shellscript"},
	{"zsh", "text/x-shellscript"}, {"fash", "text/x-shellscript"}, {"aesh", "text/x-shellscript"}, {"ksh", "text/x-shellscript"},
}

// script recognises programs in text.
func script(s []byte) string {
	if bytes.HasPrefix(s, []byte("#!")) {
		line, _, _ := bytes.Cut(s[2:], []byte("\n"))
		if i := bytes.Index(line, []byte("bin/")); i >= 1 && i <= 15 {
			name := bytes.TrimLeft(bytes.TrimPrefix(line[i+4:], []byte("env ")), " \t")
			for _, p := range interpreters {
				if bytes.HasPrefix(name, []byte(p.name)) {
					return p.mime
				}
			}
		}
		return ""
	}
	t := skipBlank(s)
	switch {
	case len(t) == 0:
		return ""
	case t[0] == '@':
		rest := bytes.TrimLeft(t[1:], " ")
		if hasFold(rest, "echo ") && hasFold(bytes.TrimLeft(rest[5:], " "), "off") || hasFold(t[1:], "rem") || hasFold(t[1:], "set ") {
			return "text/x-msdos-batch"
		}
	case bytes.HasPrefix(t, []byte("for (;;);")), hasFold(t, "document.write("), hasFold(t, "document.writeln("):
		return "application/javascript"
	case bytes.HasPrefix(s, []byte("(function()")) && bytes.HasPrefix(bytes.TrimLeft(s[11:], " \t\n"), []byte("{")):
		return "application/javascript"
	case hasFold(t, "<script>"):
		if body := skipBlank(t[8:]); bytes.HasPrefix(body, []byte("var ")) || bytes.HasPrefix(body, []byte("function ")) {
			return "application/javascript"
		}
	case hasFold(t, "<script"):
		tag, _, _ := bytes.Cut(t[:min(len(t), 128)], []byte(">"))
		if bytes.Contains(bytes.ToLower(tag), []byte("javascript")) {
			return "application/javascript"
		}
	}
	return ""
}

// markup looks at the first tag behind blanks, comments and the XML
// declaration. Where a comment ends is not sure in hostile text, so every end
// of one may start the document.
func markup(s []byte) string {
	t := skipBlank(s)
	if len(t) == 0 || t[0] != '<' {
		return ""
	}
	if kind := tag(t); kind != "" {
		return kind
	}
	xml := bytes.HasPrefix(t, []byte("<?xml "))
	if xml || bytes.HasPrefix(t, []byte("<!--")) {
		rest := t
		for range maxStarts {
			i := bytes.Index(rest, []byte("-->"))
			if j := bytes.Index(rest, []byte("?>")); xml && j >= 0 && (i < 0 || j < i) {
				i = j - 1
			}
			if i < 0 {
				break
			}
			rest = skipBlank(rest[i+3:])
			if kind := tag(rest); kind != "" {
				return kind
			}
		}
	}
	switch {
	case xml && bytes.Contains(t, []byte("<svg")):
		return "image/svg+xml"
	case xml && bytes.Contains(t, []byte("<urlset")):
		return "application/xml-sitemap"
	case xml:
		return "application/xml"
	}
	return ""
}

// tag names the document that a tag opens.
func tag(s []byte) string {
	if len(s) < 2 || s[0] != '<' {
		return ""
	}
	s = s[1:min(len(s), 256)]
	switch {
	case hasFold(s, "!doctype "):
		kind := bytes.TrimLeft(s[9:], " ")
		if hasFold(kind, "html") {
			return "text/html"
		}
		if hasFold(kind, "cross-domain-policy") {
			return "text/x-cross-domain-policy"
		}
	case hasFold(s, "html"), hasFold(s, "head"), hasFold(s, "title"), hasFold(s, "body"), hasFold(s, "meta http-equiv"):
		return "text/html"
	case hasFold(s, "cross-domain-policy"):
		return "text/x-cross-domain-policy"
	case hasFold(s, "rss"):
		return "text/rss"
	case hasFold(s, "feed") && bytes.Contains(s, []byte("www.w3.org/2005/Atom")):
		return "text/atom"
	case hasFold(s, "soap:envelope"), hasFold(s, "soap-env:envelope"):
		return "application/soap+xml"
	case hasFold(s, "methodresponse>"):
		return "application/xml-rpc"
	}
	return ""
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
