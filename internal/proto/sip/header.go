package sip

import (
	"strconv"
	"strings"

	"longwatch/internal/record"
)

// header takes one header, its name in capitals. It returns the length of the
// body when the header tells it, else -1. Short names are those of RFC 3261
// section 7.3.3 that Zeek knows.
func (p *parser) header(reply bool, name, value string) int {
	r := p.rec
	switch name {
	case "CONTENT-LENGTH", "L":
		return p.contentLength(reply, value)
	case "CONTACT", "M":
		if !reply {
			r.Contact = value
		}
	case "SERVER":
		r.Server = value
	}
	if reply {
		p.replyHeader(name, value)
	} else {
		p.requestHeader(name, value)
	}
	return -1
}

// maxBody bounds what a length is believed of.
const maxBody = 1 << 20

func (p *parser) contentLength(reply bool, value string) int {
	n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 64)
	if err != nil {
		if reply {
			p.c.Weird("invalid_SIP_response_body_len", value)
		} else {
			p.c.Weird("invalid_SIP_request_body_len", value)
		}
		return 0
	}
	if reply {
		p.rec.ResponseLen = record.Some(n)
	} else {
		p.rec.RequestLen = record.Some(n)
	}
	return int(min(n, maxBody)) // #nosec G115 -- bounded
}

func (p *parser) requestHeader(name, value string) {
	r := p.rec
	switch name {
	case "CALL-ID":
		r.CallID = value
	case "CSEQ":
		r.Seq = value
	case "DATE":
		r.Date = value
	case "FROM", "F":
		r.RequestFrom = before(value, "tag=")
	case "REPLY-TO":
		r.ReplyTo = value
	case "SUBJECT", "S":
		r.Subject = value
	case "TO", "T":
		r.RequestTo = value
	case "USER-AGENT":
		r.UserAgent = value
	case "VIA", "V":
		if len(r.RequestPath) >= maxPath {
			p.c.Weird("sip_max_request_path_length_exceeded", "")
			return
		}
		r.RequestPath = append(r.RequestPath, before(value, "branch"))
	case "AUTHORIZATION", "PROXY-AUTHORIZATION":
		r.AuthUser = parameter(value, "username")
	}
}

func (p *parser) replyHeader(name, value string) {
	r := p.rec
	switch name {
	case "CONTENT-TYPE", "C":
		r.ContentType = value
	case "WARNING":
		r.Warning = value
	case "FROM", "F":
		r.ResponseFrom = before(value, "tag=")
	case "TO", "T":
		r.ResponseTo = value
	case "VIA", "V":
		if len(r.ResponsePath) >= maxPath {
			p.c.Weird("sip_max_response_path_length_exceeded", "")
			return
		}
		r.ResponsePath = append(r.ResponsePath, before(value, "branch"))
	}
}

// before is the part of a value in front of a parameter, which may have one
// blank behind its semicolon.
func before(value, param string) string {
	for i := 0; i < len(value); i++ {
		if value[i] == ';' && (strings.HasPrefix(value[i+1:], param) || strings.HasPrefix(value[i+1:], " "+param)) {
			return value[:i]
		}
	}
	return value
}

// parameter is the quoted value of a parameter of credentials.
func parameter(value, name string) string {
	_, rest, ok := strings.Cut(value, name+`="`)
	if !ok {
		return ""
	}
	s, _, _ := strings.Cut(rest, `"`)
	return s
}
