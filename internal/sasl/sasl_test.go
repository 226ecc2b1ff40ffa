package sasl

import "testing"

func TestIdentity(t *testing.T) {
	for _, c := range []struct {
		mechanism string
		step      int
		line      string
		want      string
	}{
		{"PLAIN", 1, "AHRpbQB0YW5zdGFhZg==", "tim"}, // RFC 4616 section 4
		{"PLAIN", 1, "dGlt", ""},
		{"CRAM-MD5", 1, "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", "tim"}, // RFC 2195 section 2
		{"LOGIN", 1, "dGlt", "tim"},
		{"LOGIN", 2, "c2VjcmV0", ""},
		{"SCRAM-SHA-1", 1, "biwsbj11c2Vy", ""},
		{"PLAIN", 1, "*", ""},
	} {
		if got := Identity(c.mechanism, c.step, []byte(c.line)); got != c.want {
			t.Errorf("%s %d %q: got %q, want %q", c.mechanism, c.step, c.line, got, c.want)
		}
	}
}
