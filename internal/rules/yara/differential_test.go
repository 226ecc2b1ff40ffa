package yara

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// samples are files that the rules of testdata/differential are about.
func samples(t *testing.T) map[string][]byte {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 200_000)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	prose := []byte("head of a file with a needle in a haystack, needless NEEDLE Needle, an unneedled one.\n" +
		"color colour abc ac abbbc ababc x1y x22yyy 192.168.10.1 mail me@host.org a b-c\n" +
		"aaabbcd aaabbbccd abcefg abdeabcefg a{b} ]y[ xya http://example.org/path $5 tab\there\\ AB\"\n" +
		"d41d8cd98f00b204e9800998ecf8427e 12 34 56 " + strings.Repeat("12.", 40) + "34" + strings.Repeat(".", 250) + "56 q Zz xyz tail")
	wide := []byte(widen("a needle and a NEEDLE, haystack needless q"))
	secret := func(key byte, s string) []byte {
		b := []byte(s)
		for i := range b {
			b[i] ^= key
		}
		return b
	}
	hidden := slices.Concat([]byte("--"), secret(0x15, "secretkey"), []byte{0}, secret(66, "secretkey"), []byte("  "), secret(7, widen("secretkey")), secret(0x5a, "This program cannot"))
	var encoded []byte
	for _, lead := range [...]string{"", "x", "xy"} {
		b := base64.StdEncoding.EncodeToString([]byte(lead + "This program cannot be run; needle"))
		encoded = append(append(encoded, b...), ' ')
		encoded = append(append(encoded, widen(b)...), ' ')
		b = base64.StdEncoding.EncodeToString([]byte(lead + widen("a needle")))
		encoded = append(append(encoded, b...), ' ')
	}
	odd := alphabet("!@#$%^&*(){}[].,|ABCDEFGHIJ\tLMNOPQRSTUVWXYZabcdefghijklmnopqrstu")
	encoded = append(encoded, odd.EncodeToString([]byte("zThis program cannot"))...)
	return map[string][]byte{
		"empty": nil, "one": []byte("a"), "short": []byte("needle"), "prose": prose, "wide": wide, "shifted": append([]byte("x"), wide...),
		"random": random, "hidden": hidden, "base64": encoded, "zeros": make([]byte, 5000), "letters": bytes.Repeat([]byte("a"), 3000),
		"mixed": slices.Concat(random[:3000], prose, wide, hidden, prose, encoded), "pe": windowsProgram(), "dll": windowsLibrary(),
		"far": slices.Concat([]byte("need"), bytes.Repeat([]byte("\n."), 120), []byte("haystack"), prose),
		"elf": ownProgram(t), "truncated": windowsProgram()[:700], "cut": ownProgram(t)[:5000],
	}
}

// ownProgram is some program of Linux: this test.
func ownProgram(t *testing.T) []byte {
	t.Helper()
	for _, name := range [...]string{"/bin/true", "/bin/cat"} {
		if b, err := os.ReadFile(name); err == nil && bytes.HasPrefix(b, []byte("\x7fELF")) {
			return b
		}
	}
	return make([]byte, 5000)
}

// windowsProgram is a program of two sections with imports by name and number.
func windowsProgram() []byte {
	b := make([]byte, 0x800)
	put16 := func(at int, v uint16) { binary.LittleEndian.PutUint16(b[at:], v) }
	put32 := func(at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }
	put64 := func(at int, v uint64) { binary.LittleEndian.PutUint64(b[at:], v) }
	copy(b, "MZ")
	put32(0x3c, 0x80)
	copy(b[0x80:], "PE\x00\x00")
	put16(0x84, 0x8664)
	put16(0x86, 2)
	put32(0x88, 0x5f000000)
	put16(0x94, 240)
	put16(0x96, 0x22)
	const opt = 0x98
	put16(opt, 0x20b)
	b[opt+2] = 14
	put32(opt+16, 0x1000)
	put64(opt+24, 0x140000000)
	put32(opt+32, 0x1000)
	put32(opt+36, 0x200)
	put32(opt+56, 0x3000)
	put32(opt+60, 0x400)
	put16(opt+68, 3)
	put32(opt+108, 16)
	put32(opt+112+8, 0x2000) // imports
	put32(opt+112+12, 60)
	section := func(i int, name string, va, raw uint32) {
		at := opt + 240 + 40*i
		copy(b[at:], name)
		put32(at+8, 0x200)
		put32(at+12, va)
		put32(at+16, 0x200)
		put32(at+20, raw)
		put32(at+36, 0x60000020)
	}
	section(0, ".text", 0x1000, 0x400)
	section(1, ".data", 0x2000, 0x600)
	copy(b[0x400:], "\x55\x48\x89\xe5\xc3")
	data := func(rva uint32) int { return int(rva) - 0x2000 + 0x600 }
	put32(data(0x2000), 0x2060) // descriptors
	put32(data(0x200c), 0x2100)
	put32(data(0x2010), 0x2060)
	put32(data(0x2014), 0x2080)
	put32(data(0x2020), 0x2110)
	put32(data(0x2024), 0x2080)
	put64(data(0x2060), 0x2120)
	put64(data(0x2068), 0x2130)
	put64(data(0x2080), 1<<63|115)
	copy(b[data(0x2100):], "KERNEL32.dll")
	copy(b[data(0x2110):], "WS2_32.dll")
	copy(b[data(0x2122):], "ExitProcess")
	copy(b[data(0x2132):], "LoadLibraryA")
	return append(b, "overlay of 16 by"...)
}

// windowsLibrary is the same for 32 bits, as a library.
func windowsLibrary() []byte {
	b := windowsProgram()
	binary.LittleEndian.PutUint16(b[0x96:], 0x2022)
	return b[:0x800]
}

// finds are what a scanner says of a file: "rule" or "rule $string offset length".
type finds []string

var findLine = regexp.MustCompile(`^0x([0-9a-f]+):(\d+):(\$\w*): `)

// TestDifferential compares with yara itself: the same rules must match, with
// the same strings at the same places.
func TestDifferential(t *testing.T) {
	tool, err := exec.LookPath("yara")
	if err != nil {
		t.Skip("yara is not installed: nothing to compare with")
	}
	if out, err := exec.Command(tool, "--version").Output(); err != nil || !strings.HasPrefix(string(out), "4.2") {
		t.Skipf("yara is %s, not 4.2", bytes.TrimSpace(out))
	}
	dir := t.TempDir()
	all := samples(t)
	for name, data := range all {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob("testdata/differential/*.yar")
	if err != nil || len(files) == 0 {
		t.Fatal("no rules: ", err)
	}
	rules, refused := Compile(Options{Externals: externalsOfTest}, os.DirFS("testdata/differential"))
	for _, r := range refused {
		t.Error(r)
	}
	scanner := rules.Scanner()
	scanner.AllFinds = true
	for _, file := range files {
		for name, data := range all {
			path := filepath.Join(dir, name)
			got := ours(scanner.Scan(Input{Data: data, Path: path, Time: 1e9}), filepath.Base(file))
			if want := theirs(t, tool, file, path); !slices.Equal(got, want) {
				t.Errorf("%s on %s:\n%s", file, name, differences(got, want))
			}
		}
	}
}

var externalsOfTest = map[string]any{"filename": "x", "extension": "x"}

// theirs scans one file: over many, yara keeps the entry point of the one before.
func theirs(t *testing.T, tool, rules, path string) (all finds) {
	t.Helper()
	out, err := exec.Command(tool, "-w", "-s", "-L", "-p", "1", "-d", "filename=x", "-d", "extension=x", rules, path).Output()
	if err != nil {
		t.Fatalf("yara %s: %v", rules, err)
	}
	rule := ""
	for line := range strings.Lines(string(out)) {
		if m := findLine.FindStringSubmatch(line); m != nil {
			off, _ := strconv.ParseInt(m[1], 16, 64)
			all = append(all, fmt.Sprintf("%s %s %d %s", rule, m[3], off, m[2]))
		} else if r, p, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " "); ok && p == path {
			rule = r
			all = append(all, rule)
		}
	}
	slices.Sort(all)
	return all
}

// shown is the most that yara shows of one find.
const shown = 512

// ours are the matches of one file of rules. What it includes yara tells with
// it, and we once, wherever it is included.
func ours(r Result, file string) (out finds) {
	for _, m := range r.Matches {
		if m.Rule.Namespace != file && (file != "including.yar" || m.Rule.File != "included/base.yar") {
			continue
		}
		out = append(out, m.Rule.Name)
		for _, s := range m.Strings {
			for _, f := range s.Finds {
				out = append(out, fmt.Sprintf("%s %s %d %d", m.Rule.Name, s.String.Name, f.Offset, min(f.Length, shown)))
			}
		}
	}
	slices.Sort(out)
	return out
}

// differences lists at most so many of the lines that only one has.
func differences(got, want finds) string {
	var b strings.Builder
	n := 0
	for _, side := range [...]struct {
		name string
		a, b finds
	}{{"only ours:   ", got, want}, {"only theirs: ", want, got}} {
		for _, f := range side.a {
			if _, ok := slices.BinarySearchFunc(side.b, f, cmp.Compare[string]); !ok && n < 12 {
				n++
				b.WriteString(side.name + f + "\n")
			}
		}
	}
	return b.String()
}
