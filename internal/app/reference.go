package app

import (
	"cmp"
	"maps"
	"slices"

	"longwatch/internal/detect"
	"longwatch/internal/evidence"
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Parts is what this binary is made of, for the reference pages.
type Parts struct {
	Protocols []proto.Spec
	Formats   []evidence.Format
	Detectors []detect.Spec
	Records   []*record.Type // by name
}

// Reference lists the parts. The slices are copies.
func Reference() Parts {
	return Parts{
		Protocols: slices.Clone(protocols),
		Formats:   slices.Clone(formats),
		Detectors: slices.Clone(detectors),
		Records: slices.SortedFunc(maps.Values(recordTypes()), func(a, b *record.Type) int {
			return cmp.Compare(a.Name, b.Name)
		}),
	}
}
