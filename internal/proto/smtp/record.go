package smtp

import (
	"net/netip"

	"longwatch/internal/record"
)

// Record is one mail transaction: the envelope, the main headers and the
// server's last word. Specification: RFC 5321, RFC 5322, RFC 3207.
type Record struct {
	record.Conn
	TransDepth     uint64       `rec:"trans_depth" ecs:"zeek.smtp.transaction_depth"`     // messages of the connection up to this one
	Helo           string       `rec:"helo" ecs:"zeek.smtp.helo"`                         // what the client calls itself
	MailFrom       string       `rec:"mailfrom" ecs:"zeek.smtp.mail_from" ent:"email"`    // sender of the envelope
	RcptTo         []string     `rec:"rcptto,set" ecs:"zeek.smtp.rcpt_to" ent:"email"`    // recipients of the envelope
	Date           string       `rec:"date" ecs:"zeek.smtp.date"`                         // header Date
	From           string       `rec:"from" ecs:"zeek.smtp.from"`                         // header From, as it stands
	To             []string     `rec:"to,set" ecs:"zeek.smtp.to"`                         // header To, address by address
	CC             []string     `rec:"cc,set" ecs:"zeek.smtp.cc"`                         // header Cc
	ReplyTo        string       `rec:"reply_to" ecs:"zeek.smtp.reply_to"`                 // header Reply-To
	MsgID          string       `rec:"msg_id" ecs:"zeek.smtp.msg_id"`                     // header Message-ID
	InReplyTo      string       `rec:"in_reply_to" ecs:"zeek.smtp.in_reply_to"`           // header In-Reply-To
	Subject        string       `rec:"subject" ecs:"zeek.smtp.subject"`                   // header Subject, not decoded
	Originating    netip.Addr   `rec:"x_originating_ip" ecs:"zeek.smtp.x_originating_ip"` // header that some webmail adds: whom it writes for
	FirstReceived  string       `rec:"first_received" ecs:"zeek.smtp.first_received"`     // header Received that the message got first
	SecondReceived string       `rec:"second_received" ecs:"zeek.smtp.second_received"`   // and the one after it
	LastReply      string       `rec:"last_reply" ecs:"zeek.smtp.last_reply"`             // the server's
	Path           []netip.Addr `rec:"path" ecs:"zeek.smtp.path"`                         // hosts that the message went through, latest first
	UserAgent      string       `rec:"user_agent" ecs:"zeek.smtp.user_agent"`             // header X-Mailer or User-Agent
	TLS            bool         `rec:"tls" ecs:"zeek.smtp.tls"`                           // the connection went on in TLS
	FUIDs          []string     `rec:"fuids" ecs:"zeek.smtp.fuids"`                       // parts in files
	Partial        bool         `rec:"-"`                                                 // the beginning of the connection is missing
}

// Type is the schema of Record.
var Type = record.Of[Record]("smtp")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this row: it reads no SMTP in
// connections whose beginning it did not see.
func (r *Record) BeyondZeek() bool { return r.Partial }
