package processviews

import (
	"testing"

	"longwatch/internal/evidence/evidencetest"
)

func TestFormat(t *testing.T) { evidencetest.Run(t, Format) }

func FuzzFormat(f *testing.F) { evidencetest.Fuzz(f, Format) }
