// Package outlookmsg reads messages that Outlook saved (.msg): the properties
// and attachments of MS-OXMSG in a compound file (MS-CFB). A message is written
// anew as RFC 5322, with the headers that it came with where it has them, so
// that it is judged like any other.
package outlookmsg

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"longwatch/internal/evidence"
	"longwatch/internal/letter"
	"longwatch/internal/ole"
	"longwatch/internal/record"
	"longwatch/internal/record/mail"
)

// Format is .msg files.
var Format = evidence.Format{
	Name: "msg", Sniff: sniff, Emits: []*record.Type{mail.Type},
	New: func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
}

// maxFile bounds the file, attachments and all.
const maxFile = 256 << 20

// named are streams that only messages have, as the directory writes them.
var named = [][]byte{wide("__properties_version1.0"), wide("__nameid_version1.0"), wide("__substg1.0_")}

func wide(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func sniff(name string, head []byte) evidence.Match {
	if !bytes.HasPrefix(head, []byte(ole.Magic)) {
		return evidence.None
	}
	if strings.HasSuffix(strings.ToLower(name), ".msg") {
		return evidence.Sure
	}
	for _, n := range named {
		if bytes.Contains(head, n) {
			return evidence.Sure
		}
	}
	return evidence.None
}

type reader struct{ f *evidence.File }

// Read implements evidence.Reader.
func (r *reader) Read(_ context.Context, out evidence.Outlet) error {
	rc, err := r.f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = rc.Close() }()
	b, err := io.ReadAll(io.LimitReader(rc, maxFile+1))
	if err != nil {
		return fmt.Errorf("outlookmsg: %w: %w", evidence.ErrTruncated, err)
	}
	ref := r.f.Ref(record.RefFile, 0)
	if len(b) > maxFile {
		out.Problem(evidence.Problem{Name: "msg-too-long", Why: fmt.Sprintf("the file was read to %d bytes only", maxFile), Ref: ref, Bytes: int64(len(b) - maxFile)})
		b = b[:maxFile]
	}
	f, err := ole.Open(b)
	if err != nil {
		return fmt.Errorf("outlookmsg: %w: %w", evidence.ErrCorrupt, err)
	}
	c := &converter{f: f, left: maxFile}
	raw := c.message(f.Root(), 0)
	for _, why := range c.odd {
		out.Problem(evidence.Problem{Name: "msg-damaged", Why: why, Ref: ref})
	}
	m, err := letter.Read(raw)
	if err != nil {
		out.Problem(evidence.Problem{Name: "mail-damaged", Why: err.Error(), Ref: ref})
	}
	if m == nil {
		return fmt.Errorf("outlookmsg: %w: no property of a message", evidence.ErrCorrupt)
	}
	m.Ref = ref
	out.Lane().Put(m)
	return nil
}
