package app

import (
	"longwatch/internal/asn"
	"longwatch/internal/casefolder"
)

// networkSources are the sources of t as a case tells them.
func networkSources(t *asn.Table) []casefolder.NetworkSource {
	var out []casefolder.NetworkSource
	for _, s := range t.Sources() {
		out = append(out, casefolder.NetworkSource(s))
	}
	return out
}
