package winpath

import "testing"

func TestPath(t *testing.T) {
	tests := []struct{ in, dir, base, ext string }{
		{`C:\Windows\System32\CMD.exe`, `c:\windows\system32`, "cmd.exe", ".exe"},
		{`\\fs1\share/a.b/c`, `\\fs1\share\a.b`, "c", ""},
		{"x.TXT", "", "x.txt", ".txt"},
		{"", "", "", ""},
	}
	for _, tt := range tests {
		if Dir(tt.in) != tt.dir || Base(tt.in) != tt.base || Ext(tt.in) != tt.ext {
			t.Errorf("%q: %q %q %q", tt.in, Dir(tt.in), Base(tt.in), Ext(tt.in))
		}
	}
}
