package stun

import (
	"net/netip"

	"longwatch/internal/record"
)

// Record sums up the STUN and TURN messages of one connection: which address a
// host has outside, whom it talks to through a relay, and with what software.
// It is written when the connection ends. Specification: RFC 8489, RFC 8656.
type Record struct {
	record.Conn
	Proto           string             `rec:"proto,enum" ecs:"network.transport"` // udp or tcp
	Classic         bool               `rec:"classic"`                            // messages of RFC 3489 only, without the magic cookie
	Methods         []string           `rec:"methods,set"`                        // Binding, Allocate, Refresh, Send, Data ...
	Requests        uint64             `rec:"requests"`                           // messages that await an answer
	Indications     uint64             `rec:"indications"`                        // messages that do not
	Responses       uint64             `rec:"responses"`                          // success responses
	Errors          uint64             `rec:"errors"`                             // error responses
	ErrorCode       record.Opt[uint16] `rec:"error_code"`                         // of the last error response
	ErrorReason     string             `rec:"error_reason"`                       // its text
	Username        string             `rec:"username"`                           // first one seen; between peers of a call it is a pair of fragments
	Realm           string             `rec:"realm"`                              // first one seen
	OrigSoftware    string             `rec:"orig_software"`                      // what the originator says it is
	RespSoftware    string             `rec:"resp_software"`                      // what the responder says it is
	Mapped          netip.Addr         `rec:"mapped_h" ent:"address,mapped"`      // the address that the responder sees the originator at
	MappedPort      record.Opt[uint16] `rec:"mapped_p,port"`                      // its port
	OrigMapped      netip.Addr         `rec:"orig_mapped_h" ent:"address,peer"`   // the address that the originator sees the responder at, between peers
	OrigMappedPort  record.Opt[uint16] `rec:"orig_mapped_p,port"`                 // its port
	Relayed         netip.Addr         `rec:"relayed_h" ent:"address,relayed"`    // address on the relay that was allocated (TURN)
	RelayedPort     record.Opt[uint16] `rec:"relayed_p,port"`                     // its port
	Peers           []netip.Addr       `rec:"peers,set" ent:"address,peer"`       // hosts talked to through the relay (TURN), at most 32
	Alternate       netip.Addr         `rec:"alternate_h" ent:"address,redirect"` // another server that the client was sent to
	ChannelMessages uint64             `rec:"channel_messages"`                   // messages relayed in channels (TURN)
	ChannelBytes    uint64             `rec:"channel_bytes"`                      // their payload
}

// Type is the schema of Record.
var Type = record.Of[Record]("stun")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Record) BeyondZeek() bool { return true }
