// Package mailbox reads messages from EML files (RFC 5322), as Maildir keeps
// them too, from mbox files (RFC 4155) of all variants, and from Apple's EMLX,
// with their MIME parts (RFC 2045): who wrote to whom, the links of text and
// HTML, and what the attachments are.
package mailbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"longwatch/internal/evidence"
	"longwatch/internal/letter"
	"longwatch/internal/record"
	"longwatch/internal/record/mail"
	"longwatch/internal/textline"
)

// Format is EML and mbox.
var Format = evidence.Format{
	Name: "mail", Sniff: sniff, Emits: []*record.Type{mail.Type},
	New: func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
}

// maxMessage bounds one message, attachments and all. Longer ones are read to
// this length.
const maxMessage = 96 << 20

// known are headers of which a message has at least three.
var known = []string{
	"return-path", "received", "from", "to", "subject", "date", "message-id", "mime-version", "content-type", "delivered-to", "reply-to", "x-mailer", "dkim-signature", "cc",
}

func sniff(_ string, head []byte) evidence.Match {
	lines := textline.Head(head)
	if len(lines) == 0 {
		return evidence.None
	}
	mbox := bytes.HasPrefix(lines[0], []byte("From "))
	if mbox || isCount(lines[0]) {
		lines = lines[1:]
	}
	seen := map[string]bool{}
	for i, line := range lines {
		if len(line) == 0 || i == 64 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if i == 0 {
				return evidence.None
			}
			continue
		}
		name, _, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(name) == 0 || len(name) > 76 || bytes.ContainsAny(name, " \t") {
			return evidence.None
		}
		for _, k := range known {
			if strings.EqualFold(string(name), k) {
				seen[k] = true
			}
		}
	}
	if len(seen) >= 3 || mbox && len(seen) >= 2 {
		return evidence.Sure
	}
	return evidence.None
}

type reader struct{ f *evidence.File }

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	rc, err := r.f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = rc.Close() }()
	box := newBox(rc)
	sink := out.Lane()
	for n := 0; ; n++ {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		ref := r.f.Ref(record.RefLine, box.line+1)
		raw, lost, err := box.next()
		if lost > 0 {
			out.Problem(evidence.Problem{Name: "mail-too-long", Why: fmt.Sprintf("a message of more than %d bytes was read to that length only", maxMessage), Ref: ref, Bytes: lost})
		}
		if len(bytes.TrimSpace(raw)) > 0 {
			m, perr := letter.Read(raw)
			if perr != nil {
				out.Problem(evidence.Problem{Name: "mail-damaged", Why: perr.Error(), Ref: ref})
			}
			if m != nil {
				m.Ref = ref
				sink.Put(m)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("mailbox: message %d: %w: %w", n+1, evidence.ErrTruncated, err)
		}
	}
}
