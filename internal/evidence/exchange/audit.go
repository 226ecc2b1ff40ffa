package exchange

import (
	"encoding/json"
	"fmt"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/mail"
)

const maxItems = 256 // of one row; MailItemsAccessed groups what was read

// item is a message that a row is about.
type item struct {
	Subject           string
	InternetMessageID string `json:"InternetMessageId"`
	Attachments       string
	Path              string
	ParentFolder      struct{ Path string }
}

// row is what is read of the common schema and that of Exchange.
type row struct {
	CreationTime, Operation, Workload, ID string
	RecordType                            any
	UserID                                string `json:"UserId"`
	ClientIP, ClientIPAddress             string
	ClientInfoString                      string
	OriginatingServer                     string
	MailboxOwnerUPN                       string
	SendAsUserSmtp                        string
	SendOnBehalfOfUserSmtp                string
	ResultStatus                          string
	ObjectID                              string `json:"ObjectId"`
	Item                                  *item
	AffectedItems                         []item
	Folders                               []struct {
		Path        string
		FolderItems []item
	}
	Parameters []struct{ Name, Value string }
	AuditData  string
}

// operations are those about mailboxes, by what they do.
var operations = map[string]string{
	"mailitemsaccessed": mail.Accessed, "messagebind": mail.Accessed, "folderbind": mail.Accessed,
	"send": mail.Sent, "sendas": mail.Sent, "sendonbehalf": mail.Sent,
	"move": mail.Moved, "movetodeleteditems": mail.Moved, "softdelete": mail.Moved, "harddelete": mail.Moved, "copy": mail.Moved,
	"create": mail.Other, "update": mail.Other,
	"new-inboxrule": mail.Rule, "set-inboxrule": mail.Rule, "updateinboxrules": mail.Rule, "remove-inboxrule": mail.Rule, "enable-inboxrule": mail.Rule, "disable-inboxrule": mail.Rule,
	"set-mailbox": mail.Rule, "add-mailboxpermission": mail.Rule, "add-mailboxfolderpermission": mail.Rule, "new-transportrule": mail.Rule, "set-transportrule": mail.Rule,
}

// audit reads one row and makes a record for each message that it is about.
func (r *reader) audit(data []byte, at record.Ref, sink record.Sink, bad func()) {
	var x row
	if err := json.Unmarshal(data, &x); err != nil {
		bad()
		return
	}
	if x.AuditData != "" && x.Workload == "" {
		r.audit([]byte(x.AuditData), at, sink, bad)
		return
	}
	what, known := operations[strings.ToLower(x.Operation)]
	if !known || x.Workload != "" && !strings.EqualFold(x.Workload, "Exchange") {
		r.notMail++
		return
	}
	base := mail.Message{Event: what, Action: x.Operation, User: x.UserID, Host: "", Mailer: x.ClientInfoString, Status: x.ResultStatus}
	base.TS, base.Ref = timeOf(x.CreationTime), at
	if base.TS == 0 {
		bad()
		return
	}
	for _, s := range []string{x.ClientIPAddress, x.ClientIP} {
		if ip := addr(s); ip.IsValid() {
			base.Origin = ip
		}
	}
	if box := address(x.MailboxOwnerUPN); box != "" {
		base.RcptTo = []string{box}
		if what == mail.Sent {
			base.RcptTo, base.From = nil, box
		}
	}
	for _, s := range []string{x.SendAsUserSmtp, x.SendOnBehalfOfUserSmtp} {
		if a := address(s); a != "" {
			base.From = a
		}
	}
	if what == mail.Rule {
		x.rule(&base)
		sink.Put(&base)
		return
	}
	items := x.AffectedItems
	if x.Item != nil {
		items = append(items, *x.Item)
	}
	for _, f := range x.Folders {
		for _, i := range f.FolderItems {
			i.Path = f.Path
			items = append(items, i)
		}
	}
	if len(items) == 0 {
		sink.Put(&base)
		return
	}
	for n, i := range items {
		if n == maxItems {
			base.Status = fmt.Sprintf("and %d items more", len(items)-n)
			sink.Put(&base)
			return
		}
		m := base
		m.Subject, m.MessageID = i.Subject, strings.Trim(i.InternetMessageID, "<> ")
		for a := range strings.SplitSeq(i.Attachments, ";") { // "plan.zip (1234b); …"
			if name, _, _ := strings.Cut(strings.TrimSpace(a), " ("); name != "" && len(m.Attachments) < 64 {
				m.Attachments = append(m.Attachments, name)
			}
		}
		sink.Put(&m)
	}
}

// rule says what a rule or a change of a mailbox does; where it sends mail are
// its recipients.
func (x *row) rule(m *mail.Message) {
	var words []string
	for _, p := range x.Parameters {
		if len(words) < 32 {
			words = append(words, p.Name+"="+p.Value)
		}
		switch strings.ToLower(p.Name) {
		case "forwardto", "redirectto", "forwardasattachmentto", "forwardingsmtpaddress", "blindcopyto":
			for a := range strings.FieldsFuncSeq(p.Value, func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
				if a = address(strings.TrimPrefix(strings.ToLower(strings.Trim(a, `"[]`)), "smtp:")); a != "" && len(m.To) < 64 {
					m.To = append(m.To, a)
				}
			}
		}
	}
	m.Status = strings.Join(words, "; ")
	m.Status = strings.ToValidUTF8(m.Status[:min(len(m.Status), 1024)], "")
}
