// Package hexname reads look-ups whose labels are hexadecimal text that names a
// page: how the OP-512 framework says where it lies (ReliaQuest, 5 June 2026).
//
//	r, ok := hexname.Decode("a.2f612e61737078.c.example.com")
//	r.Text // /a.aspx
package hexname

import (
	"encoding/hex"
	"strings"
)

const (
	leastGeneric = 16 // hexadecimal digits below which a label may be anything
	printable    = 95 // percent
)

// Report is what a name says when its labels are read as hexadecimal text.
type Report struct {
	Text   string
	Zone   string // where the look-up goes
	Framed bool   // a.<hex>.c.<zone>, the form of OP-512
}

// Page is the path of a page in the text, without host and query; empty when
// there is none.
func (r Report) Page() string {
	text := r.Text
	if _, rest, ok := strings.Cut(text, "://"); ok {
		text = rest
		if i := strings.IndexByte(text, '/'); i >= 0 {
			text = text[i:]
		}
	}
	text, _, _ = strings.Cut(text, "?")
	if i := strings.IndexAny(text, `/\`); i < 0 {
		return ""
	}
	return text
}

// Decode reads name as a.<hex>…<hex>.c.<zone>, or as any run of hexadecimal
// labels of at least 16 digits before a zone. Sixteen random bytes decode to
// printable text once in 1.3e7 times, so hashes do not pass.
func Decode(name string) (Report, bool) {
	labels := strings.Split(strings.ToLower(strings.TrimSuffix(name, ".")), ".")
	if len(labels) < 3 {
		return Report{}, false
	}
	if labels[0] == "a" {
		for i := 2; i < len(labels)-1; i++ {
			if labels[i] != "c" {
				continue
			}
			if text, ok := text(labels[1:i]); ok && len(labels)-i-1 >= 2 && says(text) {
				return Report{text, strings.Join(labels[i+1:], "."), true}, true
			}
		}
	}
	n := 0
	for n < len(labels)-2 && isHex(labels[n]) {
		n++
	}
	joined := strings.Join(labels[:n], "")
	if len(joined) < leastGeneric {
		return Report{}, false
	}
	if text, ok := text(labels[:n]); ok && saysPath(text) {
		return Report{text, strings.Join(labels[n:], "."), false}, true
	}
	return Report{}, false
}

func isHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdef") == ""
}

// text decodes labels of even length together.
func text(labels []string) (string, bool) {
	for _, l := range labels {
		if !isHex(l) || len(l)%2 != 0 {
			return "", false
		}
	}
	b, err := hex.DecodeString(strings.Join(labels, ""))
	if err != nil || len(b) == 0 {
		return "", false
	}
	good := 0
	for _, c := range b {
		if c >= 0x20 && c < 0x7f {
			good++
		}
	}
	return string(b), good*100 >= printable*len(b)
}

// says tells whether text names a page or an address, as a self-report does.
func says(text string) bool {
	t := strings.ToLower(text)
	return len(t) >= 4 && (strings.Contains(t, "/") || strings.Contains(t, ".as") || strings.Contains(t, "http"))
}

// saysPath is stricter: a separator and a page's extension.
func saysPath(text string) bool {
	t := strings.ToLower(text)
	return strings.ContainsAny(t, `/\`) && (strings.Contains(t, ".as") || strings.Contains(t, ".php") || strings.Contains(t, ".jsp") || strings.Contains(t, "http"))
}
