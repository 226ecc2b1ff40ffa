// Package mail holds messages as a mail store, the wire or the log of a mail
// server knows them.
package mail

import (
	"net/netip"

	"longwatch/internal/record"
)

// What happened to a message, as Event says it. A message that was read itself
// has no event; the others are from logs, which know its envelope only.
const (
	Received    = "received"    // taken from another host
	Delivered   = "delivered"   // put into a mailbox
	Relayed     = "relayed"     // handed to another host
	Deferred    = "deferred"    // to be tried again
	Bounced     = "bounced"     // returned to the sender
	Rejected    = "rejected"    // not taken
	Quarantined = "quarantined" // kept back by a filter
	Sent        = "sent"        // given by a user to be sent
	Accessed    = "accessed"    // read by a user or a program
	Moved       = "moved"       // put into another folder, or deleted
	Rule        = "rule"        // not a message: a rule of a mailbox was made or changed
	Other       = "other"       // what the log calls by a name of its own: see Action
)

// Message is one message (RFC 5322) with its parts (RFC 2045) summarised, or
// what a mail server's log says of one.
type Message struct {
	record.Head
	UID         string              `rec:"uid"`                                                      // connection that carried the message; unset for one from a mail store
	Event       string              `rec:"event" ecs:"event.action"`                                 // what a log says happened to the message; unset for a message that was read itself
	Action      string              `rec:"action" ecs:"event.code"`                                  // the log's own word for it
	Host        string              `rec:"host" ecs:"host.name" ent:"host"`                          // mail server whose log says so
	QueueID     string              `rec:"queue_id" ecs:"email.local_id"`                            // the server's own id of the message
	MessageID   string              `rec:"message_id" ecs:"email.message_id"`                        // Message-ID header, without its brackets
	InReplyTo   []string            `rec:"in_reply_to"`                                              // ids of In-Reply-To and References, without brackets, at most 32
	MailFrom    string              `rec:"mailfrom" ent:"email"`                                     // sender of the envelope, as Return-Path or a log has it, lower case
	From        string              `rec:"from" ecs:"email.from.address" ent:"email,sender"`         // address, lower case
	FromName    string              `rec:"from_name"`                                                // display name, decoded
	Sender      string              `rec:"sender" ecs:"email.sender.address" ent:"email"`            // address of the Sender header, lower case
	ReplyTo     string              `rec:"reply_to" ecs:"email.reply_to.address" ent:"email"`        // address of the Reply-To header
	To          []string            `rec:"to" ecs:"email.to.address" ent:"email,recipient"`          // To, Cc and Bcc; of a log, the recipients of the envelope
	RcptTo      []string            `rec:"rcptto"`                                                   // mailboxes that got it, as Delivered-To and its like, the newest Received or a log say
	Subject     string              `rec:"subject" ecs:"email.subject"`                              // decoded
	Mailer      string              `rec:"mailer" ecs:"email.x_mailer"`                              // X-Mailer or User-Agent header
	List        string              `rec:"list"`                                                     // List-Id header, or "bulk" where there is only a List-Unsubscribe or Precedence
	User        string              `rec:"user" ecs:"user.name" ent:"user"`                          // who did it, of a log that knows
	Status      string              `rec:"status"`                                                   // what the log says of the outcome: a reply, a reason
	Size        record.Opt[uint64]  `rec:"size"`                                                     // bytes, as the log says
	Received    []string            `rec:"received"`                                                 // hosts and addresses of the Received chain, newest first
	Path        []netip.Addr        `rec:"path"`                                                     // addresses of the chain that could be read, newest first
	Origin      netip.Addr          `rec:"origin" ecs:"source.ip" ent:"address,originator"`          // first host outside the receiving organisation: who handed the message in
	OriginHost  string              `rec:"origin_host" ecs:"source.domain"`                          // its name: from reverse look-up where the server had one, else what it called itself
	TransitTime record.Opt[float64] `rec:"transit_time"`                                             // seconds between the oldest and the newest time of the chain
	AuthServer  string              `rec:"auth_server"`                                              // whose Authentication-Results (RFC 8601) are believed; unset when there are none of the receiving side
	SPF         string              `rec:"spf"`                                                      // its result: pass, fail, softfail, neutral, none, temperror, permerror
	DKIM        string              `rec:"dkim"`                                                     // its result; pass when one of the signatures passes
	DMARC       string              `rec:"dmarc"`                                                    // its result
	ARC         string              `rec:"arc"`                                                      // its result
	SPFDomain   string              `rec:"spf_domain"`                                               // domain that SPF was asked for
	DKIMDomains []string            `rec:"dkim_domains,set"`                                         // domains whose signatures pass
	URLs        []string            `rec:"urls" ecs:"url.full" ent:"url"`                            // from text and HTML bodies, at most 256
	LinkDomains []string            `rec:"link_domains,set" ent:"domain"`                            // domains that its links lead to, also through redirectors that name their target
	Deceptions  []string            `rec:"deceptions"`                                               // links whose text is the address of another site: "shown -> target"
	Text        string              `rec:"text"`                                                     // first 4 KiB of readable body text
	Attachments []string            `rec:"attachments" ecs:"email.attachments.file.name" ent:"file"` // names of its attachments
	Hashes      []string            `rec:"attachment_sha256" ent:"hash"`                             // in the order of Attachments
	Members     []string            `rec:"attachment_members"`                                       // what archives among them hold, as archive!member, at most 64
	Traits      []string            `rec:"traits,set"`                                               // what attachments are: see package content
	Signs       []string            `rec:"signs,set"`                                                // what in the message itself may deceive: see package letter
}

// Type is the schema of Message.
var Type = record.Of[Message]("mail")

// BeyondZeek tells that Zeek has no log of messages: one from the wire is left
// out of what stands for its logs.
func (m *Message) BeyondZeek() bool { return m.UID != "" }

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// Recipients are those of the envelope where they are known, else those of the
// headers.
func (m *Message) Recipients() []string {
	if len(m.RcptTo) > 0 {
		return m.RcptTo
	}
	return m.To
}
