package websocket

import "longwatch/internal/record"

// Upgrade is one connection that HTTP gave to WebSocket, with Zeek's names.
// Specification: RFC 6455.
type Upgrade struct {
	record.Conn
	Host             string             `rec:"host" ecs:"url.domain" ent:"domain,queried"`            // of the HTTP request
	URI              string             `rec:"uri" ecs:"url.original"`                                // likewise
	UserAgent        string             `rec:"user_agent" ecs:"user_agent.original" ent:"user_agent"` // User-Agent header of the client
	Subprotocol      record.Opt[string] `rec:"subprotocol"`                                           // that the server chose
	ClientProtocols  []string           `rec:"client_protocols"`                                      // that the client offers
	ServerExtensions []string           `rec:"server_extensions"`                                     // that the server chose
	ClientExtensions []string           `rec:"client_extensions"`                                     // that the client offers
}

// Type is the schema of Upgrade.
var Type = record.Of[Upgrade]("websocket")

// RecordType returns Type.
func (*Upgrade) RecordType() *record.Type { return Type }
