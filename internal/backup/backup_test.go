package backup

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"longwatch/internal/signing"
)

// TestMerkleKnown: the tree hashes that Certificate Transparency's reference
// tests have for these leaves (RFC 6962).
func TestMerkleKnown(t *testing.T) {
	leaves := []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	roots := []string{
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	var m merkle
	for i, leaf := range leaves {
		b, err := hex.DecodeString(leaf)
		if err != nil {
			t.Fatal(err)
		}
		m.add(b)
		if got := hex.EncodeToString(m.root()); got != roots[i] {
			t.Errorf("of %d leaves: %s, want %s", i+1, got, roots[i])
		}
	}
}

var (
	monday  = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	written = monday.Add(-48 * time.Hour)
)

// tree is a folder to seal, with a key.
type tree struct {
	t   *testing.T
	dir string
	key ed25519.PrivateKey
	r   *rand.ChaCha8
}

func plant(t *testing.T) *tree {
	t.Helper()
	top := t.TempDir()
	tr := &tree{t: t, dir: filepath.Join(top, "copy"), r: rand.NewChaCha8([32]byte{1})}
	if err := signing.Generate(filepath.Join(top, "key")); err != nil {
		t.Fatal(err)
	}
	key, err := signing.Private(filepath.Join(top, "key"))
	if err != nil {
		t.Fatal(err)
	}
	tr.key = key
	return tr
}

func (tr *tree) write(name string, b []byte, at time.Time) {
	tr.t.Helper()
	path := filepath.Join(tr.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		tr.t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		tr.t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *tree) noise(n int) []byte {
	b := make([]byte, n)
	_, _ = tr.r.Read(b)
	return b
}

func (tr *tree) seal(name string, o Options) string {
	tr.t.Helper()
	out := filepath.Join(filepath.Dir(tr.dir), name)
	o.Key, o.Now = tr.key, func() time.Time { return monday }
	if _, err := Seal(tr.t.Context(), tr.dir, out, o); err != nil {
		tr.t.Fatal(err)
	}
	return out
}

// check lists what Verify finds as "verdict path (was)".
func (tr *tree) check(seal string) ([]string, *Report) {
	tr.t.Helper()
	var got []string
	rep, err := Verify(tr.t.Context(), seal, tr.dir, CheckOptions{Now: func() time.Time { return monday.Add(time.Hour) }}, func(d *Damage) error {
		line := string(d.Verdict) + " " + d.Path
		if d.Was != "" {
			line += " (" + d.Was + ")"
		}
		got = append(got, line)
		if d.Why == "" {
			tr.t.Errorf("%s: no reason", line)
		}
		return nil
	})
	if err != nil {
		tr.t.Fatal(err)
	}
	slices.Sort(got)
	return got, rep
}

func text(n int) []byte {
	return bytes.Repeat([]byte("the quick brown fox jumps over the lazy dog\n"), n/44+1)[:n]
}

func pdf(n int) []byte { return append([]byte("%PDF-1.7\n%âãÏÓ\n"), text(n)...) }

// TestEveryKindOfDamage: each thing that can happen to a copy is named as what it is.
func TestEveryKindOfDamage(t *testing.T) {
	tr := plant(t)
	gone, zip := tr.noise(3000), append([]byte("PK\x03\x04\x14\x00\x06\x00"), tr.noise(60000)...)
	for name, b := range map[string][]byte{
		"a/same.txt": text(500), "a/changed.txt": text(900), "a/cut.bin": tr.noise(9000), "a/touched.txt": text(100), "a/old-time.txt": text(300),
		"docs/plan.pdf": pdf(80_000), "docs/locked.pdf": pdf(80_000), "docs/head.pdf": pdf(900_000), "docs/like.pdf": pdf(9000), "docs/packed.pdf": pdf(9000), "docs/office.zip": zip, "db/rows.raw": text(700_000),
		"gone.bin": gone, "moved/from.bin": tr.noise(4000), "empty": nil, "a.b": text(10), "a-b/c": text(20),
	} {
		tr.write(name, b, written)
	}
	if err := os.Symlink("same.txt", filepath.Join(tr.dir, "a", "link")); err != nil {
		t.Fatal(err)
	}
	seal := tr.seal("monday.seal", Options{Jobs: 3})
	if got, rep := tr.check(seal); len(got) > 0 || rep.Whole != 17 || rep.Bad() {
		t.Fatalf("at once after sealing: %q, %d whole", got, rep.Whole)
	}

	later := monday.Add(30 * time.Minute)
	tr.write("a/changed.txt", text(905), later)
	tr.write("a/cut.bin", tr.noise(100), later)
	tr.write("a/touched.txt", text(100), later)
	tr.write("a/old-time.txt", text(310), written)
	tr.write("docs/plan.pdf", tr.noise(80_500), written) // in place, the old time kept
	tr.write("docs/locked.pdf.crypted", tr.noise(80_300), later)
	head := pdf(900_000)
	copy(head, tr.noise(4096)) // the beginning only
	tr.write("docs/head.pdf", head, later)
	tr.write("docs/office.zip", append(tr.noise(8), zip[8:]...), later)
	tr.write("docs/like.pdf", append([]byte("MZ"), tr.noise(8998)...), written) // by chance, the head of a program
	tr.write("docs/packed.pdf", zip[:12000], later)
	tr.write("db/rows.raw", tr.noise(700_000), later)
	tr.write("new.txt", text(50), later)
	tr.write("planted.aspx", text(70), written)
	for _, name := range []string{"docs/locked.pdf", "gone.bin", "a/link"} {
		if err := os.Remove(filepath.Join(tr.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(filepath.Join(tr.dir, "moved/from.bin"), filepath.Join(tr.dir, "moved/to.bin")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(tr.dir, "a", "link")); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"added new.txt", "back-dated a/old-time.txt", "back-dated planted.aspx", "changed a/changed.txt", "changed docs/packed.pdf",
		"encrypted db/rows.raw", "encrypted docs/head.pdf", "encrypted docs/like.pdf", "encrypted docs/locked.pdf.crypted (docs/locked.pdf)", "encrypted docs/office.zip", "encrypted docs/plan.pdf",
		"missing gone.bin", "renamed moved/to.bin (moved/from.bin)", "repointed a/link", "touched a/touched.txt", "truncated a/cut.bin",
	}
	got, rep := tr.check(seal)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !rep.Bad() || rep.Whole != 5 {
		t.Errorf("%d whole, want 5: the same, the touched one, an empty one and two more", rep.Whole)
	}
}

// TestWholeTreeEncrypted: each file of folders that were encrypted under other
// names is named, and what is held meanwhile is that of one folder.
func TestWholeTreeEncrypted(t *testing.T) {
	tr := plant(t)
	const files = 600
	name := func(i int) string { return fmt.Sprintf("d%d/f%d.txt", i%7, i) }
	for i := range files {
		tr.write(name(i), text(9000), written)
	}
	seal := tr.seal("tree.seal", Options{})
	for i := range files {
		if err := os.Remove(filepath.Join(tr.dir, name(i))); err != nil {
			t.Fatal(err)
		}
		tr.write(name(i)+".locked", tr.noise(9000), written)
	}
	got, rep := tr.check(seal)
	if rep.Counts[Encrypted] != files || len(got) != files {
		t.Errorf("%v of %d", rep.Counts, files)
	}
}

// TestAnyJobs: the same tree gives the same seal, but for the signature's time.
func TestAnyJobs(t *testing.T) {
	tr := plant(t)
	for i := range 200 {
		tr.write(fmt.Sprintf("d%d/f%d", i%7, i), tr.noise(i*50), written)
	}
	a, b := tr.seal("a.seal", Options{Jobs: 1}), tr.seal("b.seal", Options{Jobs: 8})
	x, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x, y) {
		t.Error("one and eight jobs give different seals")
	}
}

// TestSealCannotBeAltered: whichever line of a seal is changed, removed, added
// or moved, and whoever signs the change, it is noticed.
func TestSealCannotBeAltered(t *testing.T) {
	tr := plant(t)
	for i := range 9 {
		tr.write(fmt.Sprintf("f%d", i), text(100+i), written)
	}
	seal := tr.seal("monday.seal", Options{})
	raw, err := os.ReadFile(seal)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(plain), "\n"), "\n")
	if len(lines) != 11 {
		t.Fatalf("%d lines", len(lines))
	}
	swapped := slices.Clone(lines)
	swapped[4], swapped[5] = swapped[5], swapped[4]
	forged := map[string][]string{
		"a file's hash": replaced(lines, 5, `"sha256":"`, `"sha256":"00`), "a file's size": replaced(lines, 3, `"size":`, `"size":1`), "the root": replaced(lines, 0, `"root":"`, `"root":"0`),
		"the time": replaced(lines, 0, "2026-03-02", "2026-03-05"), "a line removed": slices.Delete(slices.Clone(lines), 6, 7), "the last removed": lines[:10],
		"a line added": append(slices.Clone(lines), lines[10]), "two lines in turn": swapped, "no lines": lines[:2],
	}
	other := plant(t)
	other.write("f0", text(1), written)
	for name, l := range forged {
		if bytes.Equal(plain, []byte(strings.Join(l, "\n")+"\n")) {
			t.Fatalf("%s: nothing is changed", name)
		}
		path := filepath.Join(t.TempDir(), "forged.seal")
		writeSeal(t, path, l)
		if _, err := Verify(t.Context(), path, tr.dir, CheckOptions{Now: time.Now}, func(*Damage) error { return nil }); !errors.Is(err, signing.ErrForged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	stranger := other.key.Public().(ed25519.PublicKey) //nolint:forcetypeassert // it is one
	if _, err := Verify(t.Context(), seal, tr.dir, CheckOptions{Now: time.Now, Key: stranger}, func(*Damage) error { return nil }); !errors.Is(err, signing.ErrStranger) {
		t.Errorf("signed by another: %v", err)
	}
	for n := range raw {
		if n%7 != 0 {
			continue
		}
		path := filepath.Join(t.TempDir(), "cut.seal")
		if err := os.WriteFile(path, raw[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(t.Context(), path, tr.dir, CheckOptions{Now: time.Now}, func(*Damage) error { return nil }); err == nil {
			t.Errorf("cut after %d of %d bytes: no error", n, len(raw))
		}
	}
}

func replaced(lines []string, i int, old, by string) []string {
	out := slices.Clone(lines)
	out[i] = strings.Replace(out[i], old, by, 1)
	return out
}

func writeSeal(t *testing.T, path string, lines []string) {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, z.EncodeAll([]byte(strings.Join(lines, "\n")+"\n"), nil), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestNamesThatAreNotText: names are bytes, and odd ones are found again.
func TestNamesThatAreNotText(t *testing.T) {
	tr := plant(t)
	for _, name := range []string{"bad\xff\xfename", "new\nline", `quote"d`, "a\u202eb"} {
		tr.write(name, text(10), written)
	}
	seal := tr.seal("s.seal", Options{})
	if got, rep := tr.check(seal); len(got) > 0 || rep.Whole != 4 {
		t.Errorf("%q, %d whole", got, rep.Whole)
	}
	tr.write("bad\xff\xfename", text(11), monday.Add(time.Minute))
	if got, _ := tr.check(seal); !slices.Equal(got, []string{"changed bad\xff\xfename"}) {
		t.Errorf("%q", got)
	}
}

// TestChain: a seal names the one before it.
func TestChain(t *testing.T) {
	tr := plant(t)
	tr.write("f", text(10), written)
	first := tr.seal("1.seal", Options{Host: "fs01"})
	second := tr.seal("2.seal", Options{Previous: first})
	a, err := Open(first)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	b, err := Open(second)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	if b.Header.Previous != a.Header.Root || a.Header.Root == "" || a.Header.Host != "fs01" {
		t.Errorf("%+v follows %+v", b.Header, a.Header)
	}
}

// TestStopped: sealing that is stopped leaves nothing behind.
func TestStopped(t *testing.T) {
	tr := plant(t)
	for i := range 50 {
		tr.write(fmt.Sprint(i), text(10), written)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out := filepath.Join(filepath.Dir(tr.dir), "x.seal")
	if _, err := Seal(ctx, tr.dir, out, Options{Key: tr.key, Now: time.Now}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(out), "*seal*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %q %v", left, err)
	}
}

// FuzzReader: whatever a file holds, reading it ends, and only a list that fits
// its signed root is read to the end without an error.
func FuzzReader(f *testing.F) {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{
		"", "{}\n{}\n", `{"longwatch_seal":1,"root":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}` + "\n{}\n",
		`{"longwatch_seal":1,"files":1}` + "\n{}\n" + `{"path":"a","size":1}` + "\n",
	} {
		f.Add(z.EncodeAll([]byte(s), nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := newReader(bytes.NewReader(b))
		if err != nil {
			return
		}
		defer func() { _ = r.Close() }()
		var n int64
		for {
			_, err := r.Next()
			if err == nil {
				n++
				continue
			}
			if err == io.EOF && n != r.Header.Files { //nolint:errorlint // Next returns it bare
				t.Fatalf("%d lines read, the head says %d", n, r.Header.Files)
			}
			return
		}
	})
}
