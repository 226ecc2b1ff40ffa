package smtp

import (
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/proto"
)

// Bounds of what one row holds.
const (
	maxAddresses = 1000 // each of the recipients, To and Cc; Zeek's bound
	maxPath      = 1000
	maxFUIDs     = 1000
)

// session makes the rows of the log in the way Zeek's scripts do.
type session struct {
	c          *proto.Conn
	row        *Record
	helo       string
	messages   uint64
	entities   uint64 // parts of all messages, which number files
	acted      bool   // the client did something for the row
	headers    bool   // those that come belong to the row
	parts      int    // of the row's message
	mail, rcpt bool   // the transaction has a sender, and recipients
	last       bool   // the last chunk of a message was announced
	invalid    int
	partial    bool
}

func (s *session) open() *Record {
	if s.row == nil {
		s.row = &Record{Conn: s.c.Head(), TransDepth: s.messages + 1, Helo: s.helo, Partial: s.partial, Path: []netip.Addr{s.c.ID.RespH, s.c.ID.OrigH}}
		s.acted, s.headers, s.parts = false, true, 0
	}
	return s.row
}

// write ends the row, if it holds something.
func (s *session) write() {
	if s.row != nil && s.acted {
		s.c.Emit(s.row)
		s.row = nil
		s.open()
	}
}

// request follows a command.
func (s *session) request(cmd, arg string) error {
	r := s.open()
	switch {
	case cmd == "HELO" || cmd == "EHLO":
		s.helo, r.Helo = arg, arg
	case cmd == "RCPT" && hasPrefixFold(arg, "TO:"):
		for _, a := range envelope(arg) {
			r.RcptTo = s.add(r.RcptTo, strings.ReplaceAll(strings.ReplaceAll(a, "ORCPT=rfc822;", ""), "ORCPT=rfc822", ""), "smtp_too_many_rcptto_addresses")
		}
		s.acted, s.rcpt = true, true
		if !s.mail {
			return s.outOfOrder("rcpt to missing mail from")
		}
	case cmd == "MAIL" && hasPrefixFold(arg, "FROM:"):
		s.write() // what was not acknowledged
		r = s.open()
		if list := envelope(arg); len(list) > 0 {
			r.MailFrom = list[0]
		}
		s.acted, s.mail, s.rcpt = true, true, false
	case cmd == "DATA" || cmd == "BDAT":
		rcpt := s.rcpt
		if cmd == "BDAT" && strings.HasSuffix(arg, " LAST") {
			s.mail, s.rcpt, s.last = false, false, true
		}
		if !rcpt {
			return s.outOfOrder("data missing rcpt to")
		}
	case cmd == cmdEnd:
		s.mail, s.rcpt = false, false
	}
	return nil
}

// outOfOrder counts a transaction that lacks a command before.
func (s *session) outOfOrder(what string) error {
	s.c.Weird("smtp_mail_transaction_invalid", what)
	if s.invalid++; s.invalid > maxInvalid {
		return errInvalid
	}
	return nil
}

// add puts v into a set.
func (s *session) add(set []string, v, weird string) []string {
	if len(set) >= maxAddresses {
		s.c.Weird(weird, "")
		return set
	}
	if slices.Contains(set, v) {
		return set
	}
	return append(set, v)
}

// reply follows a line of a reply; the row ends with the one to a message.
func (s *session) reply(cmd, text string, more bool) {
	s.open().LastReply = text
	if cmd == cmdEnd || !more && cmd == "BDAT" && s.last {
		s.messages++
		s.last = false
		s.write()
		s.row = nil
		s.open()
	}
}

// secure marks the row: the rest is encrypted.
func (s *session) secure() {
	s.open().TLS = true
	s.acted = true
}

func (s *session) close() {
	s.write()
	s.row = nil
}

// begin counts a part of a message. Headers belong to the row up to the second.
func (s *session) begin() {
	s.entities++
	s.open()
	if s.parts++; s.parts > 1 {
		s.headers = false
	}
}

// header takes a header of the message.
func (s *session) header(name, value string) {
	if s.row == nil || !s.headers {
		return
	}
	r := s.row
	switch strings.ToUpper(name) {
	case "MESSAGE-ID":
		r.MsgID = value
	case "RECEIVED":
		if r.FirstReceived != "" {
			r.SecondReceived = r.FirstReceived
		}
		r.FirstReceived = value
		s.hop(value)
	case "IN-REPLY-TO":
		r.InReplyTo = value
	case "SUBJECT":
		r.Subject = value
	case "FROM":
		r.From = value
	case "REPLY-TO":
		r.ReplyTo = value
	case "DATE":
		r.Date = value
	case "TO":
		for _, a := range list(value) {
			r.To = s.add(r.To, a, "smtp_too_many_to_addresses")
		}
	case "CC":
		for _, a := range list(value) {
			r.CC = s.add(r.CC, a, "smtp_too_many_cc_addresses")
		}
	case "X-ORIGINATING-IP":
		if a := addrs(value, false); len(a) > 0 {
			r.Originating = a[0]
		}
	case "X-MAILER", "USER-AGENT", "X-USER-AGENT":
		r.UserAgent = value
	}
}

// hop adds the host of a Received header to the path: the second address of
// several, as the first is often what the client called itself.
func (s *session) hop(value string) {
	a := addrs(value, true)
	if len(a) == 0 {
		return
	}
	ip := a[min(1, len(a)-1)]
	switch path := s.row.Path; {
	case path[len(path)-1] == ip:
	case len(path) >= maxPath:
		s.c.Weird("smtp_max_path_length_exceeded", "")
	default:
		s.row.Path = append(path, ip)
	}
}

// file adds a part that files has.
func (s *session) file(fuid string) {
	if r := s.open(); !r.TLS && len(r.FUIDs) < maxFUIDs {
		r.FUIDs = append(r.FUIDs, fuid)
	}
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
