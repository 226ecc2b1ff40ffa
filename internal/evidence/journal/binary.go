package journal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"

	"longwatch/internal/collect"
	"longwatch/internal/evidence"
	"longwatch/internal/record"
)

// Flags of the header that change how the file is read.
const (
	flagXZ = 1 << iota
	flagLZ4
	flagKeyed
	flagZSTD
	flagCompact
	flagsKnown = flagXZ | flagLZ4 | flagKeyed | flagZSTD | flagCompact
)

// Types of objects.
const (
	objectData  = 1
	objectEntry = 3
	objectMax   = 7
)

const (
	headerMin  = 208 // bytes of the oldest header
	objectHead = 16
	dataHead   = 64
	entryHead  = 64
	maxFile    = 4 << 30 // journald's own bound for one file
)

// errObject is an object that cannot be what its header says.
var errObject = errors.New("impossible object")

// file is a journal in memory. Objects are found by walking from one to the
// next, not by following the tables: so entries of a file that was not closed,
// or whose tables are damaged, are read too.
type file struct {
	data    []byte
	compact bool
	keyed   bool
	id      [16]byte
	zstd    *zstd.Decoder
	altered int // data whose hash does not fit
}

// binary reads a journal file. It is held in memory, bounded by the memory that
// tables may take: entries refer to data anywhere before them.
func (r *reader) binary(ctx context.Context, br *bufio.Reader, out evidence.Outlet, w *writer) error {
	limit := int64(maxFile)
	if r.memory > 0 {
		limit = min(limit, r.memory)
	}
	data, err := io.ReadAll(io.LimitReader(br, limit+1))
	if err != nil {
		err = fmt.Errorf("%s: %w: %w", r.f.Name, evidence.ErrTruncated, err)
	}
	if int64(len(data)) > limit {
		data = data[:limit]
		out.Problem(evidence.Problem{Name: "journal-too-large", Why: fmt.Sprintf("only the first %d bytes were read: they have to be in memory", limit), Ref: r.f.Ref(record.RefOffset, limit), Ends: true})
	}
	f, start, herr := open(data)
	if herr != nil {
		return fmt.Errorf("%s: %w", r.f.Name, herr)
	}
	if f.zstd != nil {
		defer f.zstd.Close()
	}
	f.walk(ctx, start, r.f, out, w)
	if f.altered > 0 {
		out.Problem(evidence.Problem{Name: "journal-hash", Why: fmt.Sprintf("%d values do not fit their checksum: the file is damaged or was edited", f.altered), Ref: r.f.Ref(record.RefFile, 0)})
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// open reads the header and returns where the objects begin.
func open(data []byte) (*file, int64, error) {
	if len(data) < headerMin {
		return nil, 0, fmt.Errorf("%w: %d bytes are no header", evidence.ErrTruncated, len(data))
	}
	flags := binary.LittleEndian.Uint32(data[12:])
	size := binary.LittleEndian.Uint64(data[88:])
	if flags&^flagsKnown != 0 {
		return nil, 0, fmt.Errorf("%w: flags %#x of a later version of the format", evidence.ErrCorrupt, flags)
	}
	if size < headerMin || size > 4096 || size%8 != 0 {
		return nil, 0, fmt.Errorf("%w: a header of %d bytes", evidence.ErrCorrupt, size)
	}
	f := &file{data: data, compact: flags&flagCompact != 0, keyed: flags&flagKeyed != 0, id: [16]byte(data[24:40])}
	var err error
	if f.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxValue)); err != nil {
		return nil, 0, err
	}
	return f, int64(size), nil
}

// object returns the object at offset, its type, flags and bytes.
func (f *file) object(at int64) (typ, flags byte, b []byte, err error) {
	if at < headerMin || at%8 != 0 || at+objectHead > int64(len(f.data)) {
		return 0, 0, nil, errObject
	}
	head := f.data[at:]
	size := binary.LittleEndian.Uint64(head[8:])
	if head[0] == 0 || head[0] > objectMax || size < objectHead || size > uint64(len(head)) {
		return head[0], head[1], nil, errObject
	}
	return head[0], head[1], head[:size], nil
}

// walk puts every entry of the file in file order.
func (f *file) walk(ctx context.Context, at int64, src *evidence.File, out evidence.Outlet, w *writer) {
	lost := int64(-1) // where bytes that are no object began
	for n := 0; at+objectHead <= int64(len(f.data)); n++ {
		if n&0xfff == 0 && ctx.Err() != nil {
			return
		}
		typ, _, b, err := f.object(at)
		if err != nil {
			if zero(f.data[at : at+objectHead]) { // journald allocates ahead: nothing was written from here on
				if rest := f.data[at:]; zero(rest) {
					break
				}
			}
			if lost < 0 {
				lost = at
			}
			at += 8
			continue
		}
		if lost >= 0 {
			if typ != objectEntry && typ != objectData || !f.plausible(typ, b) {
				at += 8
				continue
			}
			out.Problem(evidence.Problem{Name: "journal-object", Why: "these bytes are no objects of a journal", Ref: src.Ref(record.RefOffset, lost), Bytes: at - lost})
			lost = -1
		}
		switch typ {
		case objectEntry:
			f.entry(b, at, src, out, w)
		case objectData:
			f.check(b)
		}
		at += (int64(len(b)) + 7) &^ 7
	}
	if lost >= 0 {
		out.Problem(evidence.Problem{Name: "journal-object", Why: "these bytes are no objects of a journal", Ref: src.Ref(record.RefOffset, lost), Bytes: int64(len(f.data)) - lost})
	}
}

// check compares the hash of a value with the value, where the file keys its
// hashes, as all do since systemd 246.
func (f *file) check(b []byte) {
	if !f.keyed {
		return
	}
	if p, err := f.payload(b); err != nil || siphash(f.id, p) != binary.LittleEndian.Uint64(b[16:]) {
		f.altered++
	}
}

// plausible tells whether an object found behind damage can be one.
func (f *file) plausible(typ byte, b []byte) bool {
	if typ == objectData {
		payload, err := f.payload(b)
		return err == nil && bytes.IndexByte(payload[:min(len(payload), 256)], '=') > 0
	}
	if len(b) < entryHead {
		return false
	}
	t := binary.LittleEndian.Uint64(b[24:])
	return t > 1e15 && t < 1<<53 // after 2001
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// entry reads one entry and what it refers to.
func (f *file) entry(b []byte, at int64, src *evidence.File, out evidence.Outlet, w *writer) {
	ref := src.Ref(record.RefOffset, at)
	if len(b) < entryHead {
		out.Problem(evidence.Problem{Name: "journal-entry", Why: "an entry is too short for its own head", Ref: ref, Bytes: int64(len(b))})
		return
	}
	e := entry{realtime: binary.LittleEndian.Uint64(b[24:])}
	ref = src.Ref(record.RefRecord, int64(binary.LittleEndian.Uint64(b[16:])))
	step := 16
	if f.compact {
		step = 4
	}
	missing := 0
	size := 0
	for items := b[entryHead:]; len(items) >= step && len(e.fields) < maxFields; items = items[step:] {
		var off int64
		if f.compact {
			off = int64(binary.LittleEndian.Uint32(items))
		} else if v := binary.LittleEndian.Uint64(items); v < maxFile {
			off = int64(v)
		}
		if off == 0 {
			continue
		}
		typ, _, d, err := f.object(off)
		if err != nil || typ != objectData {
			missing++
			continue
		}
		payload, err := f.payload(d)
		name, value, ok := bytes.Cut(payload, []byte("="))
		if err != nil || !ok || size > maxValue {
			missing++
			continue
		}
		size += len(payload)
		e.fields = append(e.fields, field{string(name), string(value)})
	}
	if missing > 0 {
		out.Problem(evidence.Problem{Name: "journal-data", Why: fmt.Sprintf("%d fields of an entry could not be read", missing), Ref: ref})
	}
	w.put(&e, ref)
}

// payload is the FIELD=value of a data object, unpacked.
func (f *file) payload(b []byte) ([]byte, error) {
	head := dataHead
	if f.compact {
		head += 8
	}
	if len(b) < head {
		return nil, errObject
	}
	p := b[head:]
	var err error
	switch b[1] & 7 {
	case 0:
	case 1:
		p, err = unpackXZ(p)
	case 2:
		p, err = unpackLZ4(p)
	case 4:
		p, err = f.zstd.DecodeAll(p, nil)
	default:
		return nil, errObject
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// unpackXZ reads one xz stream, at most maxValue bytes of it.
func unpackXZ(p []byte) ([]byte, error) {
	br := bufio.NewReader(bytes.NewReader(p))
	if err := collect.CheckXZ(br, 8<<20); err != nil { // journald asks for 1 MiB
		return nil, err
	}
	r, err := xz.ReaderConfig{DictCap: 1 << 20}.NewReader(br)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, maxValue))
}

// unpackLZ4 reads the length in eight bytes and one block.
func unpackLZ4(p []byte) ([]byte, error) {
	if len(p) < 8 {
		return nil, errObject
	}
	n := binary.LittleEndian.Uint64(p)
	if n > maxValue || n > uint64(len(p))*256 { // LZ4 packs 255 to 1 at best
		return nil, errObject
	}
	out := make([]byte, n)
	m, err := lz4.UncompressBlock(p[8:], out)
	return out[:max(m, 0)], err
}
