package beacon

import (
	"testing"

	"longwatch/internal/detect/detecttest"
)

func TestDetector(t *testing.T) { detecttest.Run(t, Detector) }
