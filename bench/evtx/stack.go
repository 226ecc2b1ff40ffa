package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"longwatch/internal/simulate/evtxfile"
)

const (
	block     = 4096
	chunkSize = 64 << 10
	chunkHead = 512
	full      = chunkSize * 3 / 4 // bytes in use; a long log consists of full chunks
)

// makeLog makes a log of about size bytes.
func makeLog(corpus string, size int) ([]byte, error) {
	if corpus == "" {
		return processes(size)
	}
	chunks, err := gather(corpus)
	if err != nil {
		return nil, err
	}
	if len(chunks) == 0 {
		return nil, errors.New("no sound chunk below " + corpus)
	}
	log := make([]byte, block, size+chunkSize)
	next := uint64(1)
	count := 0
	for ; len(log) < size; count++ {
		at := len(log)
		log = append(log, chunks[count%len(chunks)]...)
		next = renumber(log[at:], next)
	}
	head(log[:block], next, count)
	return log, nil
}

// gather returns the full chunks of all logs whose records form a chain.
func gather(dir string) ([][]byte, error) {
	var out [][]byte
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".evtx" {
			return err
		}
		b, err := os.ReadFile(path) // #nosec G304 G122 -- what the user names
		if err != nil {
			return err
		}
		for at := block; at+chunkSize <= len(b); at += chunkSize {
			c := b[at : at+chunkSize]
			if !bytes.HasPrefix(c, []byte("ElfChnk\x00")) || renumber(bytes.Clone(c), 1) == 1 {
				continue
			}
			if int(binary.LittleEndian.Uint32(c[48:])) >= full {
				out = append(out, c)
			}
		}
		return nil
	})
	return out, err
}

// renumber gives the records of a chunk numbers from next on, mends the
// checksums and returns the number after the last; 1 when the chunk is unsound.
func renumber(c []byte, next uint64) uint64 {
	le := binary.LittleEndian
	free := int(le.Uint32(c[48:]))
	if free < chunkHead || free > len(c) {
		return 1
	}
	first := next
	at := chunkHead
	for at+24 <= free {
		n := int(le.Uint32(c[at+4:]))
		if !bytes.HasPrefix(c[at:], []byte("**\x00\x00")) || n < 28 || n > free-at {
			return 1
		}
		le.PutUint64(c[at+8:], next)
		next++
		at += n
	}
	clear(c[free:])
	for i, n := range []uint64{first, next - 1, first, next - 1} {
		le.PutUint64(c[8+8*i:], n)
	}
	le.PutUint32(c[52:], crc32.ChecksumIEEE(c[chunkHead:free]))
	le.PutUint32(c[124:], crc32.Update(crc32.ChecksumIEEE(c[:120]), crc32.IEEETable, c[128:chunkHead]))
	return next
}

// head writes the file header.
func head(b []byte, next uint64, chunks int) {
	le := binary.LittleEndian
	copy(b, "ElfFile\x00")
	le.PutUint64(b[16:], uint64(chunks-1)) // #nosec G115 -- counts
	le.PutUint64(b[24:], next)
	le.PutUint32(b[32:], 128)
	le.PutUint16(b[36:], 1)
	le.PutUint16(b[38:], 3)
	le.PutUint16(b[40:], block)
	le.PutUint16(b[42:], uint16(chunks)) // #nosec G115 -- as the format has it
	le.PutUint32(b[124:], crc32.ChecksumIEEE(b[:120]))
}

// processes is a log of process starts, a second apart.
func processes(size int) ([]byte, error) {
	l := &evtxfile.Log{}
	const each = 700 // bytes of an event, about
	for i := range size / each {
		l.Add(evtxfile.Event{
			Time: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC).Add(time.Duration(i) * time.Second), Channel: "Security", Computer: "DC1.example.org", ID: 4688, PID: 4,
			Provider: evtxfile.Provider{Name: "Microsoft-Windows-Security-Auditing", GUID: "54849625-5478-4994-A5BA-3E3B0328C30D"},
			Fields: []evtxfile.Field{
				{Name: "SubjectUserSid", Value: evtxfile.SID("S-1-5-21-1004336348-1177238915-682003330-512")},
				{Name: "SubjectUserName", Value: evtxfile.String("bob")},
				{Name: "SubjectDomainName", Value: evtxfile.String("EXAMPLE")},
				{Name: "SubjectLogonId", Value: evtxfile.Hex64(0x8d7099)},
				{Name: "NewProcessId", Value: evtxfile.Hex64(uint64(i))}, // #nosec G115 -- counts
				{Name: "NewProcessName", Value: evtxfile.String(`C:\Windows\System32\cmd.exe`)},
				{Name: "TokenElevationType", Value: evtxfile.String("%%1936")},
				{Name: "ProcessId", Value: evtxfile.Hex64(0x4c8)},
				{Name: "CommandLine", Value: evtxfile.String(fmt.Sprintf(`cmd.exe /c robocopy D:\data\%d E:\backup /mir`, i))},
				{Name: "ParentProcessName", Value: evtxfile.String(`C:\Windows\explorer.exe`)},
			},
		})
	}
	var b bytes.Buffer
	_, err := l.WriteTo(&b)
	return b.Bytes(), err
}
