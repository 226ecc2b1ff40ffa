package http

import "testing"

// TestDigestHalf: half of an MD5 has many different digits; a body of one
// letter, which is hexadecimal and Base64 too, has not.
func TestDigestHalf(t *testing.T) {
	for s, want := range map[string]bool{
		"11CD6A8758984163": true, "8E37AC826A2A04BC": true,
		"AAAAAAAAAAAAAAAA": false, "ABABABABABABABAB": false, "11cd6a8758984163": false, "11CD6A875898416G": false,
	} {
		if got := digestHalf([]byte(s)); got != want {
			t.Errorf("%s: %v", s, got)
		}
	}
}
