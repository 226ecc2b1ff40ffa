package train

import (
	"maps"
	"regexp"
	"strings"
)

// facts are what stands for the words in braces.
type facts map[string]string

// common are the facts that every item may use, until a case or the command
// line knows better.
var common = facts{
	"org":     "Example Office",
	"own":     "office.example",         // the own domain
	"outside": "office-service.example", // one that looks like it
	"tell":    "the service desk or the security team, by telephone",
	"host":    "host-1",
	"account": "account-1",
	"target":  "host-2", // to which something was done
	"peer":    "203.0.113.77",
	"date":    "Tuesday 10 March",
	"time":    "10:42",
	"you":     "You",
}

var (
	factPattern = regexp.MustCompile(`\{([a-z_]+)\}`)
	markPattern = regexp.MustCompile(`\[\[([a-z0-9-]+)\|([^\[\]]+)\]\]`)
)

// defaults are the facts of a campaign's folder under those of one item.
func (l *Library) defaults(campaign string, own map[string]string) facts {
	out := maps.Clone(common)
	maps.Copy(out, l.facts[campaign])
	maps.Copy(out, own)
	return out
}

// compose are the same when a source knows better. Facts of an item may speak of
// those of the campaign and of the source.
func (l *Library) compose(campaign string, own map[string]string, known facts) facts {
	base := l.defaults(campaign, nil).over(known)
	out := maps.Clone(base)
	for name, text := range own {
		out[name] = base.fill(text)
	}
	return out
}

// place are the facts that must be the same in all items of a drill: those that
// the source does not know are those of its campaign.
func (l *Library) place(s *Source) facts {
	of := l.defaults(Everyday, nil)
	if l.facts[s.Campaign] != nil {
		of = l.defaults(s.Campaign, nil)
	}
	out := facts{"org": of["org"], "own": of["own"], "outside": of["outside"]}
	return out.over(s.Known)
}

// over is f with what known says put over it.
func (f facts) over(known facts) facts {
	out := maps.Clone(f)
	maps.Copy(out, known)
	return out
}

// fill puts facts for words in braces and makes every address inert.
func (f facts) fill(text string) string {
	return inert(factPattern.ReplaceAllStringFunc(text, func(word string) string {
		return f[word[1:len(word)-1]]
	}))
}

var (
	scheme  = regexp.MustCompile(`(?i)\b(h)tt(ps?)://`)
	ourHost = regexp.MustCompile(`(?i)\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.example\b`)
	ourAddr = regexp.MustCompile(`\b(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}\b`)
)

// inert writes the addresses of our own texts so that no program takes them for
// one: hxxps://, [.]. What comes from a case was made so by quiet before.
func inert(text string) string {
	text = scheme.ReplaceAllString(text, "${1}xx$2://")
	text = ourHost.ReplaceAllStringFunc(text, defang)
	return ourAddr.ReplaceAllStringFunc(text, defang)
}

func defang(host string) string { return strings.ReplaceAll(host, ".", "[.]") }

// Piece is a stretch of text; Sign is the number of the sign that it is, or 0.
type Piece struct {
	Text string `json:"text"`
	Sign int    `json:"sign,omitempty"`
}

// pieces cuts a text at its marks, then fills in the facts: what a case says
// can make no mark. number gives a sign's number.
func (f facts) pieces(text string, number map[string]int) []Piece {
	var out []Piece
	at := 0
	add := func(s string, sign int) {
		if s = f.fill(s); s != "" {
			out = append(out, Piece{Text: s, Sign: sign})
		}
	}
	for _, m := range markPattern.FindAllStringSubmatchIndex(text, -1) {
		add(text[at:m[0]], 0)
		add(text[m[4]:m[5]], number[text[m[2]:m[3]]])
		at = m[1]
	}
	add(text[at:], 0)
	return out
}
