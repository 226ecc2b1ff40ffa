// Package winevent x.
package winevent

import (
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Normalize x.
func Normalize(e *host.Event) []record.Record { return nil }
