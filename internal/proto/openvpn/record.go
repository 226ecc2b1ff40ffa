package openvpn

import "longwatch/internal/record"

// Record is one OpenVPN tunnel, written when its connection ends. Zeek has no
// log of the kind. Specification: draft-openvpn-wire-protocol.
type Record struct {
	record.Conn
	Protection    string `rec:"protection"`     // of the control channel: none, tls-auth, tls-crypt or tls-crypt-v2
	HMAC          uint8  `rec:"hmac_bytes"`     // length of the HMAC of tls-auth: 20 is SHA-1, 32 SHA-256, 64 SHA-512
	ClientSession string `rec:"client_session"` // hex, as the client chose it
	ServerSession string `rec:"server_session"` // hex, as the server chose it
	Resets        uint64 `rec:"resets"`         // hard resets: attempts to begin
	Rekeys        uint64 `rec:"rekeys"`         // soft resets: keys renewed
	Control       uint64 `rec:"control_pkts"`   // packets of the control channel, acknowledgements included
	OrigData      uint64 `rec:"orig_data_pkts"` // packets of the tunnel from the originator
	RespData      uint64 `rec:"resp_data_pkts"` // packets of the tunnel from the responder
	Established   bool   `rec:"established"`    // data went both ways
}

// Type is the schema of Record.
var Type = record.Of[Record]("openvpn")

// BeyondZeek tells that Zeek has no log of this kind.
func (*Record) BeyondZeek() bool { return true }

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }
