package sip

import "longwatch/internal/record"

// Record is one request with its reply; a provisional reply makes a record of
// its own. Names and meanings are those of Zeek's sip.log. Specification: RFC
// 3261.
type Record struct {
	record.Conn
	TransDepth   uint64             `rec:"trans_depth"`                                           // as Zeek counts: always 0
	Method       string             `rec:"method"`                                                // INVITE, REGISTER ...
	URI          string             `rec:"uri"`                                                   // whom the request is for
	Date         string             `rec:"date"`                                                  // Date header of the request
	RequestFrom  string             `rec:"request_from"`                                          // without its tag
	RequestTo    string             `rec:"request_to"`                                            // To header of the request
	ResponseFrom string             `rec:"response_from"`                                         // without its tag
	ResponseTo   string             `rec:"response_to"`                                           // To header of the reply
	ReplyTo      string             `rec:"reply_to"`                                              // Reply-To header
	CallID       string             `rec:"call_id"`                                               // names the call
	Seq          string             `rec:"seq"`                                                   // number and method
	Subject      string             `rec:"subject"`                                               // Subject header of the request
	RequestPath  []string           `rec:"request_path"`                                          // that the request took, without branches
	ResponsePath []string           `rec:"response_path"`                                         // that the reply took
	UserAgent    string             `rec:"user_agent" ecs:"user_agent.original" ent:"user_agent"` // of the client
	StatusCode   record.Opt[uint64] `rec:"status_code"`                                           // of the reply
	StatusMsg    string             `rec:"status_msg"`                                            // reason phrase of the reply
	Warning      string             `rec:"warning"`                                               // Warning header of the reply
	RequestLen   record.Opt[uint64] `rec:"request_body_len"`                                      // as the client says
	ResponseLen  record.Opt[uint64] `rec:"response_body_len"`                                     // as the server says
	ContentType  string             `rec:"content_type"`                                          // of the reply
	Contact      string             `rec:"contact,extra"`                                         // where the client wants to be reached
	Server       string             `rec:"server,extra"`                                          // software that replied
	AuthUser     string             `rec:"auth_user,extra" ent:"user,login"`                      // of credentials that were sent

	beyond bool `rec:"-"` // Zeek would not write it
}

// Type is the schema of Record.
var Type = record.Of[Record]("sip")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this row: it reads no SIP on TCP.
func (r *Record) BeyondZeek() bool { return r.beyond }
