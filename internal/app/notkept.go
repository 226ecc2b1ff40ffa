package app

import (
	"fmt"

	"longwatch/internal/casefolder"
)

// notKept is what detectors forgot or did not keep so that memory stays bounded.
func (h *hunt) notKept() []casefolder.Coverage {
	var out []casefolder.Coverage
	for _, f := range h.engine.Forgotten() {
		out = append(out, casefolder.Coverage{
			Name: "detector " + f.Detector, Why: fmt.Sprintf("%d %s were given up to bound memory; a larger --memory, or less evidence at once, follows more", f.N, f.What),
		})
	}
	if n := h.engine.Dropped(); n > 0 {
		out = append(out, casefolder.Coverage{
			Name: "findings not kept", Why: fmt.Sprintf("detectors made %d findings beyond what is kept of each; narrow the time with --since and --until to see them", n),
		})
	}
	return out
}
