package app

import (
	"longwatch/internal/casefolder"
	"longwatch/internal/record"
)

// spans are the first and the last record of each file of evidence.
func spans(cf *casefolder.Case) map[string]record.Span {
	out := make(map[string]record.Span, len(cf.Evidence))
	for i := range cf.Evidence {
		e := &cf.Evidence[i]
		start, err1 := record.ParseTime(e.Start)
		end, err2 := record.ParseTime(e.End)
		if err1 == nil && err2 == nil {
			out[e.Path] = record.Span{Start: start, End: end}
		}
	}
	return out
}
