package radius

import (
	"net/netip"
	"time"

	"longwatch/internal/record"
)

// Record is one login, from its first request to acceptance or refusal, or one
// message of accounting or of a change of authorization. Names and meanings
// are those of Zeek's radius.log, which holds what port 1812 is used for.
// Specification: RFC 2865, RFC 2866, RFC 5176.
type Record struct {
	record.Conn
	Username     string                    `rec:"username" ecs:"user.name" ent:"user,login"`  // who logs in (attribute 1)
	MAC          string                    `rec:"mac" ent:"mac"`                              // of the device that wants in, from Calling-Station-Id
	FramedAddr   netip.Addr                `rec:"framed_addr" ent:"address,assigned"`         // the address given to it
	TunnelClient string                    `rec:"tunnel_client"`                              // initiator's end of a tunnel (RFC 2868)
	ConnectInfo  string                    `rec:"connect_info"`                               // what the access server says of the connection
	ReplyMsg     string                    `rec:"reply_msg"`                                  // of a challenge, shown to the user
	Result       string                    `rec:"result" ecs:"event.outcome"`                 // success, failed, or unknown when the answer was not seen
	TTL          record.Opt[time.Duration] `rec:"ttl"`                                        // first request to the answer
	Message      string                    `rec:"message,extra"`                              // name of the last message, as Access-Reject
	NASAddr      netip.Addr                `rec:"nas_addr,extra" ent:"address,access_server"` // of the access server
	NASName      string                    `rec:"nas_identifier,extra"`                       // its name
	Called       string                    `rec:"called_station,extra"`                       // number or access point and SSID that was called
	Calling      string                    `rec:"calling_station,extra"`                      // number, address or MAC that called, as it was sent
	AcctStatus   string                    `rec:"acct_status,extra"`                          // Start, Stop, Interim-Update ... (RFC 2866)
	AcctSession  string                    `rec:"acct_session,extra"`                         // pairs a start with its stop

	beyond bool `rec:"-"` // Zeek would not write it
}

// Type is the schema of Record.
var Type = record.Of[Record]("radius")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }

// zeekPort is the one port on which Zeek looks for RADIUS.
const zeekPort = 1812

// BeyondZeek tells that Zeek would not write this row: it is of another port,
// or comes after a message that Zeek gives up at.
func (r *Record) BeyondZeek() bool { return r.beyond }
