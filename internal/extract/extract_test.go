package extract

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeep(t *testing.T) {
	dir := filepath.Join(t.TempDir(), Dir)
	f := New(dir, Options{PerFile: 200 << 10, Total: 1 << 20})
	p := f.Part(1)
	data := bytes.Repeat([]byte("0123456789abcdef"), 10<<10) // 160 KiB
	for range 2 {                                            // the same content is kept once
		x := p.Begin("application/x-dosexec")
		for rest := data; len(rest) > 0; rest = rest[min(1460, len(rest)):] {
			x.Write(rest[:min(1460, len(rest))])
		}
		sum := sha256.Sum256(data)
		if name, size, cut := x.Close(); name != hex.EncodeToString(sum[:])+".application-x-dosexec" || size != uint64(len(data)) || cut {
			t.Errorf("kept as %q, %d bytes, cut %v", name, size, cut)
		}
	}
	long := p.Begin("")
	long.Write(make([]byte, 300<<10))
	if name, size, cut := long.Close(); !strings.HasSuffix(name, ".unknown") || size != 200<<10 || !cut {
		t.Errorf("a long file is kept as %q, %d bytes, cut %v", name, size, cut)
	}
	empty := p.Begin("text/plain")
	if name, _, cut := empty.Close(); name != "" || cut {
		t.Errorf("an empty file is kept as %q", name)
	}
	unfinished := p.Begin("text/plain")
	unfinished.Write(make([]byte, 2*maxBuffer))
	kept, err := f.Close()
	if err != nil || len(kept) != 2 {
		t.Fatalf("kept %+v, %v", kept, err)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 3 {
		t.Errorf("%d files, want two and the warning", len(entries))
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s has mode %v", e.Name(), info.Mode())
		}
	}
	for _, k := range kept {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(dir), filepath.FromSlash(k.File)))
		sum := sha256.Sum256(b)
		if err != nil || k.SHA256 != hex.EncodeToString(sum[:]) || k.Size != int64(len(b)) || !Ours(k.File) {
			t.Errorf("%+v does not hold what it says: %v", k, err)
		}
	}
}

// TestTotal: every part has its share, whoever comes first.
func TestTotal(t *testing.T) {
	f := New(t.TempDir(), Options{PerFile: 100, Total: 40})
	a, b := f.Part(2), f.Part(2)
	for _, p := range []*Part{a, b} {
		x := p.Begin("")
		x.Write(make([]byte, 30))
		if _, size, cut := x.Close(); size != 20 || !cut {
			t.Errorf("%d bytes kept of a share of 20, cut %v", size, cut)
		}
		y := p.Begin("")
		y.Write([]byte("more"))
		if name, _, cut := y.Close(); name != "" || !cut {
			t.Errorf("%q is kept beyond the share", name)
		}
	}
}

func TestTypes(t *testing.T) {
	all, some := New("", Options{}), New("", Options{Types: []string{"image/*", "application/zip"}})
	tests := []struct {
		mime      string
		all, some bool
	}{
		{"image/png", true, true},
		{"application/zip", true, true},
		{"application/x-dosexec", true, false},
		{"", true, false},
		{"application/x-x509-user-cert", false, false},
	}
	for _, tt := range tests {
		if all.wants(tt.mime) != tt.all || some.wants(tt.mime) != tt.some {
			t.Errorf("%q: %v and %v", tt.mime, all.wants(tt.mime), some.wants(tt.mime))
		}
	}
}

func TestNothingWanted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), Dir)
	f := New(dir, Options{PerFile: 1, Total: 1})
	if kept, err := f.Close(); len(kept) > 0 || err != nil {
		t.Errorf("%v, %v", kept, err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder is made although nothing is in it")
	}
}

func TestCannotWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := New(dir, Options{PerFile: 100, Total: 100})
	x := f.Part(1).Begin("")
	x.Write([]byte("x"))
	if name, _, cut := x.Close(); name != "" || !cut {
		t.Errorf("kept as %q where nothing can be written", name)
	}
	if _, err := f.Close(); err == nil {
		t.Error("nobody says that nothing could be written")
	}
}

func TestOurs(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	for file, want := range map[string]bool{
		"extracted/" + sum + ".text-plain":         true,
		"extracted/" + sum:                         false,
		"extracted/" + sum + "./../../etc/passwd":  false,
		"extracted/" + sum + `.\x`:                 false,
		"../extracted/" + sum + ".text-plain":      false,
		"extracted/README.txt":                     false,
		"extracted/../" + sum[:40] + ".text-plain": false,
	} {
		if Ours(file) != want {
			t.Errorf("Ours(%q) = %v", file, !want)
		}
	}
}

func FuzzSuffix(f *testing.F) {
	f.Add("text/../../x")
	f.Fuzz(func(t *testing.T, mime string) {
		s := suffix(mime)
		if s == "" || len(s) > maxSuffix || strings.ContainsAny(s, "./\\:\x00") {
			t.Errorf("%q makes the suffix %q", mime, s)
		}
	})
}
