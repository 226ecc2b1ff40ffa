// Command versions compares the versions of programs that package asset learns
// from captures with what tshark shows of the same captures: how many of the
// programs that name a version are there with it, and whether any version was
// made up.
//
//	go run ./bench/versions ../shared/corpora/zeek/traces ../shared/corpora/arkime/pcap
package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/app"
	"longwatch/internal/asset"
	"longwatch/internal/record"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "versions: name folders of captures")
		os.Exit(2)
	}
	wrong := 0
	for _, dir := range os.Args[1:] {
		t, err := compare(context.Background(), dir)
		if err != nil {
			fmt.Fprintln(os.Stderr, "versions:", err)
			os.Exit(1)
		}
		fmt.Printf("%s: %d of %d versions that tshark shows are learned, %d more stand in the bytes of the captures, %d called likely or sure are shown by nothing\n", dir, t.told-len(t.missed), t.told, t.bytes, len(t.invented))
		for _, m := range t.missed {
			fmt.Println("  missed  ", m)
		}
		for _, m := range t.invented {
			fmt.Println("  invented", m)
		}
		wrong += len(t.invented)
	}
	if wrong > 0 {
		os.Exit(1)
	}
}

type tally struct {
	told             int
	bytes            int // versions that stand in the capture's bytes where tshark shows none
	missed, invented []string
}

// said is one word of a host about a program.
type said struct {
	addr             netip.Addr
	what             string // server, client, ssh, mysql
	banner           string
	product, version string
}

// fields are what tshark is asked for, and who says it.
var fields = []struct {
	name   string
	sender bool // the sender says it of itself
}{{"http.server", true}, {"http.user_agent", true}, {"ssh.protocol", true}, {"mysql.version", true}}

var (
	product = regexp.MustCompile(`^([A-Za-z][\w.-]*)/(\d[\w.]*)`)
	ssh     = regexp.MustCompile(`^SSH-[\d.]+-([A-Za-z_]+)[_-](?:[Rr]elease_)?(\d[\w.]*)`)
	mysql   = regexp.MustCompile(`^(?:5\.5\.5-)?(\d+\.\d+\.\d+)`) // MariaDB puts 5.5.5- before its own
)

// peer asks tshark. Captures of the folder are read one by one; what it cannot
// read it says nothing of.
func peer(ctx context.Context, dir string) (out []said, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		args := []string{"-n", "-r", path, "-Y", "http.server or http.user_agent or ssh.protocol or mysql.version", "-T", "fields", "-E", "separator=/t", "-e", "ip.src", "-e", "ipv6.src"}
		for _, f := range fields {
			args = append(args, "-e", f.name)
		}
		b, _ := exec.CommandContext(ctx, "tshark", args...).Output() // what it read before an error stays
		for line := range bytes.Lines(b) {
			cells := strings.Split(strings.TrimRight(string(line), "\n"), "\t")
			if len(cells) < 2+len(fields) {
				continue
			}
			from := cells[0]
			if from == "" {
				from = cells[1]
			}
			if strings.Contains(from, ",") {
				continue // within a tunnel: which address it is of is not told
			}
			addr, err := netip.ParseAddr(from)
			if err != nil {
				continue
			}
			for i, f := range fields {
				if cells[2+i] != "" {
					out = append(out, said{addr: addr, what: f.name, banner: cells[2+i]})
				}
			}
		}
		return nil
	})
	return out, err
}

// read takes product and version out of a banner; ok is false when it names
// none.
func (s *said) read() (ok bool) {
	var m []string
	switch s.what {
	case "ssh.protocol":
		m = ssh.FindStringSubmatch(s.banner)
	case "mysql.version":
		if m = mysql.FindStringSubmatch(s.banner); m != nil {
			m = []string{"", "MySQL", m[1]}
		}
	case "http.server":
		m = product.FindStringSubmatch(s.banner)
	}
	if m == nil {
		return false
	}
	s.product, s.version = m[1], m[2]
	return true
}

func compare(ctx context.Context, dir string) (*tally, error) {
	out, err := os.MkdirTemp("", "versions-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(out) }()
	c := app.Default()
	c.Paths, c.Out, c.Format, c.Force = []string{dir}, out, "jsonl", true
	if _, err := app.Records(ctx, c, quiet{}); err != nil {
		return nil, err
	}
	inv, _, err := (&app.CaseRecords{Dir: out}).Assets(ctx)
	if err != nil {
		return nil, err
	}
	list, err := peer(ctx, dir)
	if err != nil {
		return nil, err
	}
	return judge(inv, list), nil
}

func judge(inv *asset.Inventory, list []said) *tally {
	t := &tally{}
	banners := map[netip.Addr][]string{}
	done := map[string]bool{}
	for _, s := range list {
		banners[s.addr] = append(banners[s.addr], s.banner)
		key := fmt.Sprintf("%v %s", s.addr, s.banner)
		if !s.read() || done[key] {
			continue
		}
		done[key] = true
		t.told++
		x := inv.ByAddress(s.addr)
		if x == nil || !slices.ContainsFunc(x.Software, func(o asset.Software) bool { return o.Version != "" && strings.HasPrefix(o.Version, s.version) }) {
			t.missed = append(t.missed, key)
		}
	}
	for _, x := range inv.Assets {
		for _, s := range x.Software {
			from, _, _ := strings.Cut(s.Why, " \"")
			if s.Version == "" || s.Surety < asset.Likely || !slices.Contains([]string{"HTTP Server header", "SSH banner", "MySQL handshake"}, from) {
				continue
			}
			shown := false
			for _, a := range x.Addresses {
				shown = shown || slices.ContainsFunc(banners[a], func(b string) bool { return strings.Contains(b, s.Version) })
			}
			if !shown && inBytes(&s) {
				t.bytes++
				shown = true
			}
			if !shown {
				t.invented = append(t.invented, fmt.Sprintf("%s %s %s: %s %v", x.ID, s.Product, s.Version, s.Why, s.Cited))
			}
		}
	}
	slices.Sort(t.missed)
	slices.Sort(t.invented)
	return t
}

// inBytes tells whether the banner that a claim quotes stands in the capture
// that it cites: tshark takes apart what its ports and lengths allow, and not
// every tunnel.
func inBytes(s *asset.Software) bool {
	_, text, ok := strings.Cut(s.Why, " \"")
	text, err := strconv.Unquote("\"" + text)
	if !ok || err != nil {
		return false
	}
	return slices.ContainsFunc(s.Refs, func(r record.Ref) bool {
		b, err := os.ReadFile(r.File)
		return err == nil && bytes.Contains(b, []byte(text))
	})
}

// quiet is nobody to tell.
type quiet struct{}

func (quiet) Start(int, int64) {}
func (quiet) Read(int64)       {}
func (quiet) File(string)      {}
func (quiet) Phase(string)     {}
func (quiet) Done()            {}
