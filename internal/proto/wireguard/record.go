package wireguard

import "longwatch/internal/record"

// Record is one WireGuard tunnel between two ports, written when it ends. Zeek
// has no log of the kind. Specification: WireGuard, Next Generation Kernel
// Network Tunnel, section 5.4.
type Record struct {
	record.Conn
	Initiations uint64 `rec:"initiations"`    // handshakes begun
	Responses   uint64 `rec:"responses"`      // handshakes answered
	Cookies     uint64 `rec:"cookies"`        // replies of a peer under load
	Keepalives  uint64 `rec:"keepalives"`     // data messages that carry nothing
	OrigData    uint64 `rec:"orig_data_pkts"` // data messages from the originator
	RespData    uint64 `rec:"resp_data_pkts"` // data messages from the responder
	Established bool   `rec:"established"`    // data went both ways
}

// Type is the schema of Record.
var Type = record.Of[Record]("wireguard")

// BeyondZeek tells that Zeek has no log of this kind.
func (*Record) BeyondZeek() bool { return true }

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }
