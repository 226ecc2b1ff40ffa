package train

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"strings"
)

//go:embed *.tmpl
var templates embed.FS

var (
	//go:embed train.css
	style string
	//go:embed drill.js
	script string
)

// policy lets the page run its own script and nothing else, and reach nobody.
func policy(withScript bool) string {
	p := "default-src 'none'; base-uri 'none'; form-action 'none'; style-src '" + hashOf(style) + "'"
	if withScript {
		p += "; script-src '" + hashOf(script) + "'; require-trusted-types-for 'script'; trusted-types 'none'"
	}
	return p
}

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

var pages = template.Must(template.New("drill.html.tmpl").Funcs(template.FuncMap{
	"css":        func() template.CSS { return template.CSS(style) }, //nolint:gosec // our own file, embedded
	"js":         func() template.JS { return template.JS(script) },  //nolint:gosec // our own file, embedded
	"policy":     policy,
	"add":        func(a, b int) int { return a + b },
	"paragraphs": paragraphs,
}).ParseFS(templates, "drill.html.tmpl"))

// paragraphs splits pieces at empty lines.
func paragraphs(pieces []Piece) [][]Piece {
	out := [][]Piece{nil}
	for _, p := range pieces {
		for n, part := range strings.Split(p.Text, "\n\n") {
			if n > 0 {
				out = append(out, nil)
			}
			if part != "" {
				out[len(out)-1] = append(out[len(out)-1], Piece{Text: part, Sign: p.Sign})
			}
		}
	}
	return out
}

// P is a text of the item as pieces.
func (s Shown) P(text string) []Piece {
	return s.facts.pieces(strings.TrimSpace(text), s.number)
}

// outcome is what the page tells of an item after it is judged.
type outcome struct {
	Attack bool    `json:"attack"`
	Title  string  `json:"title"`
	Own    bool    `json:"own"`
	Why    []Piece `json:"why"`
	Signs  []says  `json:"signs"`
	Do     []Piece `json:"do"`
	Tell   []Piece `json:"tell"`
}

// says is one sign.
type says struct {
	Says []Piece `json:"says"`
}

// turned is what each byte of an answer is combined with.
const turned = 0x5a

// Told is the answer, in a form in which nobody reads it at a glance when the
// page's source is shown: JSON, each byte turned, in base64. It is no secret;
// who wants to cheat writes a program, and learns nothing.
func (s Shown) Told() (string, error) {
	t := outcome{Attack: s.Attack, Title: s.Title, Own: s.Own, Why: s.P(s.Why), Do: s.P(s.Do), Tell: s.P(s.Tell), Signs: []says{}}
	for _, sign := range s.Signs {
		t.Signs = append(t.Signs, says{s.P(sign.Says)})
	}
	b, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	for i := range b {
		b[i] ^= turned
	}
	return base64.StdEncoding.EncodeToString(b), nil
}

// Kind is what the item is called before it is judged.
func (s Shown) Kind() string { return frames[s.Frame] }

// Hidden tells whether there is more for who looks closer.
func (s Shown) Hidden() bool {
	for _, h := range s.Head {
		if h.Full != "" {
			return true
		}
	}
	return len(s.Links) > 0 || len(s.Files) > 0
}

// Minutes is how long the drill takes, roughly.
func (d *Drill) Minutes() int { return max(5, len(d.Items)) }

// Heading is what the page is called.
func (d *Drill) Heading() string {
	if d.Own > 0 {
		return "Could it happen to you? It happened here."
	}
	return "Would you have noticed?"
}

// WritePage writes the drill as one page that needs nothing else.
func (d *Drill) WritePage(w io.Writer) error {
	return pages.ExecuteTemplate(w, "drill.html.tmpl", d)
}
