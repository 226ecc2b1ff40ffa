package app

import (
	"bufio"
	"io/fs"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/asset"
)

// learnCaptures are the assets of captures, by way of their records.
func learnCaptures(t *testing.T, paths ...string) *asset.Inventory {
	t.Helper()
	c := Default()
	c.Paths, c.Out, c.Jobs = paths, t.TempDir(), 2
	if _, err := Records(t.Context(), c, silent{}); err != nil {
		t.Fatal(err)
	}
	inv, notes, err := (&CaseRecords{Dir: c.Out}).Assets(t.Context())
	if err != nil || len(notes) > 0 {
		t.Fatalf("%v: %v", notes, err)
	}
	return inv
}

// endpoints are the addresses that tshark lists as ends of the packets of
// captures.
func endpoints(t *testing.T, dir string, captures []string) (list []netip.Addr) {
	t.Helper()
	merged := filepath.Join(dir, "merged.pcapng")
	if out, err := exec.CommandContext(t.Context(), "mergecap", append([]string{"-F", "pcapng", "-w", merged}, captures...)...).CombinedOutput(); err != nil {
		t.Fatalf("mergecap: %v: %s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), "tshark", "-n", "-r", merged, "-q", "-z", "endpoints,ip", "-z", "endpoints,ipv6").Output()
	if err != nil && len(out) == 0 {
		t.Fatalf("tshark: %v", err)
	}
	for s := bufio.NewScanner(strings.NewReader(string(out))); s.Scan(); {
		if f := strings.Fields(s.Text()); len(f) > 6 {
			if a, err := netip.ParseAddr(f[0]); err == nil {
				list = append(list, a)
			}
		}
	}
	return list
}

// TestEndpointsAsTshark: every address that tshark lists as an endpoint of
// industrial captures is one of an asset's. Captures of one family are merged,
// because tshark takes longer to start than to read one.
func TestEndpointsAsTshark(t *testing.T) {
	for _, tool := range []string{"tshark", "mergecap"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("no " + tool)
		}
	}
	const root = "../../../shared/corpora"
	families := map[string][]string{}
	for _, corpus := range []string{"ics", "ics-pcap"} {
		_ = filepath.WalkDir(filepath.Join(root, corpus), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && slices.Contains([]string{".pcap", ".pcapng", ".cap"}, filepath.Ext(path)) {
				rel, _ := filepath.Rel(root, path)
				family := strings.Join(strings.Split(filepath.ToSlash(rel), "/")[:2], "/")
				families[family] = append(families[family], path)
			}
			return nil
		})
	}
	if len(families) == 0 {
		t.Skip("no industrial captures")
	}
	for family, captures := range families {
		t.Run(family, func(t *testing.T) {
			list := endpoints(t, t.TempDir(), captures)
			if len(list) == 0 {
				t.Skip("tshark lists no address")
			}
			inv := learnCaptures(t, captures...)
			for _, a := range list {
				if inv.ByAddress(a) == nil {
					t.Errorf("tshark lists %v, which is no asset's", a)
				}
			}
			t.Logf("%d captures, %d endpoints", len(captures), len(list))
		})
	}
}
