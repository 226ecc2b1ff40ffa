package collect

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
)

// errBomb ends a member that expands beyond the limits.
var errBomb = errors.New("expands like a decompression bomb: stopped here; if it is genuine, unpack it and name the folder")

// budget counts what one top-level archive expands to.
type budget struct {
	limits Limits
	input  int64 // size of the top-level file
	output int64
}

// spent tells whether the archive as a whole has expanded too far: many
// members that each stay below the limit are a bomb too.
func (b *budget) spent() bool {
	return b.output > b.limits.Total || b.output > b.limits.Free && b.output/b.limits.Ratio > b.input
}

// meter counts a member's output against the budget.
type meter struct {
	r  io.Reader
	b  *budget
	n  int64
	in int64 // compressed size of this member, or of the whole file
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	m.b.output += int64(n)
	if m.n > m.b.limits.Free && m.n/m.b.limits.Ratio > m.in || m.b.spent() {
		return n, errBomb
	}
	return n, err
}

// Unpack hands the members of f to v. head are its first 512 bytes, or all that
// there are, and Packed; r reads it, whose size is known, from its beginning.
func (w *Walker) Unpack(ctx context.Context, v Visitor, f *evidence.File, head []byte, r interface {
	io.Reader
	io.ReaderAt
}) {
	w.expand(ctx, v, containerOf(head), f, r, r, &budget{limits: w.Limits, input: f.Size}, 1)
}

// expand walks into an archive that is read from r. ra gives random access
// where there is one; zip needs it.
func (w *Walker) expand(ctx context.Context, v Visitor, kind container, f *evidence.File, r io.Reader, ra io.ReaderAt, b *budget, depth int) {
	if depth > w.Limits.Depth {
		v.Skipped(f.Path, fmt.Sprintf("archive within archives more than %d deep, not opened", w.Limits.Depth), f.Size, true)
		return
	}
	var err error
	switch kind {
	case zipFile:
		err = w.expandZip(ctx, v, f, ra, b, depth)
	case tarFile:
		err = w.expandTar(ctx, v, f, r, b, depth)
	default:
		err = w.expandStream(ctx, v, kind, f, r, b, depth)
	}
	if err != nil && ctx.Err() == nil {
		v.Skipped(f.Path+"!", "archive could not be read to its end: "+err.Error(), 0, true)
	}
}

func (w *Walker) expandZip(ctx context.Context, v Visitor, f *evidence.File, ra io.ReaderAt, b *budget, depth int) error {
	zr, err := zip.NewReader(ra, f.Size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names open nothing here
		return err
	}
	zr.RegisterDecompressor(methodBzip2, func(r io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(r)) })
	zr.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor(zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20), zstd.WithDecoderMaxWindow(maxDictionary)))
	for i, m := range zr.File {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if b.spent() {
			return errBomb
		}
		if int64(i) >= w.Limits.Member {
			return fmt.Errorf("more than %d members", w.Limits.Member)
		}
		if m.FileInfo().IsDir() {
			continue
		}
		name, base := memberPath(f, m.Name)
		if m.Flags&1 != 0 {
			v.Skipped(name, "encrypted member: its name and size are known, its content is not", int64(m.UncompressedSize64), true)
			continue
		}
		rc, err := m.Open()
		if err != nil {
			v.Skipped(name, "cannot be unpacked: "+err.Error(), int64(m.UncompressedSize64), true)
			continue
		}
		in := min(m.CompressedSize64, uint64(max(f.Size, 0))) // what is claimed beyond the archive is a lie
		w.member(ctx, v, &evidence.File{
			Path: name, Name: base, Size: int64(m.UncompressedSize64), Modified: modified(m.Modified),
		}, &meter{r: rc, b: b, in: int64(in)}, b, depth)
		_ = rc.Close()
	}
	return nil
}

func (w *Walker) expandTar(ctx context.Context, v Visitor, f *evidence.File, r io.Reader, b *budget, depth int) error {
	br := bufio.NewReaderSize(r, 1<<20)
	tr := tar.NewReader(br)
	for i := int64(0); ; i++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, br) // a compressed archive may be cut behind the last member
			return err
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if i >= w.Limits.Member {
			return fmt.Errorf("more than %d members", w.Limits.Member)
		}
		name, base := memberPath(f, h.Name)
		switch h.Typeflag {
		case tar.TypeDir, tar.TypeXGlobalHeader:
			continue
		case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		case tar.TypeSymlink:
			if l, ok := v.(Linker); ok {
				l.Link(name, h.Linkname, modified(h.ModTime))
			}
			v.Skipped(name, fmt.Sprintf("symbolic link to %q", h.Linkname), 0, false)
			continue
		default:
			v.Skipped(name, "not a regular file in the archive", 0, false)
			continue
		}
		w.member(ctx, v, &evidence.File{
			Path: name, Name: base, Size: h.Size, Modified: modified(h.ModTime),
		}, &meter{r: tr, b: b, in: b.input}, b, depth)
	}
}

// decompress begins to read a single compressed stream. The caller closes what
// it gets.
func decompress(kind container, r io.Reader) (io.ReadCloser, error) {
	br := bufio.NewReaderSize(r, 1<<20)
	switch kind {
	case gzipFile:
		return gzip.NewReader(br)
	case zstdFile:
		zr, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20), zstd.WithDecoderMaxWindow(maxDictionary))
		if err != nil {
			return nil, err
		}
		return zr.IOReadCloser(), nil
	case xzFile:
		if err := CheckXZ(br, maxDictionary); err != nil {
			return nil, err
		}
		xr, err := xz.ReaderConfig{DictCap: 8 << 20}.NewReader(br)
		return io.NopCloser(xr), err
	case bzip2File:
		return io.NopCloser(bzip2.NewReader(br)), nil
	case notContainer, zipFile, tarFile: // not a single stream: expand has others for them
	}
	return nil, fmt.Errorf("collect: %d is not a compressed stream", kind)
}

// expandStream opens a single compressed file: log.gz holds log.
func (w *Walker) expandStream(ctx context.Context, v Visitor, kind container, f *evidence.File, r io.Reader, b *budget, depth int) error {
	dr, err := decompress(kind, r)
	if err != nil {
		return err
	}
	defer func() { _ = dr.Close() }()
	name := strings.TrimSuffix(f.Name, path.Ext(f.Name))
	if ext := strings.ToLower(path.Ext(f.Name)); ext == ".tgz" || ext == ".txz" || ext == ".tzst" {
		name += ".tar"
	}
	m := &evidence.File{Path: f.Path + "!" + name, Name: name, Size: -1, Modified: f.Modified, Stream: f.Stream}
	if f.Reopen != nil {
		m.Reopen = func() (io.ReadCloser, error) { return w.reopen(kind, f, b.input) }
	}
	w.member(ctx, v, m, &meter{r: dr, b: b, in: b.input}, b, depth)
	return nil
}

// reopen reads a compressed file once more, within the same limits.
func (w *Walker) reopen(kind container, f *evidence.File, input int64) (io.ReadCloser, error) {
	file, err := f.Reopen()
	if err != nil {
		return nil, err
	}
	dr, err := decompress(kind, file)
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	b := &budget{limits: w.Limits, input: input}
	return &reopened{meter{r: dr, b: b, in: input}, dr, file}, nil
}

// reopened closes the decompressor and the file below it.
type reopened struct {
	meter
	dr, file io.Closer
}

func (r *reopened) Close() error { return errors.Join(r.dr.Close(), r.file.Close()) }

// methodBzip2 is bzip2 in a zip file (APPNOTE 4.4.5).
const methodBzip2 = 12

// maxDictionary is the largest window that a compressed stream may ask for:
// that of "xz -9" and "zstd --ultra -22".
const maxDictionary = 128 << 20

// modified is a member's time, 0 where the archive keeps none, which zip
// writes as day and month zero of 1980, or where no clock could have shown it.
func modified(t time.Time) record.Time {
	if y, m, d := t.Date(); y < 1970 || y > 2261 || y == 1979 && m == time.November && d == 30 {
		return 0
	}
	return record.TimeOf(t)
}

// memberPath is how a member is cited, and the last element of its own name.
// Names are the archive's words: they are shown, never used to open anything.
func memberPath(f *evidence.File, name string) (cited, base string) {
	name = strings.ToValidUTF8(strings.ReplaceAll(name, "\\", "/"), "\uFFFD")
	return f.Path + "!" + name, path.Base(name)
}

// maxMemory is how much of a nested zip is kept in memory rather than spooled.
const maxMemory = 64 << 20

// member hands over one member, and looks into it when it is an archive.
func (w *Walker) member(ctx context.Context, v Visitor, f *evidence.File, r io.Reader, b *budget, depth int) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, _ := br.Peek(512)
	kind := containerOf(head)
	switch kind {
	case notContainer:
		f.Open = func() (io.ReadCloser, error) { return io.NopCloser(br), nil }
		name := closedName(head)
		v.File(ctx, f)
		if name != "" {
			w.closedAs(v, f, name)
		}
	case zipFile:
		w.nestedZip(ctx, v, f, br, b, depth)
	default:
		w.expand(ctx, v, kind, f, br, nil, b, depth+1)
	}
}

// closed says so when a file is a container that is not opened.
func (w *Walker) closed(v Visitor, f *evidence.File, head []byte) {
	if name := closedName(head); name != "" {
		w.closedAs(v, f, name)
	}
}

func (w *Walker) closedAs(v Visitor, f *evidence.File, name string) {
	v.Skipped(f.Path+"!", name+", not opened: unpack it and name the folder", 0, true)
}

// nestedZip gives a zip within an archive the random access that it needs.
func (w *Walker) nestedZip(ctx context.Context, v Visitor, f *evidence.File, r io.Reader, b *budget, depth int) {
	data, err := io.ReadAll(io.LimitReader(r, maxMemory+1))
	if err != nil {
		v.Skipped(f.Path, "cannot be unpacked: "+err.Error(), f.Size, true)
		return
	}
	if len(data) <= maxMemory {
		f.Size = int64(len(data))
		f.Open = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		v.File(ctx, f)
		w.expand(ctx, v, zipFile, f, nil, bytes.NewReader(data), b, depth+1)
		return
	}
	if err := os.MkdirAll(w.Spool, 0o750); err != nil {
		v.Skipped(f.Path, "no room to unpack: "+err.Error(), f.Size, true)
		return
	}
	tmp, err := os.CreateTemp(w.Spool, "nested-*.zip")
	if err != nil {
		v.Skipped(f.Path, "no room to unpack: "+err.Error(), f.Size, true)
		return
	}
	defer func() {
		_ = tmp.Close()
		_ = os.Remove(tmp.Name())
	}()
	n, err := io.Copy(tmp, io.MultiReader(bytes.NewReader(data), r))
	if err != nil {
		v.Skipped(f.Path, "cannot be unpacked: "+err.Error(), f.Size, true)
		return
	}
	f.Size = n
	f.Open = func() (io.ReadCloser, error) {
		_, err := tmp.Seek(0, io.SeekStart)
		return io.NopCloser(tmp), err
	}
	v.File(ctx, f)
	w.expand(ctx, v, zipFile, f, nil, tmp, b, depth+1)
}
