package evtx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/evidence"
	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record/host"
)

// reading is what came out of a log, as far as these tests look.
type reading struct {
	live, recovered []uint64 // record numbers
	problems        []string // names, without repetition
	err             error
}

func read(t *testing.T, data []byte) reading {
	t.Helper()
	records, problems, err := evidencetest.Read(t, Format, "log.evtx", data)
	r := reading{err: err}
	for _, rec := range records {
		switch e := rec.(type) {
		case *host.Event:
			r.live = append(r.live, e.RecordID)
		case *host.RecoveredEvent:
			r.recovered = append(r.recovered, e.RecordID)
		}
	}
	for _, p := range problems {
		if !slices.Contains(r.problems, p.Name) {
			r.problems = append(r.problems, p.Name)
		}
	}
	return r
}

// recordAt is the offset of the n-th record of the file's first chunk, from 0.
func recordAt(data []byte, n int) int {
	at := blockSize + chunkHeader
	for range n {
		at += int(binary.LittleEndian.Uint32(data[at+4:]))
	}
	return at
}

func sizeAt(data []byte, at int) int { return int(binary.LittleEndian.Uint32(data[at+4:])) }

// resize gives the record at a new size, as an editor of logs would.
func resize(data []byte, at, size int) {
	binary.LittleEndian.PutUint32(data[at+4:], uint32(size))
	binary.LittleEndian.PutUint32(data[at+size-4:], uint32(size))
}

// sum makes the checksums of the first chunk right again.
func sum(data []byte) {
	c := data[blockSize : blockSize+chunkSize]
	free := binary.LittleEndian.Uint32(c[48:])
	binary.LittleEndian.PutUint32(c[52:], crc32.ChecksumIEEE(c[chunkHeader:free]))
	head := crc32.ChecksumIEEE(c[:chunkSumGap])
	binary.LittleEndian.PutUint32(c[124:], crc32.Update(head, crc32.IEEETable, c[chunkSumEnd:chunkHeader]))
}

func numbers(from, to uint64, without ...uint64) []uint64 {
	var out []uint64
	for n := from; n <= to; n++ {
		if !slices.Contains(without, n) {
			out = append(out, n)
		}
	}
	return out
}

func TestDamage(t *testing.T) {
	const n = 6
	whole := processLog(t, n)
	for _, c := range []struct {
		name     string
		damage   func(b []byte) []byte
		live     []uint64
		problems []string
		err      error
	}{
		{"none", func(b []byte) []byte { return b }, numbers(1, n), nil, nil},
		{"a changed value", func(b []byte) []byte {
			b[recordAt(b, 3)-8] ^= 0x20
			return b
		}, numbers(1, n), []string{"evtx-chunk-checksum"}, nil},
		{"a changed header of the chunk", func(b []byte) []byte {
			b[blockSize+200]++
			return b
		}, numbers(1, n), []string{"evtx-chunk-checksum"}, nil},
		{"a record that does not decode", func(b []byte) []byte {
			b[recordAt(b, 2)+recordHeader] = 0x7f
			sum(b)
			return b
		}, numbers(1, n, 3), []string{"evtx-record-damaged"}, nil},
		{"a record with a wild size", func(b []byte) []byte {
			binary.LittleEndian.PutUint32(b[recordAt(b, 2)+4:], 0xfffffff0)
			sum(b)
			return b
		}, numbers(1, n, 3), []string{"evtx-record-damaged", "evtx-record-gap"}, nil},
		{"a removed record", func(b []byte) []byte {
			at := recordAt(b, 3)
			end := recordAt(b, 4)
			copy(b[at:blockSize+chunkSize], b[end:blockSize+chunkSize])
			binary.LittleEndian.PutUint32(b[blockSize+48:], binary.LittleEndian.Uint32(b[blockSize+48:])-uint32(end-at))
			sum(b)
			return b
		}, numbers(1, n, 4), []string{"evtx-record-gap"}, nil},
		{"a record hidden in its predecessor", func(b []byte) []byte {
			at := recordAt(b, 2)
			resize(b, at, sizeAt(b, at)+sizeAt(b, recordAt(b, 3)))
			sum(b)
			return b
		}, numbers(1, n), []string{"evtx-record-hidden"}, nil},
		{"a clock set back", func(b []byte) []byte {
			at := recordAt(b, 4) + 16
			binary.LittleEndian.PutUint64(b[at:], binary.LittleEndian.Uint64(b[at:])-3600*10_000_000)
			sum(b)
			return b
		}, numbers(1, n), []string{"evtx-time-backwards"}, nil},
		{"a chunk not closed", func(b []byte) []byte { // its header is of an earlier time
			binary.LittleEndian.PutUint32(b[blockSize+48:], uint32(recordAt(b, 2)-blockSize))
			sum(b)
			return b
		}, numbers(1, n), nil, nil},
		{"a chunk without mark", func(b []byte) []byte {
			copy(b[blockSize:], "XXXXXXXX")
			return b
		}, nil, []string{"evtx-chunk-damaged"}, evidence.ErrTruncated},
		{"an unused chunk", func(b []byte) []byte { return append(b, make([]byte, chunkSize)...) }, numbers(1, n), nil, nil},
		{"a chunk that the header does not count", func(b []byte) []byte {
			return append(b, processLog(t, 2)[blockSize:]...)
		}, append(numbers(1, n), 1, 2), []string{"evtx-chunk-count"}, nil},
		{"a header overwritten", func(b []byte) []byte {
			clear(b[:blockSize])
			return b
		}, numbers(1, n), []string{"evtx-header"}, nil},
		{"a lone chunk", func(b []byte) []byte { return b[blockSize:] }, numbers(1, n), nil, nil},
		{"the end cut off", func(b []byte) []byte { return b[:recordAt(b, 4)+40] }, numbers(1, 4), []string{"evtx-record-damaged"}, evidence.ErrTruncated},
		{"half a header", func(b []byte) []byte { return b[:100] }, nil, nil, evidence.ErrTruncated},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := read(t, c.damage(bytes.Clone(whole)))
			slices.Sort(got.live)
			want := slices.Clone(c.live)
			slices.Sort(want)
			if !slices.Equal(got.live, want) {
				t.Errorf("events %v, want %v", got.live, want)
			}
			if !slices.Equal(got.problems, c.problems) {
				t.Errorf("problems %v, want %v", got.problems, c.problems)
			}
			if !errors.Is(got.err, c.err) {
				t.Errorf("error %v, want %v", got.err, c.err)
			}
		})
	}
}

// TestRecover clears a log as far as its chunk's header goes: the records stay
// in unused space.
func TestRecover(t *testing.T) {
	b := processLog(t, 6)
	at := recordAt(b, 1)
	binary.LittleEndian.PutUint32(b[blockSize+48:], uint32(at-blockSize))
	clear(b[at : at+8]) // the second record is overwritten
	sum(b)
	got := read(t, b)
	if !slices.Equal(got.live, numbers(1, 1)) || !slices.Equal(got.recovered, numbers(3, 6)) {
		t.Errorf("live %v, recovered %v", got.live, got.recovered)
	}
}

// TestBounded gives a template a hundred places for a value that is an instance
// of the same template, seven deep: 10^14 elements out of a kilobyte.
func TestBounded(t *testing.T) {
	b := processLog(t, 1)
	at := recordAt(b, 0)
	chunk := b[blockSize : blockSize+chunkSize]
	clear(chunk[at-blockSize:])
	le := binary.LittleEndian
	body := chunk[:at-blockSize]
	put := func(p ...byte) { body = append(body, p...) }
	u32 := func(n int) { body = le.AppendUint32(body, uint32(n)) }
	put('*', '*', 0, 0)
	u32(0) // size, below
	put(make([]byte, 16)...)
	put(tokenFragment, 1, 1, 0, tokenTemplate, 1)
	u32(0)
	definition := len(body) + 4
	u32(definition)
	put(make([]byte, 20)...) // next, GUID
	sizeHole := len(body)
	u32(0)
	put(tokenOpen, 0xff, 0xff)
	u32(0)
	u32(len(body) + 4) // its name follows
	put(0, 0, 0, 0, 0, 0, 5, 0, 'E', 0, 'v', 0, 'e', 0, 'n', 0, 't', 0, 0, 0, tokenClose)
	for range 100 {
		put(tokenNormal, 0, 0, byte(typeBinXML))
	}
	put(tokenEndTag, tokenEnd)
	le.PutUint32(body[sizeHole:], uint32(len(body)-sizeHole-4))
	var nested []byte
	for range maxInstances/2 - 1 {
		inner := []byte{tokenFragment, 1, 1, 0, tokenTemplate, 1, 0, 0, 0, 0}
		inner = le.AppendUint32(inner, uint32(definition))
		inner = append(inner, 1, 0, 0, 0, byte(len(nested)), byte(len(nested)>>8), byte(typeBinXML), 0)
		nested = append(inner, nested...)
	}
	put(1, 0, 0, 0, byte(len(nested)), byte(len(nested)>>8), byte(typeBinXML), 0)
	put(nested...)
	put(0, 0, 0, 0)
	resize(b, at, len(body)-(at-blockSize))
	le.PutUint32(chunk[48:], uint32(len(body)))
	sum(b)
	_, problems, err := evidencetest.Read(t, Format, "log.evtx", b)
	if err != nil || len(problems) != 1 || !strings.Contains(problems[0].Why, errBudget.Error()) {
		t.Errorf("problems %v, error %v", problems, err)
	}
}
