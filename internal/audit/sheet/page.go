package sheet

import (
	"bytes"
	_ "embed"
	"html/template"
	"io"
	"unicode"
	"unicode/utf8"
)

//go:embed page.html.tmpl
var pageText string

//go:embed page.css
var pageStyle string

// pageRows is how many lines of a section the page tells.
const pageRows = 400

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"clip":  visible,
	"style": func() template.CSS { return template.CSS(pageStyle) }, // #nosec G203 -- our own file
	"most":  func() int { return pageRows },
	"sub":   func(a, b int) int { return a - b },
}).Parse(pageText))

// HTML writes the sheet as one page.
func (s *Sheet) HTML(w io.Writer) error {
	var b bytes.Buffer
	if err := page.Execute(&b, s); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// visible is text of which no sign hides or turns the others. The template
// escapes it.
func visible(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if len(out) == longest {
			return string(append(out, '…'))
		}
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			r = '\uFFFD'
		}
		out = append(out, r)
	}
	return string(out)
}
