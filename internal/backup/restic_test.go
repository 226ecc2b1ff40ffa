package backup

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// repository is a real one, made by restic, with two snapshots.
func repository(t *testing.T) string {
	t.Helper()
	restic, err := exec.LookPath("restic")
	if err != nil {
		t.Skip("no restic here: apt-get install restic")
	}
	tr := plant(t)
	repo := filepath.Join(filepath.Dir(tr.dir), "repo")
	run := func(args ...string) {
		cmd := exec.CommandContext(t.Context(), restic, append([]string{"-r", repo, "--no-cache"}, args...)...)
		cmd.Env = append(os.Environ(), "RESTIC_PASSWORD=correct horse", "HOME="+t.TempDir())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("restic %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	run("init")
	for i := range 30 {
		tr.write(filepath.Join("d", string(rune('a'+i))), tr.noise(100_000), written)
	}
	run("backup", tr.dir, "--host", "fs01", "--time", "2026-03-01 01:00:00")
	tr.write("d/new", tr.noise(50_000), monday)
	run("backup", tr.dir, "--host", "fs01", "--time", "2026-03-02 01:00:00")
	return repo
}

func largest(t *testing.T, repo, below string) string {
	t.Helper()
	var path string
	var size int64
	err := filepath.Walk(filepath.Join(repo, below), func(p string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() && info.Size() > size {
			path, size = p, info.Size()
		}
		return err
	})
	if err != nil || path == "" {
		t.Fatal(below, err)
	}
	return path
}

func flip(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func damages(r *Repository) []string {
	var out []string
	for _, d := range r.Damage {
		out = append(out, string(d.Verdict)+" "+d.Path)
	}
	slices.Sort(out)
	return out
}

func TestRestic(t *testing.T) {
	repo := repository(t)
	r, err := CheckRestic(t.Context(), repo, []byte("correct horse"), CheckOptions{Jobs: 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Damage) > 0 || len(r.Snapshots) != 2 || !r.Opened {
		t.Fatalf("a whole repository: %q, snapshots %+v", damages(r), r.Snapshots)
	}
	if s := r.Snapshots[1]; s.Host != "fs01" || s.Time.Local().Format(time.DateTime) != "2026-03-02 01:00:00" || !slices.ContainsFunc(s.Paths, func(p string) bool { return strings.HasSuffix(p, "/copy") }) {
		t.Errorf("the second snapshot is %+v", s)
	}
	if _, err := CheckRestic(t.Context(), repo, []byte("wrong"), CheckOptions{}); err == nil || !strings.Contains(err.Error(), "opens no key") {
		t.Errorf("a wrong password: %v", err)
	}

	pack := largest(t, repo, "data")
	rel, err := filepath.Rel(repo, pack)
	if err != nil {
		t.Fatal(err)
	}
	flip(t, pack)
	r, err = CheckRestic(t.Context(), repo, nil, CheckOptions{})
	if err != nil || !slices.Equal(damages(r), []string{"changed " + filepath.ToSlash(rel)}) {
		t.Errorf("a flipped byte, without the password: %q %v", damages(r), err)
	}
	if err := os.Remove(pack); err != nil {
		t.Fatal(err)
	}
	if r, err = CheckRestic(t.Context(), repo, nil, CheckOptions{}); err != nil || len(r.Damage) > 0 || r.Opened {
		t.Errorf("what is gone cannot be told without the password: %q %v", damages(r), err)
	}
	r, err = CheckRestic(t.Context(), repo, []byte("correct horse"), CheckOptions{})
	if err != nil || !slices.Contains(damages(r), "missing "+filepath.ToSlash(rel)) {
		t.Errorf("a pack that is gone: %q %v", damages(r), err)
	}
}

// TestResticDamagedLists: snapshots, indexes, keys and config that were altered
// are named, the rest is still read.
func TestResticDamagedLists(t *testing.T) {
	repo := repository(t)
	flip(t, largest(t, repo, "snapshots"))
	flip(t, filepath.Join(repo, "config"))
	r, err := CheckRestic(t.Context(), repo, []byte("correct horse"), CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := damages(r)
	if len(got) != 2 || got[0] != "changed config" || !strings.HasPrefix(got[1], "changed snapshots/") || len(r.Snapshots) != 1 {
		t.Errorf("%q, snapshots %+v", got, r.Snapshots)
	}
}

// TestKeyWork: restic measures the machine that makes a key and lets it work
// for half a second within 60 MB, so that p grows with the machine: 1 to 7 have
// been seen. Such a key is tried, one that asks for minutes is named instead.
func TestKeyWork(t *testing.T) {
	key := `{"kdf":"scrypt","N":%d,"r":8,"p":%d,"salt":"AAAA","data":"` + strings.Repeat("A", 80) + `"}`
	for _, p := range []int{1, 7, 32} {
		if _, err := openKey(fmt.Appendf(nil, key, 1<<15, p), []byte("password")); !errors.Is(err, errCipher) {
			t.Errorf("p %d: %v, want it tried and not opened", p, err)
		}
	}
	for _, np := range [][2]int{{1 << 15, 1000}, {1 << 30, 1}, {1 << 15, 0}} {
		if _, err := openKey(fmt.Appendf(nil, key, np[0], np[1]), []byte("password")); err == nil || errors.Is(err, errCipher) {
			t.Errorf("N %d, p %d: %v, want it refused with its numbers", np[0], np[1], err)
		}
	}
}

// FuzzOpenKey: a key file that somebody wrote opens nothing and asks for little.
func FuzzOpenKey(f *testing.F) {
	f.Add([]byte(`{"kdf":"scrypt","N":2,"r":1,"p":1,"salt":"AAAA","data":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="}`))
	f.Add([]byte(`{"kdf":"scrypt","N":1048576,"r":64,"p":4}`))
	f.Add([]byte(`{"kdf":"scrypt","N":4611686018427387904,"r":4,"p":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= 4096 {
			return
		}
		if _, err := openKey(b, []byte("password")); err == nil {
			t.Error("a key opened that nobody locked")
		}
	})
}
