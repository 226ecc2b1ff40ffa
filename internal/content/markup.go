package content

import "bytes"

// maxStarts bounds the places where a document's first tag is looked for.
const maxStarts = 64

// markup looks at the first tag behind blanks, comments and the XML
// declaration. Where a comment ends is not sure in hostile text, so every end
// of one may start the document.
func markup(head []byte, g *guess) {
	declared(head, g)
	s := skipBlank(unmarked(head))
	if len(s) < 2 || s[0] != '<' && s[0] != 0 {
		return
	}
	starts := [][]byte{s}
	comment, xml := false, false
	for i := 0; i < len(starts); i++ {
		t := skipBlank(starts[i])
		if len(t) == 0 {
			continue
		}
		tag(t, g)
		switch {
		case !comment && bytes.HasPrefix(t, []byte("<!--")):
			comment = true
			starts = endsOf(starts, t[4:], "-->")
		case !xml && bytes.HasPrefix(t, []byte("<?xml ")):
			xml = true
			g.or(10, "application/xml")
			starts = endsOf(starts, t[6:], "?>")
		case !xml && wideXML(t):
			g.or(10, "application/xml")
		}
	}
}

// endsOf adds what follows each end to list, within bounds.
func endsOf(list [][]byte, s []byte, end string) [][]byte {
	for range maxStarts {
		i := bytes.Index(s, []byte(end))
		if i < 0 {
			break
		}
		s = s[i+len(end):]
		list = append(list, s)
	}
	return list
}

// wideXML knows the beginning of an XML declaration in UTF-16.
func wideXML(s []byte) bool {
	for _, c := range []byte("<?xml ") {
		if len(s) > 0 && s[0] == 0 {
			s = s[1:]
		}
		if len(s) == 0 || s[0] != c {
			return false
		}
		s = s[1:]
	}
	return true
}

// declared knows documents by what comes anywhere behind an XML declaration.
func declared(s []byte, g *guess) {
	if !bytes.HasPrefix(s, []byte("<?xml")) {
		return
	}
	if len(s) > 20 {
		for _, quote := range []string{`"`, "'"} {
			if bytes.Contains(s[20:], []byte(" xmlns="+quote+"http://earth.google.com/kml")) {
				g.or(61, "application/vnd.google-earth.kml+xml")
			}
			if bytes.Contains(s[20:], []byte(" xmlns="+quote+"http://www.opengis.net/kml")) {
				g.or(60, "application/vnd.google-earth.kml+xml")
			}
		}
	}
	rest, ok := bytes.CutPrefix(s, []byte(`<?xml version="`))
	if !ok || len(rest) < 5 {
		return
	}
	if bytes.Contains(rest[5:], []byte("<!DOCTYPE X3D")) || bytes.Contains(rest[5:], []byte("<!DOCTYPEX3D")) {
		g.or(43, "model/x3d")
	}
	if rest[0] == 0 {
		return
	}
	for _, k := range []struct {
		text     string
		strength int
		mime     string
	}{{"<svg", 38, "image/svg+xml"}, {"<urlset", 37, "application/xml-sitemap"}, {"<gnc-v2", 37, "application/x-gnucash"}} {
		if bytes.Contains(rest[4:], []byte(k.text)) {
			g.or(k.strength, k.mime)
		}
	}
}

// tag names the document that a tag opens.
func tag(s []byte, g *guess) {
	if s[0] != '<' {
		return
	}
	s = s[1:]
	switch {
	case hasFold(s, "!doctype "):
		kind := bytes.TrimLeft(s[9:], " ")
		if hasFold(kind, "html") {
			g.or(100, "text/html")
		}
		if hasFold(kind, "cross-domain-policy") {
			g.or(49, "text/x-cross-domain-policy")
		}
	case hasFold(s, "html"):
		g.or(100, "text/html")
	case hasFold(s, "meta "):
		if hasFold(bytes.TrimLeft(s[5:], " "), "http-equiv") {
			g.or(100, "text/html")
		}
	case hasFold(s, "head"), hasFold(s, "title"), hasFold(s, "body"):
		g.or(20, "text/html")
	case hasFold(s, "cross-domain-policy"):
		g.or(49, "text/x-cross-domain-policy")
	case hasFold(s, "rss"):
		g.or(90, "text/rss")
		if within, _, _ := bytes.Cut(s, []byte(">")); bytes.Contains(within, []byte("xmlns:atom")) {
			g.or(100, "text/atom")
		}
	case hasFold(s, "feed"):
		within, _, _ := bytes.Cut(s, []byte(">"))
		if _, value, ok := bytes.Cut(within, []byte("xmlns=")); ok && bytes.HasPrefix(bytes.TrimLeft(value, `"'`), []byte("http://www.w3.org/2005/Atom")) {
			g.or(100, "text/atom")
		}
	case hasFold(s, "soap:envelope"), hasFold(s, "soap-env:envelope"):
		g.or(49, "application/soap+xml")
	case hasFold(s, "methodresponse>"):
		g.or(49, "application/xml-rpc")
	case hasFold(s, "manifest"):
		rest := skipBlank(s[8:])
		if len(rest) < len(s)-8 && bytes.HasPrefix(rest, []byte(`xmlns="http://ns.adobe.com/f4m/`)) {
			g.or(49, "application/f4m")
		}
	case bytes.HasPrefix(s, []byte("CFPARAM")), bytes.HasPrefix(s, []byte("CFSET")), bytes.HasPrefix(s, []byte("CFIF")):
		g.or(20, "magnus-internal/cold-fusion")
	}
}
