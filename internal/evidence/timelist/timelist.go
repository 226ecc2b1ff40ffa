// Package timelist reads lists of the times that a file system keeps: body
// files, as fls of The Sleuth Kit and other collectors write them
// (https://wiki.sleuthkit.org/index.php?title=Body_file), and the table of $MFT
// that MFTECmd writes. They hold what a copy of the files loses: creation, the
// change of the entry and, of NTFS, the times beside the name.
package timelist

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/evidence"
	"longwatch/internal/hostpath"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/textline"
)

// Format is body files and tables of $MFT.
var Format = evidence.Format{
	Name: "timelist", Sniff: sniff, Emits: []*record.Type{host.FileTimesType},
	New: func(f *evidence.File, _ *evidence.Env) evidence.Reader {
		return &reader{f: f, machine: hostpath.Host(f.Path)}
	},
}

// mftHeader begins every table of MFTECmd.
const mftHeader = "EntryNumber,SequenceNumber,InUse,ParentEntryNumber,"

func sniff(_ string, head []byte) evidence.Match {
	if bytes.HasPrefix(bytes.TrimPrefix(textline.DecodedHead(head), []byte("\ufeff")), []byte(mftHeader)) {
		return evidence.Sure
	}
	good, bad := 0, 0
	for _, line := range textline.Head(head) {
		if len(line) == 0 || line[0] == '#' {
			continue // other formats have comments too: the logs of Zeek begin with eight
		}
		if _, _, ok := parseBody(string(line)); ok {
			good++
		} else {
			bad++
		}
		if good+bad == 8 {
			break
		}
	}
	if good > bad {
		return evidence.Sure
	}
	return evidence.None
}

type reader struct {
	f       *evidence.File
	machine string
	columns map[string]int  // of a table; nil for a body file
	held    *host.FileTimes // of a body file: the line of its name may follow
}

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	sink := out.Lane()
	err := textline.Each(ctx, r.f, out, func(lines *textline.Reader) {
		line := strings.TrimPrefix(string(lines.Bytes()), "\ufeff")
		switch {
		case line == "" || line[0] == '#':
		case strings.HasPrefix(line, mftHeader):
			r.columns = map[string]int{}
			for i, name := range cells(line) {
				r.columns[name] = i
			}
		case r.columns != nil:
			r.row(line, lines, sink)
		default:
			r.body(line, lines, sink)
		}
	})
	r.flush(sink)
	return err
}

func (r *reader) flush(sink record.Sink) {
	if r.held != nil {
		sink.Put(r.held)
		r.held = nil
	}
}

// fileName is how fls marks the times beside a name.
const fileName = " ($FILE_NAME)"

// body reads a line of a body file.
func (r *reader) body(line string, lines *textline.Reader, sink record.Sink) {
	t, name, ok := parseBody(line)
	if !ok {
		lines.Bad("body-line", "not a line of a body file")
		return
	}
	if plain, of := strings.CutSuffix(name, fileName); of {
		if h := r.held; h != nil && entry(h.Inode) == entry(t.Inode) && h.Path == plain {
			h.NameCreated, h.NameWritten = t.Created, t.Modified
			r.flush(sink)
			return
		}
		name = plain
		t.NameCreated, t.NameWritten = t.Created, t.Modified
		t.Created, t.Modified, t.Accessed, t.Changed = 0, 0, 0, 0
		t.TS = t.NameCreated
	}
	r.flush(sink)
	t.Path, t.Host, t.Ref = name, r.machine, lines.Ref()
	r.held = t
}

// entry is the number of an entry, without those of the attribute that times
// were read from.
func entry(inode string) string {
	n, _, _ := strings.Cut(inode, "-")
	return n
}

// columnsOfBody are those of The Sleuth Kit 3 and later:
// MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime.
const columnsOfBody = 11

// parseBody takes a line apart. The name may hold the separator.
func parseBody(line string) (t *host.FileTimes, name string, ok bool) {
	parts := strings.Split(line, "|")
	n := len(parts)
	if n < columnsOfBody {
		return nil, "", false
	}
	name = strings.Join(parts[1:n-9], "|")
	tail := parts[n-9:]
	t = &host.FileTimes{Inode: tail[0], Source: "body"}
	if md5 := parts[0]; md5 != "0" && md5 != "" {
		if len(md5) != 32 || strings.Trim(strings.ToLower(md5), "0123456789abcdef") != "" {
			return nil, "", false
		}
		t.MD5 = strings.ToLower(md5)
	}
	size, err := strconv.ParseUint(tail[4], 10, 63)
	if err != nil || name == "" {
		return nil, "", false
	}
	t.Size = size
	for i, dst := range []*record.Time{&t.Accessed, &t.Modified, &t.Changed, &t.Created} {
		s := tail[5+i]
		if s == "" || s == "0" || s == "-1" {
			continue
		}
		at, err := record.ParseTime(s)
		if err != nil || strings.ContainsAny(s, "T:") {
			return nil, "", false
		}
		*dst = max(0, at)
	}
	for _, mark := range []string{" (deleted)", " (deleted-realloc)"} {
		if plain, of := strings.CutSuffix(strings.TrimSuffix(name, fileName), mark); of {
			t.Deleted = true
			if strings.HasSuffix(name, fileName) {
				plain += fileName
			}
			name = plain
		}
	}
	t.TS = t.Modified
	return t, name, true
}

// row reads a line of a table of $MFT.
func (r *reader) row(line string, lines *textline.Reader, sink record.Sink) {
	c := cells(line)
	get := func(name string) string {
		if i, ok := r.columns[name]; ok && i < len(c) {
			return c[i]
		}
		return ""
	}
	name := get("FileName")
	if name == "" || len(c) < len(r.columns) {
		lines.Bad("mft-line", "a line of the table lacks columns")
		return
	}
	if get("IsDirectory") == "True" || get("IsAds") == "True" {
		return
	}
	size, _ := strconv.ParseUint(get("FileSize"), 10, 63)
	t := &host.FileTimes{
		Host: r.machine, Path: strings.TrimPrefix(get("ParentPath"), ".") + `\` + name, Inode: get("EntryNumber") + "-" + get("SequenceNumber"), Size: size, Source: "mft",
		Deleted: get("InUse") == "False", Modified: stamp(get("LastModified0x10")), Accessed: stamp(get("LastAccess0x10")), Changed: stamp(get("LastRecordChange0x10")), Created: stamp(get("Created0x10")),
		NameCreated: stamp(get("Created0x30")), NameWritten: stamp(get("LastModified0x30")),
	}
	if t.NameCreated == 0 { // left out where both are the same
		t.NameCreated = t.Created
	}
	if t.NameWritten == 0 {
		t.NameWritten = t.Modified
	}
	t.TS, t.Ref = t.Modified, lines.Ref()
	sink.Put(t)
}

// stamp reads a time of the table, which is UTC; 0 for none.
func stamp(s string) record.Time {
	t, err := time.Parse("2006-01-02 15:04:05.9999999", s)
	if err != nil || t.Year() < 1970 || t.Year() > 2261 {
		return 0
	}
	return record.TimeOf(t)
}

// cells splits a line of comma-separated values (RFC 4180) that holds no line
// break.
func cells(line string) []string {
	var out []string
	for {
		if !strings.HasPrefix(line, `"`) {
			cell, rest, more := strings.Cut(line, ",")
			out = append(out, cell)
			if !more {
				return out
			}
			line = rest
			continue
		}
		var b strings.Builder
		i := 1
		for ; i < len(line); i++ {
			if line[i] == '"' {
				if i+1 < len(line) && line[i+1] == '"' {
					i++
				} else {
					break
				}
			}
			b.WriteByte(line[i])
		}
		out = append(out, b.String())
		_, rest, more := strings.Cut(line[min(i, len(line)):], ",")
		if !more {
			return out
		}
		line = rest
	}
}
