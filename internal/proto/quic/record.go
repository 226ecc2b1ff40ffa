package quic

import "longwatch/internal/record"

// Record is one QUIC connection. Names and meanings are those of Zeek's
// quic.log; ja4 is the one column more that Zeek's formats have.
// Specification: RFC 9000, RFC 9001, RFC 9369.
type Record struct {
	record.Conn
	Version    string             `rec:"version" ecs:"network.protocol.version"`                      // of the client's first packet: 1, quicv2, draft-29, Q046 ...
	ClientDCID record.Opt[string] `rec:"client_initial_dcid"`                                         // hex; the keys of Initial packets follow from it
	ClientSCID record.Opt[string] `rec:"client_scid"`                                                 // hex, the connection ID that the client chose
	ServerSCID record.Opt[string] `rec:"server_scid"`                                                 // hex, the connection ID that the server chose
	ServerName string             `rec:"server_name" ecs:"tls.client.server_name" ent:"domain"`       // SNI of the client's hello
	Protocol   string             `rec:"client_protocol" ecs:"tls.next_protocol"`                     // first one that the client offers (ALPN)
	History    string             `rec:"history"`                                                     // a letter per packet, upper case from the client; see Zeek's quic.log
	JA4        string             `rec:"ja4" ecs:"tls.client.ja4" ent:"ja4"`                          // of the first client hello
	UserAgent  string             `rec:"user_agent,extra" ecs:"user_agent.original" ent:"user_agent"` // of the client (UAID of Google's QUIC)
}

// Type is the schema of Record.
var Type = record.Of[Record]("quic")

// BeyondZeek tells that Zeek reads nothing of the kind: Google's versions from
// before QUIC carried TLS.
func (r *Record) BeyondZeek() bool { return len(r.Version) == 4 && r.Version[0] == 'Q' }

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }
