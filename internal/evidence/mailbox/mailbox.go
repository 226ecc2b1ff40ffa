// Package mailbox reads messages from EML files (RFC 5322) and mbox files (RFC
// 4155), with their MIME parts (RFC 2045): who wrote to whom, the links of
// text and HTML, and what the attachments are.
package mailbox

import (
	"bufio"
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
	if mbox {
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
	br := bufio.NewReaderSize(rc, 256<<10)
	sink := out.Lane()
	start, _ := br.Peek(5)
	mbox := bytes.Equal(start, []byte("From "))
	line := int64(0)
	for n := 0; ; n++ {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		at := line + 1
		raw, lines, lost, err := nextMessage(br, mbox)
		line += lines
		ref := r.f.Ref(record.RefLine, at)
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

// nextMessage reads up to the next separator line of an mbox, or all there is.
// It returns the message without its separator, the lines it took and the
// bytes beyond maxMessage.
func nextMessage(br *bufio.Reader, mbox bool) (raw []byte, lines, lost int64, err error) {
	blank, fresh := true, true
	for {
		if mbox && !fresh && blank {
			if next, _ := br.Peek(5); bytes.Equal(next, []byte("From ")) {
				return raw, lines, lost, nil
			}
		}
		part, rerr := br.ReadSlice('\n')
		whole := !errors.Is(rerr, bufio.ErrBufferFull)
		if whole && len(part) > 0 {
			lines++
		}
		switch {
		case mbox && fresh && bytes.HasPrefix(part, []byte("From ")):
		case len(raw)+len(part) > maxMessage:
			lost += int64(len(part))
		default:
			if mbox && bytes.HasPrefix(part, []byte(">")) && bytes.HasPrefix(bytes.TrimLeft(part, ">"), []byte("From ")) {
				part = part[1:] // mboxrd quoting
			}
			raw = append(raw, part...)
		}
		blank = len(bytes.TrimRight(part, "\r\n")) == 0 && whole
		fresh = false
		if rerr != nil && whole {
			return raw, lines, lost, rerr
		}
	}
}
