package script

import (
	"bytes"
	"unicode/utf16"
)

// decodeText turns UTF-16 with a byte-order mark into UTF-8, and drops a UTF-8 one.
func decodeText(b []byte) []byte {
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}), bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		big := b[0] == 0xfe
		units := make([]uint16, 0, len(b)/2)
		for i := 2; i+1 < len(b); i += 2 {
			if big {
				units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
			} else {
				units = append(units, uint16(b[i+1])<<8|uint16(b[i]))
			}
		}
		return []byte(string(utf16.Decode(units)))
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		return b[3:]
	}
	return b
}

// codeOf returns the parts of a page that run on the server, joined by blanks;
// the HTML around them says nothing.
func codeOf(language string, b []byte) []byte {
	switch language {
	case "ashx", "asmx", "asax":
		return afterDirective(b)
	case "php":
		return between(b, "<?", "?>", true)
	case "cshtml":
		return b
	}
	code := between(b, "<%", "%>", false)
	lower := bytes.ToLower(b)
	for at := 0; ; { // <script runat="server">, <jsp:scriptlet>
		i, skip := nextOpen(lower[at:])
		if i < 0 {
			return code
		}
		start := at + i + skip
		gt := bytes.IndexByte(lower[start:], '>')
		if gt < 0 {
			return code
		}
		tag := lower[start : start+gt]
		start += gt + 1
		end := bytes.Index(lower[start:], []byte("</"))
		for end >= 0 && !bytes.HasPrefix(lower[start+end:], []byte("</script")) && !bytes.HasPrefix(lower[start+end:], []byte("</jsp:")) {
			next := bytes.Index(lower[start+end+2:], []byte("</"))
			if next < 0 {
				end = -1
				break
			}
			end += 2 + next
		}
		stop := len(b)
		if end >= 0 {
			stop = start + end
		}
		if skip != len("<script") || bytes.Contains(tag, []byte("runat")) {
			code = append(code, ' ')
			code = append(code, b[start:stop]...)
		}
		at = stop
	}
}

// opens are the elements that may hold server code.
var opens = [][]byte{[]byte("<script"), []byte("<jsp:scriptlet"), []byte("<jsp:declaration"), []byte("<jsp:expression")}

// nextOpen finds the next of them and its length, or -1.
func nextOpen(lower []byte) (at, skip int) {
	for i := 0; ; i++ {
		n := bytes.IndexByte(lower[i:], '<')
		if n < 0 {
			return -1, 0
		}
		i += n
		for _, open := range opens {
			if bytes.HasPrefix(lower[i:], open) {
				return i, len(open)
			}
		}
	}
}

// between joins what lies between open and shut; php code may lack the last shut.
func between(b []byte, open, shut string, php bool) []byte {
	var out []byte
	for {
		i := bytes.Index(b, []byte(open))
		if i < 0 {
			return out
		}
		b = b[i+len(open):]
		if php {
			b = bytes.TrimPrefix(bytes.TrimPrefix(b, []byte("php")), []byte("="))
			if bytes.HasPrefix(b, []byte("xml")) { // <?xml …?>
				continue
			}
		}
		end := bytes.Index(b, []byte(shut))
		if end < 0 {
			return append(append(out, ' '), b...)
		}
		if !bytes.HasPrefix(b, []byte("@")) && !bytes.HasPrefix(b, []byte("--")) {
			out = append(append(out, ' '), b[:end]...)
		}
		b = b[end+len(shut):]
	}
}

// afterDirective drops the <%@ … %> lines at the top of a handler.
func afterDirective(b []byte) []byte {
	for {
		i := bytes.Index(b, []byte("<%@"))
		if i < 0 {
			return b
		}
		end := bytes.Index(b[i:], []byte("%>"))
		if end < 0 {
			return b
		}
		b = b[i+end+2:]
	}
}
