// Package webroot joins what a web server was asked for with the files that
// answered: it takes the path of a request apart and finds the file among
// those of the evidence, by the sites of the server's configuration where they
// are known, else by the best agreement of the two paths.
//
//	p := webroot.PageOf("/Up/a.aspx;x/extra")  // p.Path "/up/a.aspx", p.Tricks path parameter, path info
//	m.Find(webroot.Asked{Server: "web01", Site: "w3svc1", Path: p.Path}) // case/WEB01/inetpub/wwwroot/up/a.aspx
//
// Case means nothing: on Windows it does not, and elsewhere two pages that
// differ in it alone are rare.
package webroot

import (
	"path"
	"strings"
)

// Page is the path of a request taken apart.
type Page struct {
	Path   string   // lower case, decoded, without dots, parameters and path info: /up/a.aspx
	Info   string   // what stood behind the page: /extra
	Tricks []string // ways of writing it that links do not have; see the Trick constants
}

// The values of Page.Tricks.
const (
	TrickParameter = "path parameter"           // /a.aspx;x or /..;/ other than a session's id
	TrickInfo      = "path info"                // /a.aspx/x
	TrickSession   = "session in the path"      // /(S(x))/a.aspx, of ASP.NET without cookies
	TrickTwice     = "encoded twice"            // %252e
	TrickDots      = "dot segments"             // /x/../a.aspx
	TrickStream    = "name of a stream"         // a.aspx::$DATA
	TrickTail      = "dots or blanks at a tail" // "a.aspx. "
)

// executable are the extensions of pages that run on the server.
var executable = map[string]bool{
	".aspx": true, ".ashx": true, ".asmx": true, ".asp": true, ".asa": true, ".cer": true, ".cdx": true, ".svc": true, ".cshtml": true, ".vbhtml": true, ".soap": true, ".rem": true,
	".php": true, ".phtml": true, ".php3": true, ".php5": true, ".php7": true, ".phar": true, ".jsp": true, ".jspx": true, ".jspf": true, ".jsw": true, ".jsv": true, ".cfm": true, ".cgi": true, ".pl": true,
}

// Executable tells whether a page of that name runs on the server.
func Executable(name string) bool { return executable[path.Ext(name)] }

// maxStem bounds the path of a request; servers refuse longer ones.
const maxStem = 16 << 10

// PageOf takes the path of a request apart, as a log or a request line has it.
func PageOf(stem string) Page {
	s, _, _ := strings.Cut(stem[:min(len(stem), maxStem)], "?")
	if plain(s) {
		return Page{Path: strings.ToLower(s)}
	}
	return apart(s)
}

// plain tells whether a path is written as most are: nothing is encoded, no
// segment is empty or of dots, and none but the last has an extension.
func plain(s string) bool {
	if s == "" || s[0] != '/' {
		return false
	}
	extension := false // the segment has one
	for i := range len(s) {
		switch c := s[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', c == '_', c == '-':
		case c == '/':
			if extension || i > 0 && s[i-1] == '/' {
				return false
			}
		case c == '.':
			if s[i-1] == '/' || i+1 == len(s) || s[i+1] == '/' {
				return false
			}
			extension = true
		default:
			return false
		}
	}
	return true
}

// apart is PageOf for any path without a query.
func apart(s string) Page {
	var p Page
	trick := func(s string) { p.Tricks = append(p.Tricks, s) }
	if _, rest, ok := strings.Cut(s, "://"); ok && !strings.HasPrefix(s, "/") { // a proxy's request
		s = rest[max(0, strings.IndexByte(rest, '/')):]
		if !strings.HasPrefix(s, "/") {
			s = "/"
		}
	}
	s = decode(s)
	if t := decode(s); t != s {
		trick(TrickTwice)
		s = t
	}
	s = strings.ToLower(strings.ReplaceAll(s, `\`, "/"))
	var segs []string
	dots, param, session, stream, tail := false, false, false, false, false
	page := -1
	for seg := range strings.SplitSeq(s, "/") {
		name, rest, ok := strings.Cut(seg, ";")
		if ok && !strings.HasPrefix(rest, "jsessionid=") {
			param = true
		}
		switch {
		case name == "" || name == ".":
			continue
		case name == "..":
			dots = true
			if n := len(segs); n > 0 {
				segs = segs[:n-1]
			}
			if page >= len(segs) {
				page = -1
			}
			continue
		case len(name) > 4 && name[0] == '(' && name[2] == '(' && strings.HasSuffix(name, "))"):
			session = true
			continue
		}
		if before, _, ok := strings.Cut(name, "::$"); ok {
			if stream, name = true, before; name == "" {
				continue
			}
		}
		if t := strings.TrimRight(name, ". "); t != name && t != "" {
			tail, name = true, t
		}
		if page < 0 && executable[path.Ext(name)] {
			page = len(segs)
		}
		segs = append(segs, name)
	}
	for _, t := range []struct {
		on   bool
		name string
	}{{param, TrickParameter}, {session, TrickSession}, {dots, TrickDots}, {stream, TrickStream}, {tail, TrickTail}} {
		if t.on {
			trick(t.name)
		}
	}
	if page >= 0 && page < len(segs)-1 {
		trick(TrickInfo)
		p.Info = "/" + strings.Join(segs[page+1:], "/")
		segs = segs[:page+1]
	}
	p.Path = "/" + strings.Join(segs, "/")
	if len(segs) > 0 && strings.HasSuffix(s, "/") && page < 0 {
		p.Path += "/"
	}
	return p
}

// decode undoes percent signs; those that stand for nothing stay.
func decode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := digit(s[i+1]), digit(s[i+2]); hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
