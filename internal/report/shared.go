package report

import (
	"html/template"
	"io"

	"longwatch/internal/finding"
)

// Style is the style sheet of the report, for other pages that shall look like it.
func Style() template.CSS { return template.CSS(style) } //nolint:gosec // our own file, embedded

// Visible writes to w with every character that acts without being seen replaced
// by its number, as the pages of the report have it.
func Visible(w io.Writer) io.Writer { return &visible{w: w} }

// Clean makes text from evidence safe for a terminal: at most most characters.
func Clean(s string, most int) string { return clean(s, most) }

// Wrap breaks text at 96 columns and indents what follows.
func Wrap(s string, indent int) string { return wrap(s, indent) }

// Paint colours text for w, if w is a terminal that wants it.
type Paint struct{ p paint }

// NewPaint looks at w.
func NewPaint(w io.Writer) Paint { return Paint{newPaint(w)} }

// Bold is s, heavier.
func (p Paint) Bold(s string) string { return p.p.bold(s) }

// Soft is s, paler.
func (p Paint) Soft(s string) string { return p.p.soft(s) }

// Severity is the name of a severity in its colour, eight columns wide.
func (p Paint) Severity(s finding.Severity) string { return p.p.severity(s) }
