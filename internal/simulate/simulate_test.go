package simulate_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"longwatch/internal/simulate"
	"longwatch/internal/simulate/truth"
)

// write makes an exercise and returns its folder.
func write(t *testing.T, profile string, seed uint64) (string, *simulate.Truth) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "exercise")
	truth, err := simulate.Write(profile, dir, seed, simulate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return dir, truth
}

// digest is the hash of every file below dir by relative path.
func digest(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	sums := map[string][32]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		sums[filepath.ToSlash(name)] = sha256.Sum256(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

func TestSameSeedSameBytes(t *testing.T) {
	t.Parallel()
	a, truth := write(t, "op-512", 3)
	b, _ := write(t, "op-512", 3)
	x, y := digest(t, a), digest(t, b)
	if len(x) != len(y) || len(x) != len(truth.Files)+1 {
		t.Fatalf("%d and %d files, truth names %d", len(x), len(y), len(truth.Files))
	}
	for name, sum := range x {
		if y[name] != sum {
			t.Errorf("%s differs", name)
		}
	}
	c, _ := write(t, "op-512", 4)
	for name, sum := range digest(t, c) {
		if x[name] == sum && !strings.HasSuffix(name, ".config") && !strings.Contains(name, "/Content/") && !strings.Contains(name, "/Scripts/") {
			t.Errorf("%s is the same for another seed", name)
		}
	}
}

func TestTruthIsComplete(t *testing.T) {
	t.Parallel()
	dir, sheet := write(t, "all", 11)
	if len(sheet.Campaigns) != 4 || len(sheet.Sites) != 4 {
		t.Fatalf("%d campaigns at %d sites", len(sheet.Campaigns), len(sheet.Sites))
	}
	for _, c := range sheet.Campaigns {
		if c.Entry == "" || len(c.Steps) < 6 || len(c.Hosts) == 0 || len(c.Remote) == 0 {
			t.Errorf("%s: thin account: %+v", c.Profile, c)
		}
		if !slices.IsSortedFunc(c.Steps, func(a, b truth.Step) int { return a.Time.Compare(b.Time) }) {
			t.Errorf("%s: steps are not in order", c.Profile)
		}
		for _, s := range c.Steps {
			if len(s.Dossier) == 0 || len(s.Files) == 0 {
				t.Errorf("%s: step %q names no dossier entry or no file", c.Profile, s.What)
			}
			for _, f := range s.Files {
				if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(f))); err != nil {
					t.Errorf("%s: step %q: %v", c.Profile, s.What, err)
				}
			}
		}
	}
	var read simulate.Truth
	b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil || json.Unmarshal(b, &read) != nil || len(read.Files) != len(sheet.Files) {
		t.Errorf("truth.json: %v", err)
	}
}

// The markers come from the dossiers; an ordinary day has none of them.
func TestQuietDayIsQuiet(t *testing.T) {
	t.Parallel()
	dir, truth := write(t, "quiet-day", 5)
	if len(truth.Campaigns) != 0 {
		t.Fatal("a quiet day has a campaign")
	}
	var plain, wide [][]byte
	for _, m := range []string{"ntdsutil", "portproxy", "comsvcs", "LogFileCleared", "vssadmin", "hcgos", "lhlsjcb", "mega.nz", "userstorage", "pic1.png", "DiaoYu", "msedgeupdate", "swsecret", "gost", "iox", "frpc", "RSACryptoServiceProvider",
		"python-requests/2.33", "ronf.exe", "Lock.lic", "CommandLineEventConsumer", "1131f6aa", "uploadplugin", "whoami", `a1=384`, "system.admin"} {
		plain = append(plain, []byte(m))
		var w []byte
		for _, c := range []byte(m) {
			w = append(w, c, 0)
		}
		wide = append(wide, w)
	}
	for _, name := range truth.Files {
		markers := plain
		if strings.HasSuffix(name, ".evtx") {
			markers = wide
		}
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range markers {
			if len(m) < 8 && !strings.Contains(name, "/logs/") {
				continue // too short to mean anything in random bytes
			}
			if bytes.Contains(b, m) {
				t.Errorf("%s contains %q", name, m)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	if _, err := simulate.Write("nobody", t.TempDir(), 1, simulate.Options{}); !errors.Is(err, simulate.ErrProfile) {
		t.Errorf("unknown profile: %v", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := simulate.Write("quiet-day", dir, 1, simulate.Options{}); !errors.Is(err, simulate.ErrNotEmpty) {
		t.Errorf("full folder: %v", err)
	}
}

func TestStartIsKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "x")
	start := time.Date(2025, 10, 6, 0, 0, 0, 0, time.UTC)
	truth, err := simulate.Write("th12", dir, 1, simulate.Options{Start: start, Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	if d := truth.Start.Sub(start); d < -14*time.Hour || d > 14*time.Hour || truth.End.Sub(truth.Start) != 24*time.Hour {
		t.Errorf("from %v to %v", truth.Start, truth.End)
	}
}

// Every IPv4 header and TCP or UDP segment sums to zero (RFC 1071).
func TestChecksums(t *testing.T) {
	t.Parallel()
	dir, truth := write(t, "volt-typhoon", 2)
	b, err := os.ReadFile(filepath.Join(dir, truth.Sites[0].Folder, "network", "sensor-1.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	sum := func(parts ...[]byte) uint16 {
		var v uint32
		for _, p := range parts {
			for i := 0; i+1 < len(p); i += 2 {
				v += uint32(p[i])<<8 | uint32(p[i+1])
			}
			if len(p)%2 == 1 {
				v += uint32(p[len(p)-1]) << 8
			}
		}
		for v>>16 != 0 {
			v = v&0xffff + v>>16
		}
		return uint16(v)
	}
	frames, last := 0, uint64(0)
	for at := 24; at < len(b); frames++ {
		h := b[at:]
		now := uint64(binary.LittleEndian.Uint32(h))*1e6 + uint64(binary.LittleEndian.Uint32(h[4:]))
		if now < last {
			t.Fatalf("frame %d goes back in time", frames)
		}
		last = now
		n := int(binary.LittleEndian.Uint32(h[8:]))
		frame := h[16 : 16+n]
		at += 16 + n
		if frame[12] != 8 || frame[13] != 0 {
			continue
		}
		ip := frame[14:]
		total := int(binary.BigEndian.Uint16(ip[2:]))
		body := ip[20:total]
		pseudo := append(append([]byte{}, ip[12:20]...), 0, ip[9], byte(len(body)>>8), byte(len(body)))
		if ip[9] == 1 {
			pseudo = nil
		}
		if sum(ip[:20]) != 0xffff || sum(pseudo, body) != 0xffff {
			t.Fatalf("frame %d: bad checksum", frames)
		}
	}
	if frames < 10000 {
		t.Errorf("only %d frames", frames)
	}
}

// An independent dissector finds nothing wrong with the packets.
func TestPacketsAreWellFormed(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	t.Parallel()
	dir, truth := write(t, "op-512", 9)
	path := filepath.Join(dir, truth.Sites[0].Folder, "network", "sensor-1.pcap")
	filter := `(_ws.malformed || _ws.expert.severity == "Error" || tcp.analysis.lost_segment || tcp.analysis.out_of_order || tcp.analysis.ack_lost_segment || (tcp.analysis.retransmission && tcp.flags.syn == 0)) && !(http.request.uri contains ".ashx")`
	out, err := exec.Command("tshark", "-r", path, "-Y", filter).Output()
	if err != nil {
		t.Fatal(err)
	}
	if len(out) > 0 {
		t.Errorf("tshark complains:\n%.2000s", out)
	}
}

// What truth.json says of where the evidence is can be checked: a line, record or
// frame that it names is the intruder's, and in a file that it does not name for
// an intruder his address is not to be found.
func TestEvidenceIsWhereTheTruthSays(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "x")
	sheet, err := simulate.Write("op-512+tgr-sta-1030", dir, 4, simulate.Options{Small: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(sheet.Campaigns) != 2 || len(sheet.Sites) != 1 {
		t.Fatalf("%d campaigns at %d sites", len(sheet.Campaigns), len(sheet.Sites))
	}
	for i, c := range sheet.Campaigns {
		log, address := "/logs/iis/", c.Remote[0]
		if i == 1 {
			log = "/logs/nginx/"
		}
		checked := 0
		for _, file := range sheet.Files {
			if !strings.Contains(file, log) {
				continue
			}
			b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
			if err != nil {
				t.Fatal(err)
			}
			mine := positions(t, c.Evidence[file])
			for n, line := range strings.Split(string(b), "\n") {
				if !strings.Contains(line, address) {
					continue
				}
				checked++
				if !mine[n+1] {
					t.Errorf("%s:%d is of %s, and the truth does not say so: %s", file, n+1, c.Profile, line)
				}
			}
		}
		if checked == 0 && i == 0 {
			t.Errorf("%s: no line of %s", c.Profile, address)
		}
	}
}

// positions expands "5-8,11".
func positions(t *testing.T, list string) map[int]bool {
	t.Helper()
	out := map[int]bool{}
	for part := range strings.SplitSeq(list, ",") {
		if part == "" {
			continue
		}
		var a, b int
		if n, _ := fmt.Sscanf(part, "%d-%d", &a, &b); n < 2 {
			b = a
		}
		for ; a <= b; a++ {
			out[a] = true
		}
	}
	return out
}

func TestPartialEvidence(t *testing.T) {
	t.Parallel()
	write := func(o simulate.Options) (string, *simulate.Truth) {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "x")
		o.Small = true
		sheet, err := simulate.Write("volt-typhoon", dir, 2, o)
		if err != nil {
			t.Fatal(err)
		}
		return dir, sheet
	}
	_, all := write(simulate.Options{})
	under := func(files []string, folder string) int {
		n := 0
		for _, f := range files {
			if strings.Contains(f, "/"+folder+"/") {
				n++
			}
		}
		return n
	}
	gone := func(sheet *simulate.Truth) (n int) {
		for _, s := range sheet.Campaigns[0].Steps {
			if s.Gone {
				n++
			}
		}
		return n
	}
	if gone(all) != 0 || len(all.Left) != 0 {
		t.Errorf("complete evidence: %d steps gone, left out %q", gone(all), all.Left)
	}
	_, x := write(simulate.Options{Drop: []simulate.Kind{simulate.Captures}})
	if under(x.Files, "network") != 0 || under(x.Left, "network") != 1 || under(x.Files, "hosts") != under(all.Files, "hosts") {
		t.Errorf("without captures: %q, left out %q", x.Files, x.Left)
	}
	_, x = write(simulate.Options{Drop: []simulate.Kind{simulate.Half}})
	if n, of := under(x.Files, "hosts"), under(all.Files, "hosts"); n == 0 || n > 3*of/4 || n < of/4 {
		t.Errorf("%d of %d logs of hosts, want about half", n, of)
	}
	_, x = write(simulate.Options{Keep: []simulate.Kind{simulate.Edge}})
	if len(x.Files) != 1 || gone(x) == 0 || x.Campaigns[0].Steps[0].Gone && x.Campaigns[0].Steps[1].Gone {
		t.Errorf("only the edge: %q, %d steps gone", x.Files, gone(x))
	}
	_, x = write(simulate.Options{Drop: []simulate.Kind{simulate.Entry}})
	for _, s := range x.Campaigns[0].Steps {
		if s.Entry && !s.Gone {
			t.Errorf("the way in is still there: %s in %q", s.What, s.Files)
		}
	}
	dir, x := write(simulate.Options{From: 67})
	if x.Since == nil || x.Since.Before(x.Start) || len(digest(t, dir)) == 0 {
		t.Errorf("the last third begins %v", x.Since)
	}
	b, err := os.ReadFile(filepath.Join(dir, x.Sites[0].Folder, "network", "sensor-1.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	if first := time.Unix(int64(binary.LittleEndian.Uint32(b[24:])), 0); first.Before(x.Since.Truncate(time.Second)) || first.After(x.End) {
		t.Errorf("the capture begins %v, want from %v", first, x.Since)
	}
	if n := gone(x); n == 0 || n == len(x.Campaigns[0].Steps) {
		t.Errorf("%d of %d steps are gone with two thirds of the time", n, len(x.Campaigns[0].Steps))
	}
}

// An unknown actor who poses leaves the published signs, and the truth says that
// they are false; without the option there are none.
func TestFalseFlag(t *testing.T) {
	t.Parallel()
	for _, posed := range []string{"", "op-512"} {
		dir := filepath.Join(t.TempDir(), "x"+posed)
		sheet, err := simulate.Write("unknown-actor", dir, 6, simulate.Options{Small: true, FalseFlag: posed})
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(dir, sheet.Sites[0].Folder, "network", "sensor-1.pcap"))
		if err != nil {
			t.Fatal(err)
		}
		c := sheet.Campaigns[0]
		if c.Posed != posed || bytes.Contains(b, []byte("hcgos")) != (posed != "") {
			t.Errorf("posing as %q: the truth says %q, published domain there: %v", posed, c.Posed, bytes.Contains(b, []byte("hcgos")))
		}
	}
	if _, err := simulate.Write("th12", t.TempDir(), 1, simulate.Options{FalseFlag: "th12"}); !errors.Is(err, simulate.ErrOption) {
		t.Errorf("no sign of th12 is published: %v", err)
	}
}

// Sources of a place with wrong clocks tell other times, by as much as the truth
// says, and the machines of each place are seen by its own sensor.
func TestClocksAreWrongAsTold(t *testing.T) {
	t.Parallel()
	read := func(o simulate.Options) (string, *simulate.Truth) {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "x")
		o.Small, o.Sites = true, 2
		sheet, err := simulate.Write("th12", dir, 8, o)
		if err != nil {
			t.Fatal(err)
		}
		return dir, sheet
	}
	right, a := read(simulate.Options{})
	wrong, b := read(simulate.Options{Skew: simulate.Hours})
	if len(a.Clocks) != 0 || len(b.Clocks) < 5 {
		t.Fatalf("%d and %d wrong clocks", len(a.Clocks), len(b.Clocks))
	}
	// The first frame of a sensor: seconds and microseconds at offset 24.
	first := func(dir, file string) float64 {
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		return float64(binary.LittleEndian.Uint32(b[24:])) + float64(binary.LittleEndian.Uint32(b[28:]))/1e6
	}
	sensors := 0
	for _, c := range b.Clocks {
		if !strings.HasSuffix(c.Source, ".pcap") {
			continue
		}
		sensors++
		if d := first(wrong, c.Source) - first(right, c.Source) - c.Ahead; d < -0.001 || d > 0.001 {
			t.Errorf("%s is told to be %v s ahead and is %v more", c.Source, c.Ahead, d)
		}
	}
	if sensors != 2 {
		t.Errorf("%d sensors with a wrong clock, want 2", sensors)
	}
}

// Months stay small, and whoever comes back does so after the act.
func TestMonthsOfPresence(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "x")
	sheet, err := simulate.Write("op-512", dir, 3, simulate.Options{Days: 100, Returns: 4})
	if err != nil {
		t.Fatal(err)
	}
	c := sheet.Campaigns[0]
	if d := c.End.Sub(sheet.Start); d < 40*24*time.Hour || c.End.After(sheet.End) {
		t.Errorf("from %v to %v in an exercise from %v to %v", c.Start, c.End, sheet.Start, sheet.End)
	}
	var size int64
	for _, f := range sheet.Files {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(f)))
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if size > 80<<20 {
		t.Errorf("a hundred days take %d MB", size>>20)
	}
}
