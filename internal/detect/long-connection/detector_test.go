package longconnection

import (
	"testing"

	"longwatch/internal/asn"
	"longwatch/internal/detect"
	"longwatch/internal/detect/detecttest"
)

func TestDetector(t *testing.T) {
	s := Detector
	s.New = func(env detect.Env) detect.Detector {
		env.Networks = asn.New()
		return Detector.New(env)
	}
	detecttest.Run(t, s)
}
