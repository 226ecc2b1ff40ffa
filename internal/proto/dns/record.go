package dns

import (
	"net/netip"
	"time"

	"longwatch/internal/record"
)

// Message is one query with its reply, or either alone. Names and meanings are
// those of Zeek's dns.log. Specification: RFC 1035, RFC 6762, RFC 4795.
type Message struct {
	record.Conn
	Proto      string                    `rec:"proto,enum" ecs:"network.transport"`                                // tcp or udp
	TransID    uint16                    `rec:"trans_id" ecs:"dns.id"`                                             // pairs a reply with its query
	RTT        record.Opt[time.Duration] `rec:"rtt"`                                                               // query to the first answer
	Query      string                    `rec:"query" ecs:"dns.question.name" ent:"domain,queried"`                // name that is asked for
	QClass     record.Opt[uint16]        `rec:"qclass"`                                                            // class of the query
	QClassName string                    `rec:"qclass_name" ecs:"dns.question.class"`                              // as C_INTERNET
	QType      record.Opt[uint16]        `rec:"qtype"`                                                             // type of the query
	QTypeName  string                    `rec:"qtype_name" ecs:"dns.question.type"`                                // as A, AAAA, TXT
	RCode      record.Opt[uint16]        `rec:"rcode"`                                                             // response code
	RCodeName  string                    `rec:"rcode_name" ecs:"dns.response_code"`                                // as NOERROR, NXDOMAIN
	AA         bool                      `rec:"AA"`                                                                // authoritative answer
	TC         bool                      `rec:"TC"`                                                                // truncated
	RD         bool                      `rec:"RD"`                                                                // recursion desired
	RA         bool                      `rec:"RA"`                                                                // recursion available
	Z          uint8                     `rec:"Z"`                                                                 // the three bits between RA and RCODE (RFC 1035: zero), of the query
	Answers    []string                  `rec:"answers" ecs:"dns.answers.data"`                                    // data of the answers, as text, in their order
	TTLs       []time.Duration           `rec:"TTLs"`                                                              // how long each answer may be kept
	Rejected   bool                      `rec:"rejected"`                                                          // the reply held no record at all
	Opcode     record.Opt[uint8]         `rec:"opcode"`                                                            // kind of query
	OpcodeName string                    `rec:"opcode_name" ecs:"dns.op_code"`                                     // as query, notify, dynamic update
	Addresses  []netip.Addr              `rec:"answer_addresses,extra" ecs:"dns.resolved_ip" ent:"address,answer"` // of A, AAAA and A6 in the answers, at most 64
	Names      []string                  `rec:"answer_names,extra" ent:"domain,answer"`                            // of CNAME, NS, MX, SRV, PTR and SOA in the answers, at most 64

	beyond bool `rec:"-"` // Zeek would not write it
}

// Type is the schema of Message.
var Type = record.Of[Message]("dns")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this row: it looks for DNS on its
// usual ports only.
func (m *Message) BeyondZeek() bool { return m.beyond }
