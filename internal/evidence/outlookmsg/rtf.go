package outlookmsg

import (
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"

	"longwatch/internal/wire"
)

// dictionary is what the window of MS-OXRTFCP begins with (section 2.1.3.1).
const dictionary = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

const (
	window = 4096
	maxRTF = 16 << 20
)

var errRTF = errors.New("outlookmsg: compressed RTF ends in the middle")

// unpackRTF undoes MS-OXRTFCP: runs of eight tokens, each a byte or a place and
// a length in the window.
func unpackRTF(b []byte) ([]byte, error) {
	c := wire.At(b)
	c.Skip(4)
	size := int(c.L32())
	kind := string(c.Take(4))
	c.Skip(4)
	switch {
	case !c.OK() || size < 0 || size > maxRTF:
		return nil, fmt.Errorf("%w: header", errRTF)
	case kind == "MELA":
		return c.Take(min(size, c.Len())), nil
	case kind != "LZFu":
		return nil, fmt.Errorf("outlookmsg: RTF is packed as %q, which is unknown", kind)
	}
	var win [window]byte
	at := copy(win[:], dictionary)
	out := make([]byte, 0, min(size, 64<<10))
	put := func(x byte) {
		out = append(out, x)
		win[at%window] = x
		at++
	}
	for len(out) < maxRTF {
		flags := c.U8()
		for bit := range 8 {
			if !c.OK() {
				return out, errRTF
			}
			if flags&(1<<bit) == 0 {
				if x := c.U8(); c.OK() {
					put(x)
				}
				continue
			}
			ref := c.U16()
			if !c.OK() {
				return out, errRTF
			}
			off, n := int(ref>>4), int(ref&15)+2
			if off == at%window { // the end
				return out, nil
			}
			for i := range n {
				put(win[(off+i)%window])
			}
		}
	}
	return out, nil
}

var (
	htmlTag   = regexp.MustCompile(`\{\\\*\\htmltag\d* ?([^{}]*)\}`)
	hidden    = regexp.MustCompile(`(?s)\\htmlrtf\b.*?\\htmlrtf0 ?`)
	field     = regexp.MustCompile(`(?is)\{\\field\s*(?:\\\w+\s*)*\{\\\*\\fldinst\s*\{?[^{}]*?HYPERLINK\s+"([^"]+)"[^{}]*\}*\s*\{\\fldrslt\s*\{?([^{}]*)`)
	control   = regexp.MustCompile(`\\'([0-9a-fA-F]{2})|\\u(-?\d+) ?\??|\\([a-z]+)-?\d* ?|\\([^a-z])|[{}\r\n]`)
	preamble  = regexp.MustCompile(`(?s)\{\\(?:fonttbl|colortbl|stylesheet|\*\\generator)(?:[^{}]|\{[^{}]*\})*\}`)
	wasHTML   = regexp.MustCompile(`\\fromhtml1\b`)
	anyLetter = regexp.MustCompile(`\\[a-zA-Z]`)
)

// pageOf is RTF as HTML: what Outlook hid in it when it came as HTML (MS-OXRTFEX),
// else its text with its links.
func pageOf(rtf []byte) string {
	s := string(rtf)
	s = preamble.ReplaceAllString(s, "")
	if wasHTML.MatchString(s[:min(len(s), 4096)]) {
		s = hidden.ReplaceAllString(s, "")
		s = htmlTag.ReplaceAllStringFunc(s, func(g string) string {
			return strings.ReplaceAll(strings.ReplaceAll(htmlTag.FindStringSubmatch(g)[1], `\{`, "("), `\}`, ")")
		})
		return plain(s, false)
	}
	const mark = "\x01"
	var links []string
	s = field.ReplaceAllStringFunc(s, func(g string) string {
		m := field.FindStringSubmatch(g)
		links = append(links, `<a href="`+html.EscapeString(m[1])+`">`+html.EscapeString(plain(m[2], false))+`</a>`)
		return mark
	})
	s = plain(s, true)
	for _, l := range links {
		s = strings.Replace(s, mark, l, 1)
	}
	return s
}

// plain takes the control words out of RTF.
func plain(s string, escape bool) string {
	if !anyLetter.MatchString(s) && !strings.ContainsAny(s, `{}\`) {
		return s
	}
	s = control.ReplaceAllStringFunc(s, func(w string) string {
		m := control.FindStringSubmatch(w)
		switch {
		case m[1] != "":
			var n int
			_, _ = fmt.Sscanf(m[1], "%x", &n)
			return string(rune(n))
		case m[2] != "":
			var n int
			_, _ = fmt.Sscanf(m[2], "%d", &n)
			return string(rune(uint16(n)))
		case m[3] == "par" || m[3] == "line" || m[3] == "tab":
			return " "
		case m[4] == "{" || m[4] == "}" || m[4] == `\`:
			return m[4]
		}
		return ""
	})
	if escape {
		s = html.EscapeString(s)
	}
	return s
}
