package dnsselfreport

import (
	"testing"

	"longwatch/internal/detect/detecttest"
)

func TestDetector(t *testing.T) { detecttest.Run(t, Detector) }

func FuzzDecode(f *testing.F) {
	f.Add("a.2f612e61737078.c.example.com")
	f.Add("2f7570732f782e61736878.example.com")
	f.Fuzz(func(t *testing.T, name string) {
		r, ok := decode(name)
		if !ok {
			return
		}
		if r.zone == "" || len(r.text) < 4 || len(r.text) > len(name)/2 {
			t.Fatalf("decode(%q) = %+v: more text than the labels hold, or no zone", name, r)
		}
	})
}
