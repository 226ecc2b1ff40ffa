package pcap

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/evidence"
	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/flow/flowtest"
)

// written is a pcap file (draft-ietf-opsawg-pcap) of Ethernet frames given in
// hexadecimal, a second apart.
func written(frames ...string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 4)
	for _, v := range []uint32{0, 0, 65535, 1} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	for i, text := range frames {
		frame, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			panic(err)
		}
		for _, v := range []int{1700000000 + i, 0, len(frame), len(frame)} {
			b = binary.LittleEndian.AppendUint32(b, uint32(v)) // #nosec G115 -- small
		}
		b = append(b, frame...)
	}
	return b
}

const (
	ether   = "0200 0000 0002 0200 0000 0001 0800 "
	request = ether + "4500 0021 0001 0000 4011 0000 0a00 0001 0a00 0002 c350 0035 000d 0000 6162 6364 65"
	syn     = ether + "4500 0028 0001 0000 4006 0000 0a00 0001 0a00 0002 c351 0050 0000 0001 0000 0000 5002 2000 0000 0000"
	answer  = "0200 0000 0001 0200 0000 0002 0800 4500 0028 0001 0000 4006 0000 0a00 0002 0a00 0001 0050 c351 0000 0064 0000 0002 5012 2000 0000 0000"
	arp     = "ffff ffff ffff 0200 0000 0001 0806 0001 0800 0604 0001 0200 0000 0001 0a00 0001 0000 0000 0000 0a00 0002"
)

// FuzzFormat: whatever the bytes are, reading ends, and says what it could not read.
func FuzzFormat(f *testing.F) {
	evidencetest.Fuzz(f, Format, written(), written(request, arp), written(syn, answer, syn))
}

// FuzzJoined: captures that are read as one give the same records for any
// number of workers, whatever is in them.
func FuzzJoined(f *testing.F) {
	f.Add(written(request, syn), written(arp, answer))
	f.Add(written(syn, answer), written(syn, answer)[:50])
	f.Fuzz(func(t *testing.T, a, b []byte) {
		read := func(jobs int) []string {
			var out flowtest.Outlet
			files := []*evidence.File{file(a), file(b)}
			files[1].Path, files[1].Name = "dir/b.pcap", "b.pcap"
			if err := Format.Join(files, &evidence.Env{Jobs: jobs}).Read(context.Background(), &out); err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, r := range out.Sorted() {
				lines = append(lines, string(r.RecordType().AppendJSON(nil, r)))
			}
			slices.Sort(lines)
			return lines
		}
		if one, two := read(1), read(2); !slices.Equal(one, two) {
			t.Fatalf("one worker: %q, two: %q", one, two)
		}
	})
}
