package attachment

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/ulikunitz/xz"
)

// listZip reads the central directory (APPNOTE.TXT 4.3.12).
func listZip(l *look, b []byte) list {
	var out list
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		out.partial = true
	}
	if z == nil {
		return out
	}
	for _, f := range z.File {
		if len(out.members) == maxListed {
			out.partial = true
			break
		}
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		m := member{name: f.Name, size: f.UncompressedSize64, locked: f.Flags&1 != 0}
		m.open = func(n int64) []byte {
			r, err := f.Open()
			if err != nil {
				return nil
			}
			defer func() { _ = r.Close() }()
			return l.read(r, n)
		}
		out.locked = out.locked || m.locked
		out.members = append(out.members, m)
	}
	return out
}

// read unpacks at most n bytes, as far as the budget goes.
func (l *look) read(r io.Reader, n int64) []byte {
	b, _ := io.ReadAll(io.LimitReader(r, min(n, l.left))) // damage ends what there is
	l.spend(int64(len(b)))
	return b
}

// single is the list of a format that packs one file, which may be a tar.
func (l *look) single(name string, r io.Reader, err error) list {
	if err != nil {
		return list{partial: true}
	}
	b := l.read(r, maxInner)
	if at(257, "ustar")(b) {
		return listTar(l, b)
	}
	return list{members: []member{{name: name, size: uint64(len(b)), open: func(n int64) []byte { return b[:min(n, int64(len(b)))] }}}, partial: len(b) == 0 || len(b) == maxInner}
}

func listGzip(l *look, b []byte) list {
	r, err := gzip.NewReader(bytes.NewReader(b))
	name := "unnamed"
	if err == nil && r.Name != "" {
		name = r.Name
	}
	return l.single(name, r, err)
}

func listBzip2(l *look, b []byte) list {
	return l.single("unnamed", bzip2.NewReader(bytes.NewReader(b)), nil)
}

func listXZ(l *look, b []byte) list {
	r, err := xz.ReaderConfig{DictCap: 8 << 20}.NewReader(bytes.NewReader(b))
	return l.single("unnamed", r, err)
}

func listTar(l *look, b []byte) list {
	var out list
	r := tar.NewReader(bytes.NewReader(b))
	for len(out.members) < maxListed {
		h, err := r.Next()
		if err != nil {
			out.partial = !errors.Is(err, io.EOF)
			return out
		}
		if h.Typeflag != tar.TypeReg || h.Size < 0 {
			continue
		}
		m := member{name: path.Clean(h.Name), size: uint64(h.Size)}
		if h.Size <= maxInner {
			inner := l.read(r, h.Size)
			m.open = func(n int64) []byte { return inner[:min(n, int64(len(inner)))] }
		}
		out.members = append(out.members, m)
	}
	out.partial = true
	return out
}
