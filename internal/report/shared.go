package report

import (
	"html/template"
	"io"
)

// Style is the style sheet of the report, for other pages that shall look like it.
func Style() template.CSS { return template.CSS(style) } //nolint:gosec // our own file, embedded

// Visible writes to w with every character that acts without being seen replaced
// by its number, as the pages of the report have it.
func Visible(w io.Writer) io.Writer { return &visible{w: w} }
