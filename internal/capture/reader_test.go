package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/record"
)

// got is a frame without what is on loan.
type got struct {
	TS   record.Time
	Link LinkType
	Len  int
	Data string
}

func readAll(t testing.TB, b []byte) ([]got, error) {
	t.Helper()
	r, err := NewReader(iotest.HalfReader(bytes.NewReader(b)))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out []got
	var f Frame
	for {
		if err := r.Next(&f); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return out, err
		}
		out = append(out, got{f.TS, f.Link, f.Len, string(f.Data)})
	}
}

// pcapFile writes a pcap as draft-ietf-opsawg-pcap-04 section 4 describes it.
func pcapFile(bo binary.AppendByteOrder, magic uint32, frac uint32) []byte {
	b := bo.AppendUint32(nil, magic)
	b = bo.AppendUint16(b, 2)
	b = bo.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = bo.AppendUint32(b, 65535)
	b = bo.AppendUint32(b, 1)
	for _, data := range []string{"first", "second frame"} {
		b = bo.AppendUint32(b, 1_700_000_000)
		b = bo.AppendUint32(b, frac)
		b = bo.AppendUint32(b, uint32(len(data)))
		b = bo.AppendUint32(b, 100)
		b = append(b, data...)
	}
	return b
}

func TestPcap(t *testing.T) {
	for _, bo := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for magic, ns := range map[uint32]record.Time{0xa1b2c3d4: 7_000, 0xa1b23c4d: 7} {
			t.Run(fmt.Sprintf("%v %x", bo, magic), func(t *testing.T) {
				frames, err := readAll(t, pcapFile(bo, magic, 7))
				if err != nil {
					t.Fatal(err)
				}
				at := record.Time(1_700_000_000e9) + ns
				want := []got{{at, 1, 100, "first"}, {at, 1, 100, "second frame"}}
				if d := cmp.Diff(want, frames); d != "" {
					t.Error(d)
				}
			})
		}
	}
}

// Before version 2.3 of the format the length on the wire came first; version
// 2.3 itself was written both ways.
func TestPcapOfSwappedLengths(t *testing.T) {
	for _, v := range []struct {
		major, minor uint16
		swap         bool
	}{{2, 2, true}, {2, 3, true}, {2, 3, false}, {543, 0, true}, {2, 4, false}} {
		b := pcapFile(binary.BigEndian, 0xa1b2c3d4, 7)
		binary.BigEndian.PutUint16(b[4:], v.major)
		binary.BigEndian.PutUint16(b[6:], v.minor)
		if v.swap {
			for at, n := range map[int]uint32{24: 5, 24 + 16 + 5: 12} {
				binary.BigEndian.PutUint32(b[at+8:], 100)
				binary.BigEndian.PutUint32(b[at+12:], n)
			}
		}
		frames, err := readAll(t, b)
		if err != nil || len(frames) != 2 || frames[0].Data != "first" || frames[1].Len != 100 {
			t.Errorf("%+v: %v, %v", v, frames, err)
		}
	}
}

// snoopFile writes a snoop capture as RFC 1761 describes it.
func snoopFile(link uint32) []byte {
	be := binary.BigEndian
	b := be.AppendUint32(be.AppendUint32([]byte("snoop\x00\x00\x00"), 2), link)
	for _, data := range []string{"first", "second frame"} {
		padded := (len(data) + 3) &^ 3
		b = be.AppendUint32(b, 100)
		b = be.AppendUint32(b, uint32(len(data)))
		b = be.AppendUint32(b, uint32(24+padded))
		b = be.AppendUint32(b, 0)
		b = be.AppendUint32(b, 1_700_000_000)
		b = be.AppendUint32(b, 7)
		b = append(append(b, data...), make([]byte, padded-len(data))...)
	}
	return b
}

func TestSnoop(t *testing.T) {
	frames, err := readAll(t, snoopFile(4))
	if err != nil {
		t.Fatal(err)
	}
	at := record.Time(1_700_000_000e9 + 7_000)
	want := []got{{at, 1, 100, "first"}, {at, 1, 100, "second frame"}}
	if d := cmp.Diff(want, frames); d != "" {
		t.Error(d)
	}
	if frames, err = readAll(t, snoopFile(7)); err != nil || len(frames) != 2 {
		t.Errorf("of an unknown link: %v, %v", frames, err)
	}
	short := snoopFile(4)
	short[16+8+3] = 9 // record length
	if _, err := readAll(t, short); !errors.Is(err, ErrRecord) {
		t.Errorf("got %v, want ErrRecord", err)
	}
	if _, err := readAll(t, []byte("snoopy was a dog, and no capture")); !errors.Is(err, ErrFormat) {
		t.Errorf("got %v, want ErrFormat", err)
	}
}

// block writes a pcapng block (draft-ietf-opsawg-pcapng section 3.1).
func block(bo binary.AppendByteOrder, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	n := uint32(len(body) + 12)
	b := bo.AppendUint32(bo.AppendUint32(nil, kind), n)
	return bo.AppendUint32(append(b, body...), n)
}

func ngFile(bo binary.AppendByteOrder) []byte {
	head := bo.AppendUint32(nil, 0x1a2b3c4d)
	head = bo.AppendUint16(bo.AppendUint16(head, 1), 0)
	b := block(bo, 0x0a0d0d0a, bo.AppendUint64(head, ^uint64(0)))
	iface := func(link uint16, snap uint32, options ...byte) []byte {
		return block(bo, 1, append(bo.AppendUint32(bo.AppendUint16(bo.AppendUint16(nil, link), 0), snap), options...))
	}
	option := func(code uint16, v ...byte) []byte {
		o := append(bo.AppendUint16(bo.AppendUint16(nil, code), uint16(len(v))), v...)
		for len(o)%4 != 0 {
			o = append(o, 0)
		}
		return append(o, 0, 0, 0, 0)
	}
	b = append(b, iface(1, 6)...)                       // microseconds by default
	b = append(b, iface(101, 0, option(9, 9)...)...)    // 10^-9
	b = append(b, iface(228, 0, option(9, 0x8a)...)...) // 2^-10
	packet := func(id uint32, ticks uint64, wire uint32, data string) []byte {
		p := bo.AppendUint32(nil, id)
		p = bo.AppendUint32(bo.AppendUint32(p, uint32(ticks>>32)), uint32(ticks))
		p = bo.AppendUint32(bo.AppendUint32(p, uint32(len(data))), wire)
		return block(bo, 6, append(p, data...))
	}
	b = append(b, packet(0, 1_700_000_000_000_001, 50, "micro")...)
	b = append(b, packet(1, 1_700_000_000_000_000_001, 4, "nano")...)
	b = append(b, block(bo, 5, make([]byte, 40))...) // statistics: passed over
	b = append(b, packet(2, 1_700_000_000<<10|512, 6, "binary")...)
	b = append(b, packet(9, 1, 6, "nobody")...) // an interface that is not there
	return append(b, block(bo, 3, append(bo.AppendUint32(nil, 11), "simple fram"...))...)
}

// TestDropped: the counts of statistics blocks are from the beginning, so the
// last one of each interface stands; sections add up.
func TestDropped(t *testing.T) {
	for _, bo := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		stats := func(id uint32, code uint16, n uint64) []byte {
			b := bo.AppendUint64(bo.AppendUint32(nil, id), 0)
			b = bo.AppendUint64(bo.AppendUint16(bo.AppendUint16(b, code), 8), n)
			return block(bo, 5, append(b, 0, 0, 0, 0))
		}
		one := append(ngFile(bo), stats(0, 5, 40)...)
		one = append(one, stats(0, 5, 70)...) // later: 70 in all
		one = append(one, stats(1, 7, 9)...)
		one = append(one, stats(0, 4, 1000)...) // packets received, not lost
		one = append(one, stats(99, 5, 1000)...)
		for n, want := range []uint64{79, 158} {
			file := bytes.Repeat(one, n+1)
			r, err := NewReader(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			var f Frame
			for err == nil {
				err = r.Next(&f)
			}
			if got := r.Dropped(); got != want || r.Dropped() != want {
				t.Errorf("%v, %d sections: %d packets lost, want %d", bo, n+1, got, want)
			}
			r.Close()
		}
	}
}

func TestPcapng(t *testing.T) {
	for _, bo := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		t.Run(bo.String(), func(t *testing.T) {
			frames, err := readAll(t, ngFile(bo))
			if err != nil {
				t.Fatal(err)
			}
			const sec = record.Time(1_700_000_000e9)
			want := []got{
				{sec + 1000, 1, 50, "micro"},
				{sec + 1, 101, 4, "nano"},
				{sec + 500_000_000, 228, 6, "binary"},
				{0, 1, 11, "simple"}, // cut by the interface's snap length
			}
			if d := cmp.Diff(want, frames); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTruncatedCaptureGivesWhatIsWhole(t *testing.T) {
	whole := pcapFile(binary.LittleEndian, 0xa1b2c3d4, 0)
	frames, err := readAll(t, whole[:len(whole)-1])
	if !errors.Is(err, ErrShort) || len(frames) != 1 {
		t.Errorf("got %d frames, %v; want 1, ErrShort", len(frames), err)
	}
	if _, err := readAll(t, []byte("not a capture at all ...")); !errors.Is(err, ErrFormat) {
		t.Errorf("got %v, want ErrFormat", err)
	}
	whole[24+8+3] = 0x7f // captured length of the first packet
	if _, err := readAll(t, whole); !errors.Is(err, ErrRecord) {
		t.Errorf("got %v, want ErrRecord", err)
	}
}

// Frames stay as they are while their block is retained, whatever is read after.
func TestRetainedBlocks(t *testing.T) {
	b := pcapFile(binary.LittleEndian, 0xa1b2c3d4, 0)[:24]
	const frames, size = 4000, 1400
	for i := range frames {
		head := binary.LittleEndian.AppendUint32(make([]byte, 8), size)
		b = append(b, binary.LittleEndian.AppendUint32(head, size)...)
		b = append(b, bytes.Repeat([]byte{byte(i)}, size)...)
	}
	r, err := NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var kept []Frame
	var f Frame
	for r.Next(&f) == nil {
		f.Block.Retain()
		kept = append(kept, f)
	}
	r.Close()
	for i, f := range kept {
		if f.Data[0] != byte(i) || f.Data[size-1] != byte(i) {
			t.Fatalf("frame %d was overwritten", i)
		}
		f.Block.Release()
	}
	if len(kept) != frames {
		t.Errorf("got %d frames", len(kept))
	}
}

func FuzzReader(f *testing.F) {
	f.Add(pcapFile(binary.LittleEndian, 0xa1b2c3d4, 1))
	f.Add(pcapFile(binary.BigEndian, 0xa1b23c4d, 1))
	f.Add(ngFile(binary.LittleEndian))
	f.Add(ngFile(binary.BigEndian))
	f.Add(snoopFile(4))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := NewReader(bytes.NewReader(b))
		if err != nil {
			return
		}
		defer r.Close()
		last := int64(-1)
		var fr Frame
		for {
			if err = r.Next(&fr); err != nil {
				break
			}
			if fr.Pos <= last || fr.Len < len(fr.Data) || !bytes.Contains(b[fr.Pos:], fr.Data) {
				t.Fatalf("frame at %d after %d, %d bytes of %d", fr.Pos, last, len(fr.Data), fr.Len)
			}
			last = fr.Pos
			if in, ok := Unwrap(&fr); ok {
				var p IP
				if Parse(in.IP, in.Wire, &p) == OK && (len(p.Payload) > len(in.IP) || p.Wire < len(p.Payload)) {
					t.Fatalf("payload of %d bytes, %d on the wire, out of %d", len(p.Payload), p.Wire, len(in.IP))
				}
			}
		}
		if again := r.Next(&fr); !errors.Is(again, errors.Unwrap(err)) && again.Error() != err.Error() {
			t.Fatalf("first %v, then %v", err, again)
		}
	})
}
