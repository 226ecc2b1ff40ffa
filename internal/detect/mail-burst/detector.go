// Package mailburst finds a sender that nobody knew and that writes to many
// mailboxes of the organisation within an hour: a wave of lures, as the
// filter's log and the mailboxes show it.
package mailburst

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/domain"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/mail"
)

// Detector counts the recipients of new senders.
var Detector = detect.Spec{
	ID:         "mail-burst",
	Title:      "New sender writes to many mailboxes at once",
	Techniques: []attack.ID{"T1566"},
	New: func(env detect.Env) detect.Detector {
		return &bursts{own: env.OwnDomains, known: recent.New[string, burst](365*24*time.Hour, 1<<16)}
	},
}

const (
	least    = 20        // mailboxes: what a colleague invites at once is fewer
	window   = time.Hour // a wave is sent at once
	maxBoxes = 512
)

// burst is what one sender did, from its first message on.
type burst struct {
	first, last record.Time
	boxes       []string
	domains     []string // of the boxes
	refs        []record.Ref
	subject     string
	holds       []string // what the messages bring
	taken       int      // of those: how many mailboxes got it, by the log
	old         bool
	fails       bool
	origin      string
}

// bursts remembers, for a year, which senders wrote when first.
type bursts struct {
	own   []string
	known *recent.Map[string, burst]
}

// Handlers subscribes to all mail.
func (d *bursts) Handlers() []detect.Handler {
	return []detect.Handler{detect.On(d.message), detect.AtEnd(d.end)}
}

func (d *bursts) message(m *mail.Message, _ detect.Reporter) {
	from := m.From
	if from == "" {
		from = m.MailFrom
	}
	switch m.Event {
	case "", mail.Received, mail.Delivered, mail.Quarantined, mail.Rejected, mail.Deferred:
	default:
		return
	}
	if from == "" || m.List != "" && m.List != "bulk" || m.TS == 0 {
		return
	}
	b := d.known.At(from, m.TS)
	if b.first == 0 {
		b.first, b.subject = m.TS, m.Subject
	}
	if b.old || m.TS.Sub(b.first) > window {
		b.old = true
		return
	}
	own := domain.Registrable(domain.Of(from))
	for _, to := range m.Recipients() {
		r := domain.Registrable(domain.Of(to))
		if r == "" || r == own || len(d.own) > 0 && !slices.Contains(d.own, r) && !slices.Contains(d.own, domain.Of(to)) || slices.Contains(b.boxes, to) || len(b.boxes) == maxBoxes {
			continue
		}
		b.boxes = append(b.boxes, to)
		if m.Event == "" || m.Event == mail.Received || m.Event == mail.Delivered {
			b.taken++
		}
		if !slices.Contains(b.domains, r) && len(b.domains) < 8 {
			b.domains = append(b.domains, r)
		}
	}
	b.last = m.TS
	b.fails = b.fails || m.DMARC == "fail" || m.SPF == "fail"
	if m.Origin.IsValid() {
		b.origin = m.Origin.String()
	}
	for _, x := range slices.Concat(m.Attachments, m.LinkDomains) {
		if !slices.Contains(b.holds, x) && len(b.holds) < 4 {
			b.holds = append(b.holds, x)
		}
	}
	if !slices.Contains(b.refs, m.Ref) && len(b.refs) < 16 {
		b.refs = append(b.refs, m.Ref)
	}
}

// end reports the waves: only then are all their recipients known.
func (d *bursts) end(out detect.Reporter) {
	d.known.All(func(from string, b *burst) {
		if len(b.boxes) < least || len(b.domains) > 3 {
			return // to many organisations at once goes a newsletter, or what passes by on the wire
		}
		f := finding.Finding{
			Severity: finding.Low, Confidence: 45, Start: b.first, End: b.last, Refs: b.refs,
			Why: []string{finding.Because("%q, which never wrote before in this evidence, wrote to %d mailboxes of %s within %v, first with the subject %q", from, len(b.boxes), strings.Join(b.domains, ", "), b.last.Sub(b.first).Round(time.Second), b.subject)},
			Ask: []string{
				finding.Because("Ask some of the receivers, %q among them: do you know %q, and what did you do with the mail %q?", b.boxes[0], from, b.subject),
				"Ask who looks after the mail server: was the sender allowed, and can the mails be taken back?",
			},
			Entities: []record.Entity{{Kind: "email", Value: from, Role: "sender"}},
		}
		if b.taken < len(b.boxes) {
			f.Why = append(f.Why, finding.Because("%d of the mailboxes got it", b.taken))
		}
		if len(b.holds) > 0 {
			f.Confidence += 10
			f.Why = append(f.Why, finding.Because("it brings %q", strings.Join(b.holds, ", ")))
		}
		if b.fails {
			f.Severity, f.Confidence = finding.Medium, f.Confidence+10
			f.Why = append(f.Why, "the own server found that it is not from whom it says")
		}
		if b.origin != "" {
			f.Entities = append(f.Entities, record.Entity{Kind: "address", Value: b.origin, Role: "originator"})
		}
		for _, to := range b.boxes[:least] {
			f.Entities = append(f.Entities, record.Entity{Kind: "email", Value: to, Role: "recipient"})
		}
		out.Report(f)
	})
}
