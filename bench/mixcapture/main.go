// Command mixcapture writes one large pcap out of small captures, for
// benchmarks: every round plays all of them side by side, with other addresses
// and at a later time, so that the result has many distinct connections.
//
//	mixcapture -size 1100000000 -o big.pcap captures/*.pcap
//
// Frames become Ethernet; frames without IP are left out. The same arguments
// give the same file.
package main

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"longwatch/internal/capture"
)

// window is how much of each capture, from its first frame on, is played.
const window = int64(600e9)

// packet is an IP packet of a source, at a time relative to the source's first.
type packet struct {
	at   int64
	ip   []byte
	wire int
}

func main() {
	size := flag.Int64("size", 1_100_000_000, "bytes to write at least")
	out := flag.String("o", "mixed.pcap", "file to write")
	flag.Parse()
	if err := run(*size, *out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mixcapture:", err)
		os.Exit(1)
	}
}

func run(size int64, out string, roots []string) error {
	packets, sources, err := load(roots)
	if err != nil {
		return err
	}
	if len(packets) == 0 {
		return fmt.Errorf("no IP packets in %q", roots)
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	le := binary.LittleEndian
	head := le.AppendUint32(nil, 0xa1b2c3d4)
	head = le.AppendUint16(head, 2)
	head = le.AppendUint16(head, 4)
	head = append(head, make([]byte, 8)...)
	head = le.AppendUint32(head, 262144)
	head = le.AppendUint32(head, uint32(capture.LinkEthernet))
	if _, err := w.Write(head); err != nil {
		return err
	}
	written, rounds, count := int64(len(head)), 0, 0
	buf := make([]byte, 0, 1<<16)
	for ; written < size; rounds++ {
		base := int64(1_700_000_000e9) + int64(rounds)*window
		for _, p := range packets {
			buf = appendFrame(buf[:0], p, base, rounds)
			if _, err := w.Write(buf); err != nil {
				return err
			}
			written += int64(len(buf))
			count++
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf("%s: %d bytes, %d packets, %d rounds of %d captures\n", out, written, count, rounds, sources)
	return f.Close()
}

// load reads the captures under roots and returns their packets in order of
// their relative times. What is not a capture is left out.
func load(roots []string) (packets []packet, sources int, err error) {
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			got, err := read(path)
			if len(got) > 0 {
				sources++
				packets = append(packets, got...)
			}
			return err
		})
		if err != nil {
			return nil, 0, err
		}
	}
	slices.SortStableFunc(packets, func(a, b packet) int { return cmp.Compare(a.at, b.at) })
	return packets, sources, nil
}

func read(path string) ([]packet, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := capture.NewReader(f)
	if err != nil {
		return nil, nil // not a capture
	}
	defer r.Close()
	var (
		out   []packet
		first int64
		fr    capture.Frame
	)
	for r.Next(&fr) == nil {
		if first == 0 {
			first = int64(fr.TS)
		}
		in, ok := capture.Unwrap(&fr)
		if at := int64(fr.TS) - first; ok && at >= 0 && at < window && len(in.IP) >= 20 {
			out = append(out, packet{at, slices.Clone(in.IP), in.Wire})
		}
	}
	return out, nil
}

// appendFrame appends a pcap record of p as it is in the given round.
func appendFrame(b []byte, p packet, base int64, round int) []byte {
	le := binary.LittleEndian
	at := base + p.at
	b = le.AppendUint32(b, uint32(at/1e9))
	b = le.AppendUint32(b, uint32(at%1e9/1e3))
	b = le.AppendUint32(b, uint32(len(p.ip)+14))
	b = le.AppendUint32(b, uint32(p.wire+14))
	b = append(b, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2)
	kind := uint16(capture.EtherIPv4)
	if p.ip[0]>>4 == 6 {
		kind = capture.EtherIPv6
	}
	b = binary.BigEndian.AppendUint16(b, kind)
	at0 := len(b)
	b = append(b, p.ip...)
	ip := b[at0:]
	if kind == capture.EtherIPv4 {
		move(ip[12:16], 1, round)
		move(ip[16:20], 1, round)
	} else if len(ip) >= 40 {
		move(ip[8:24], 6, round)
		move(ip[24:40], 6, round)
	}
	return b
}

// move changes an address; multicast and broadcast stay what they are.
func move(addr []byte, i, round int) {
	if addr[0] >= 224 && len(addr) == 4 || addr[0] == 0xff {
		return
	}
	addr[i] ^= byte(round >> 8)
	addr[i+1] ^= byte(round)
}
