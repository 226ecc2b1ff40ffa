// Package exchange reads what Exchange and Exchange Online log of mail: message
// tracking logs of a server (CSV with #Fields), message traces (CSV as the admin
// centre and Get-MessageTrace export them), and the rows of the unified audit log
// about mailboxes (CSV with AuditData, or its JSON).
//
//	https://learn.microsoft.com/exchange/mail-flow/transport-logs/message-tracking
//	https://learn.microsoft.com/exchange/monitoring/trace-an-email-message/message-trace-modern-eac
//	https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema
package exchange

import (
	"bytes"
	"context"
	"encoding/csv"
	"strings"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
	"longwatch/internal/record/mail"
	"longwatch/internal/textline"
)

// Format is the logs of Exchange.
var Format = evidence.Format{
	Name: "exchange", Sniff: sniff, Emits: []*record.Type{mail.Type},
	New: func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
}

const (
	maxColumns = 256
	maxRow     = 1 << 20 // bytes of a row that runs over several lines
	maxLines   = 1024    // and how many
)

func sniff(_ string, head []byte) evidence.Match {
	for _, line := range textline.Head(head) {
		if len(line) == 0 {
			continue
		}
		if line[0] == '#' {
			if bytes.Contains(line, []byte("Message Tracking Log")) {
				return evidence.Sure
			}
			if f, ok := bytes.CutPrefix(line, []byte("#Fields:")); ok && newColumns(strings.Split(string(f), ",")).mail() {
				return evidence.Sure
			}
			continue
		}
		if t := bytes.TrimLeft(line, " [\t"); len(t) == 0 || t[0] == '{' {
			has := func(key string) bool { return bytes.Contains(head, []byte(`"`+key+`"`)) }
			if has("Workload") && has("Operation") && has("RecordType") && (has("CreationTime") || has("UserType")) {
				return evidence.Sure
			}
			return evidence.None
		}
		if row, err := parseRow(string(line)); err == nil && newColumns(row).mail() {
			return evidence.Sure
		}
		return evidence.None
	}
	return evidence.None
}

type reader struct {
	f       *evidence.File
	columns *columns
	notMail int64
}

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	sink := out.Lane()
	var pending []byte
	var at record.Ref
	held := 0
	err := textline.Each(ctx, r.f, out, func(lines *textline.Reader) {
		line := lines.Bytes()
		if len(pending) == 0 && line[0] == '#' {
			if f, ok := bytes.CutPrefix(line, []byte("#Fields:")); ok {
				r.columns = newColumns(strings.Split(string(f), ","))
			}
			return
		}
		if len(pending) == 0 && r.columns == nil {
			if t := bytes.Trim(line, " \t[],"); len(t) == 0 || t[0] == '{' {
				if len(t) > 0 {
					r.audit(t, lines.Ref(), sink, func() { lines.Bad("exchange-json", "neither a row of the audit log nor one of its items") })
				}
				return
			}
		}
		if len(pending) == 0 {
			at, held = lines.Ref(), 0
		}
		pending = append(pending, line...)
		if held++; bytes.Count(pending, []byte(`"`))%2 == 1 { // a quoted value runs over the end of the line
			if len(pending) < maxRow && held < maxLines {
				pending = append(pending, '\n')
				return
			}
			lines.Bad("exchange-row", "a quoted value does not end")
			pending = pending[:0]
			return
		}
		row, err := parseRow(string(pending))
		pending = pending[:0]
		if err != nil {
			lines.Bad("exchange-row", err.Error())
			return
		}
		if r.columns == nil {
			if r.columns = newColumns(row); !r.columns.mail() {
				lines.Bad("exchange-columns", "no columns of a tracking log, a message trace or an audit log")
			}
			return
		}
		r.row(row, at, sink, lines)
	})
	if len(pending) > 0 {
		out.Problem(evidence.Problem{Name: "exchange-row", Why: "the file ends in a quoted value", Ref: at, Bytes: int64(len(pending))})
	}
	if r.notMail > 0 {
		out.Count(r.f.Path, "rows_not_about_mail", r.notMail)
	}
	return err
}

func parseRow(line string) ([]string, error) {
	c := csv.NewReader(strings.NewReader(line))
	c.LazyQuotes, c.FieldsPerRecord = true, -1
	return c.Read()
}

func (r *reader) row(row []string, at record.Ref, sink record.Sink, lines *textline.Reader) {
	if data := r.columns.get(row, "auditdata"); data != "" {
		r.audit([]byte(data), at, sink, func() { lines.Bad("exchange-json", "AuditData is no JSON") })
		return
	}
	for _, m := range r.columns.messages(row) {
		if m.TS == 0 {
			lines.Bad("exchange-time", "no time that is understood")
			return
		}
		m.Ref = at
		sink.Put(m)
	}
}
