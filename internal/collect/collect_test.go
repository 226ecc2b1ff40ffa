package collect

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"longwatch/internal/evidence"
)

// seen is what a walk handed over: path to content, and what it left out.
type seen struct {
	mu      sync.Mutex
	files   map[string]string
	broken  map[string]error // read errors
	skipped map[string]string
	lost    []string
	bytes   int64
}

func (s *seen) File(_ context.Context, f *evidence.File) {
	rc, err := f.Open()
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(rc, 1<<16))
	more, merr := io.Copy(io.Discard, rc)
	_ = rc.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += n + more
	if err == nil {
		err = merr
	}
	if err != nil {
		s.broken[f.Path] = err
	}
	if f.Name != filepath.Base(f.Path) && !strings.HasSuffix(f.Path, f.Name) {
		panic("name " + f.Name + " is not the end of " + f.Path)
	}
	s.files[f.Path] = b.String()
}

func (s *seen) Skipped(path, why string, _ int64, lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skipped[path] = why
	if lost {
		s.lost = append(s.lost, path)
	}
}

// walk walks paths with small limits and returns what was seen, with dir cut
// off the paths.
func walk(t testing.TB, w *Walker, dir string, paths ...string) *seen {
	t.Helper()
	s := &seen{files: map[string]string{}, broken: map[string]error{}, skipped: map[string]string{}}
	if w.Spool == "" {
		w.Spool = filepath.Join(t.TempDir(), "spool")
	}
	if err := w.Walk(context.Background(), paths, s, nil); err != nil {
		t.Fatal(err)
	}
	cut := func(p string) string {
		return strings.TrimPrefix(strings.TrimPrefix(p, dir), string(filepath.Separator))
	}
	for _, m := range []*map[string]string{&s.files, &s.skipped} {
		out := map[string]string{}
		for k, v := range *m {
			out[cut(k)] = v
		}
		*m = out
	}
	broken := map[string]error{}
	for k, v := range s.broken {
		broken[cut(k)] = v
	}
	s.broken = broken
	for i := range s.lost {
		s.lost[i] = cut(s.lost[i])
	}
	slices.Sort(s.lost)
	if left, _ := os.ReadDir(w.Spool); len(left) > 0 {
		t.Errorf("%d files were left in the spool", len(left))
	}
	return s
}

func put(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

var stamp = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func zipOf(t testing.TB, members ...string) []byte { // name, content, name, content ...
	t.Helper()
	var b bytes.Buffer
	zw := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := zw.CreateHeader(&zip.FileHeader{Name: members[i], Method: zip.Deflate, Modified: stamp})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, members[i+1])
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		if err := tw.WriteHeader(&tar.Header{Name: members[i], Mode: 0o600, Size: int64(len(members[i+1])), ModTime: stamp, Format: tar.FormatPAX}); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(tw, members[i+1])
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func squeeze(t testing.TB, data []byte, open func(io.Writer) (io.WriteCloser, error)) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := open(&b)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gz(t testing.TB, data []byte) []byte {
	return squeeze(t, data, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
}

func zst(t testing.TB, data []byte) []byte {
	return squeeze(t, data, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) })
}

func xzip(t testing.TB, data []byte) []byte {
	return squeeze(t, data, func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) })
}

// bz2 is "hello\n" by bzip2 1.0.8; the standard library cannot write it.
var bz2 = []byte("BZh91AY&SY\xc1\xc0\x80\xe2\x00\x00\x01A\x00\x00\x10\x02D\xa0\x000\xcd\x00\xc3F)\x97\x17rE8P\x90\xc1\xc0\x80\xe2")

// TestArchives: files are found in archives within archives of every kind, and
// each container is itself handed over.
func TestArchives(t *testing.T) {
	dir := t.TempDir()
	inner := zipOf(t, "deep/access.log", "from the depth", "two.bz2", string(bz2))
	put(t, filepath.Join(dir, "a.log"), []byte("plain"))
	put(t, filepath.Join(dir, "b.tgz"), gz(t, tarOf(t, "x/inner.zip", string(inner), "y.txt", "why")))
	put(t, filepath.Join(dir, "c.log.xz"), xzip(t, []byte("by xz")))
	put(t, filepath.Join(dir, "d.zst"), zst(t, gz(t, []byte("twice"))))
	put(t, filepath.Join(dir, "e.zip"), zipOf(t, "back\\slash\\f.txt", "windows", "empty/", ""))
	s := walk(t, &Walker{Limits: DefaultLimits, Jobs: 2}, dir, dir)
	want := map[string]string{
		"a.log":                   "plain",
		"b.tgz!b.tar!y.txt":       "why",
		"b.tgz!b.tar!x/inner.zip": string(inner),
		"b.tgz!b.tar!x/inner.zip!deep/access.log": "from the depth",
		"b.tgz!b.tar!x/inner.zip!two.bz2!two":     "hello\n",
		"c.log.xz!c.log":                          "by xz",
		"d.zst!d!d":                               "twice",
		"e.zip!back/slash/f.txt":                  "windows",
	}
	for name := range s.files {
		if _, container := want[name]; !container && !strings.Contains(name, "!") {
			delete(s.files, name) // the containers on disk
		}
	}
	if diff := cmp.Diff(want, s.files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if len(s.skipped) > 0 || len(s.broken) > 0 {
		t.Errorf("skipped %v, broken %v", s.skipped, s.broken)
	}
}

// TestTree: links, special files, a folder within and the same file named
// twice; a link that the user names is followed.
func TestTree(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "real", "one.log"), []byte("1"))
	if err := os.Mkdir(filepath.Join(dir, "none"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "real", "loop")); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	_ = os.Symlink(filepath.Join(dir, "real"), filepath.Join(dir, "named"))
	s := walk(t, &Walker{Limits: DefaultLimits}, dir, filepath.Join(dir, "real"), filepath.Join(dir, "real", "one.log"), filepath.Join(dir, "none"))
	if diff := cmp.Diff(map[string]string{"real/one.log": "1"}, s.files); diff != "" {
		t.Error(diff)
	}
	if why := s.skipped["real/loop"]; !strings.Contains(why, "symbolic link") || len(s.lost) > 0 {
		t.Errorf("the loop: %q; lost %v", why, s.lost)
	}
	s = walk(t, &Walker{Limits: DefaultLimits}, dir, filepath.Join(dir, "named"))
	if diff := cmp.Diff(map[string]string{"named/one.log": "1"}, s.files); diff != "" {
		t.Errorf("a folder named through a link: %s", diff)
	}
	s = walk(t, &Walker{Limits: DefaultLimits, Leave: filepath.Join(dir, "named")}, dir, dir)
	if len(s.files) != 0 || s.skipped["real"] == "" {
		t.Errorf("our own output was read: %v", s.files)
	}
}

// TestUnreadable: what cannot be opened is said to be lost.
func TestUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "closed.log"), []byte("x"))
	_ = os.Chmod(filepath.Join(dir, "closed.log"), 0)
	_ = os.Mkdir(filepath.Join(dir, "shut"), 0)
	s := walk(t, &Walker{Limits: DefaultLimits}, dir, dir)
	if diff := cmp.Diff([]string{"closed.log", "shut"}, s.lost); diff != "" {
		t.Error(diff)
	}
}

func TestMissingPath(t *testing.T) {
	w := &Walker{Limits: DefaultLimits}
	err := w.Walk(context.Background(), []string{"no/such/place"}, &seen{}, nil)
	if err == nil || !strings.Contains(err.Error(), `"no/such/place"`) {
		t.Errorf("error %v", err)
	}
}

// TestHostileNames: a member's name is shown, never used to write: the walk
// creates no file at all.
func TestHostileNames(t *testing.T) {
	dir := t.TempDir()
	names := []string{"../../up", "/etc/passwd", "..\\..\\up", "C:\\Windows\\x", "a\x1b[31m\n\x00b", "\u202egnp.exe", "bad\xff", "", ".", "nul"}
	var members []string
	for i, n := range names {
		members = append(members, n, fmt.Sprint(i))
	}
	evil := zipOf(t, members...)
	put(t, filepath.Join(dir, "evil.zip"), evil)
	put(t, filepath.Join(dir, "evil.tar"), tarOf(t, "../../up", "0", "/abs", "1"))
	before := tree(t, dir)
	s := walk(t, &Walker{Limits: DefaultLimits}, dir, dir)
	if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
		t.Errorf("the walk changed the folder: %s", diff)
	}
	for i, n := range []string{"../../up", "/etc/passwd"} {
		if s.files["evil.zip!"+n] == "" {
			t.Errorf("member %d (%q) was not handed over", i, n)
		}
	}
	if s.files["evil.tar!../../up"] != "0" || s.files["evil.tar!/abs"] != "1" {
		t.Errorf("members of the tar file: %q", s.files)
	}
}

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		out[p] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var small = Limits{Depth: 3, Ratio: 20, Free: 1 << 20, Total: 64 << 20, Member: 100}

// TestBombs: whatever the trick, output is bounded and the user is told.
func TestBombs(t *testing.T) {
	zeros := strings.Repeat("\x00", 4<<20)
	var many, crowd []string
	for i := range 60 {
		many = append(many, fmt.Sprint("m", i), zeros[:1<<19]) // each below what is free
	}
	for i := range 200 {
		crowd = append(crowd, fmt.Sprint("c", i), "x")
	}
	deep := []byte("core")
	for range 8 {
		deep = gz(t, deep)
	}
	lying := zipOf(t, "z", zeros)
	at := bytes.Index(lying, []byte("PK\x01\x02")) // central directory: claim that the member is 4 GB packed
	copy(lying[at+20:], []byte{0xf0, 0xff, 0xff, 0xff})
	tests := []struct {
		name, file string
		data       []byte
		why        string
	}{
		{"one member", "a.zip", zipOf(t, "z", zeros), "bomb"},
		{"many members", "b.zip", zipOf(t, many...), "bomb"},
		{"gzip", "c.gz", gz(t, []byte(zeros)), "bomb"},
		{"tar in xz", "d.tar.xz", xzip(t, tarOf(t, "z", zeros)), "bomb"},
		{"zstd in zip", "e.zip", zipOf(t, "z.zst", string(zst(t, []byte(zeros)))), "bomb"},
		{"deep", "f.gz", deep, "more than 3 deep"},
		{"crowd", "g.zip", zipOf(t, crowd...), "more than 100 members"},
		{"lying about its size", "h.zip", lying, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, tt.file), tt.data)
			s := walk(t, &Walker{Limits: small}, dir, dir)
			if s.bytes > 3<<20 {
				t.Errorf("%d bytes came out", s.bytes)
			}
			said := fmt.Sprint(s.skipped, s.broken)
			if !strings.Contains(said, tt.why) || len(s.lost)+len(s.broken) == 0 {
				t.Errorf("said %s; lost %v", said, s.lost)
			}
		})
	}
}

// TestXZDictionary: a header that asks for 4 GiB of memory is refused. The
// dictionary size is the property byte of LZMA2 (xz file format, 5.3.1); the
// checksum of the header is set right, so only the size is at fault.
func TestXZDictionary(t *testing.T) {
	data := xzip(t, []byte("hello"))
	i := bytes.Index(data, []byte{0x21, 0x01})
	data[i+2] = 40
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.xz"), data)
	s := walk(t, &Walker{Limits: DefaultLimits}, dir, dir)
	if why := s.skipped["x.xz!"]; !strings.Contains(why, "dictionary of 4294967295 bytes") {
		t.Errorf("said %q", why)
	}
}

// TestDamaged: what comes before the damage is handed over, and the damage is told.
func TestDamaged(t *testing.T) {
	text := strings.Repeat("a line of a log, number one\n", 200)
	archive := tarOf(t, "first", text, "second", text)
	packed := gz(t, archive)
	flipped := slices.Clone(zipOf(t, "z", text))
	flipped[40] ^= 0xff
	for _, tt := range []struct {
		name, file string
		data       []byte
		intact     string
	}{
		{"tar cut", "a.tar", archive[:len(text)+2000], "a.tar!first"},
		{"gzip cut", "b.gz", packed[:len(packed)-9], ""},
		{"zip cut", "c.zip", zipOf(t, "z", text)[:60], "c.zip"},
		{"zip damaged", "d.zip", flipped, ""},
		{"zstd damaged", "e.zst", append(zst(t, []byte(text))[:20], 0xff, 0xff, 0xff, 0xff), ""},
		{"xz damaged", "f.xz", xzip(t, []byte(text))[:40], ""},
		{"gzip head only", "g.gz", []byte{0x1f, 0x8b, 8}, "g.gz"},
		{"7-Zip", "h.7z", []byte("7z\xbc\xaf\x27\x1c rest"), "h.7z"},
		{"RAR within zip", "i.zip", zipOf(t, "j.rar", "Rar!\x1a\x07\x01\x00rest"), "i.zip!j.rar"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, tt.file), tt.data)
			s := walk(t, &Walker{Limits: DefaultLimits}, dir, dir)
			if len(s.lost)+len(s.broken) == 0 {
				t.Errorf("nothing was said; skipped %v", s.skipped)
			}
			if _, ok := s.files[tt.intact]; !ok && tt.intact != "" {
				t.Errorf("%s was not handed over", tt.intact)
			}
			if s.broken[tt.intact] != nil {
				t.Errorf("%s is broken: %v", tt.intact, s.broken[tt.intact])
			}
		})
	}
}

// TestEncrypted: a member that cannot be read is named.
func TestEncrypted(t *testing.T) {
	data := zipOf(t, "secret.doc", "text")
	at := bytes.Index(data, []byte("PK\x01\x02"))
	data[at+8] |= 1 // general purpose flag, bit 0 (APPNOTE 4.4.4)
	dir := t.TempDir()
	put(t, filepath.Join(dir, "s.zip"), data)
	s := walk(t, &Walker{Limits: DefaultLimits}, dir, dir)
	if why := s.skipped["s.zip!secret.doc"]; !strings.Contains(why, "encrypted") || len(s.lost) != 1 {
		t.Errorf("said %q, lost %v", why, s.lost)
	}
}

// FuzzExpand: no archive makes the walk panic, write outside its spool or
// hand over more than the limits allow.
func FuzzExpand(f *testing.F) {
	for _, b := range [][]byte{zipOf(f, "a", "b"), tarOf(f, "a", "b"), gz(f, []byte("x")), zst(f, []byte("x")), xzip(f, []byte("x")), bz2, gz(f, zipOf(f, "x", string(tarOf(f, "q", "r"))))} {
		f.Add(b)
	}
	limits := Limits{Depth: 3, Ratio: 20, Free: 1 << 16, Total: 1 << 20, Member: 50}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &seen{files: map[string]string{}, broken: map[string]error{}, skipped: map[string]string{}}
		kind := containerOf(data)
		if kind == notContainer {
			return
		}
		w := &Walker{Limits: limits, Spool: "/nonexistent"}
		b := &budget{limits: limits, input: int64(len(data))}
		r := bytes.NewReader(data)
		w.expand(context.Background(), s, kind, &evidence.File{Path: "f", Name: "f", Size: int64(len(data))}, r, r, b, 1)
		if s.bytes > 4*(1<<20) {
			t.Errorf("%d bytes out of %d", s.bytes, len(data))
		}
	})
}
