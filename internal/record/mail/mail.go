// Package mail holds messages as a mail store or the wire carried them.
package mail

import "longwatch/internal/record"

// Message is one message (RFC 5322) with its parts (RFC 2045) summarised.
type Message struct {
	record.Head
	UID         string   `rec:"uid"`                                                      // connection that carried the message; unset for one from a mail store
	MessageID   string   `rec:"message_id" ecs:"email.message_id"`                        // Message-ID header, without its brackets
	From        string   `rec:"from" ecs:"email.from.address" ent:"email,sender"`         // address, lower case
	FromName    string   `rec:"from_name"`                                                // display name, decoded
	ReplyTo     string   `rec:"reply_to" ecs:"email.reply_to.address" ent:"email"`        // address of the Reply-To header
	To          []string `rec:"to" ecs:"email.to.address" ent:"email,recipient"`          // To, Cc and Bcc
	Subject     string   `rec:"subject" ecs:"email.subject"`                              // decoded
	Received    []string `rec:"received"`                                                 // hosts and addresses of the Received chain, newest first
	URLs        []string `rec:"urls" ecs:"url.full" ent:"url"`                            // from text and HTML bodies, at most 256
	LinkDomains []string `rec:"link_domains,set" ent:"domain"`                            // domains that its links lead to
	Text        string   `rec:"text"`                                                     // first 4 KiB of readable body text
	Attachments []string `rec:"attachments" ecs:"email.attachments.file.name" ent:"file"` // names of its attachments
	Hashes      []string `rec:"attachment_sha256" ent:"hash"`                             // in the order of Attachments
	Traits      []string `rec:"traits,set"`                                               // what attachments are: see package content
}

// Type is the schema of Message.
var Type = record.Of[Message]("mail")

// BeyondZeek tells that Zeek has no log of messages: one from the wire is left
// out of what stands for its logs.
func (m *Message) BeyondZeek() bool { return m.UID != "" }

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }
