package asset

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMakersAsTshark compares the makers of hardware with those that tshark
// names for the same addresses, which follow the IEEE's registry. Names are
// written in several ways: the first word is enough.
func TestMakersAsTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("no tshark")
	}
	prefixes := slices.Sorted(maps.Keys(ouis))
	var b bytes.Buffer // a capture of one frame from each
	for _, v := range []uint32{0xa1b2c3d4, 2 | 4<<16, 0, 0, 65535, 1} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	for _, p := range prefixes {
		oui, err := hex.DecodeString(strings.ReplaceAll(p, ":", ""))
		if err != nil || len(oui) != 3 {
			t.Fatalf("%q is no prefix", p)
		}
		frame := slices.Concat([]byte{0, 0, 0, 0, 0, 1}, oui, []byte{1, 2, 3, 0x88, 0xb5}, make([]byte, 46))
		for _, v := range []uint32{0, 0, uint32(len(frame)), uint32(len(frame))} { // #nosec G115 -- 60
			_ = binary.Write(&b, binary.LittleEndian, v)
		}
		b.Write(frame)
	}
	path := filepath.Join(t.TempDir(), "a.pcap")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tshark, "-N", "m", "-r", path, "-T", "fields", "-e", "eth.src.oui_resolved").Output()
	names := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	if err != nil || len(names) != len(prefixes) {
		t.Skipf("tshark names %d makers of %d: %v", len(names), len(prefixes), err)
	}
	for i, p := range prefixes {
		word, _, _ := strings.Cut(strings.ToLower(ouis[p]), " ")
		if !strings.Contains(strings.ToLower(names[i]), word) {
			t.Errorf("%s is %q, not %s", p, names[i], ouis[p])
		}
	}
}
