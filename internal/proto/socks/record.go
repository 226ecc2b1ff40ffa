package socks

import (
	"net/netip"

	"longwatch/internal/record"
)

// Tunnel is one connection through a proxy, with Zeek's names. Specification:
// RFC 1928, SOCKS 4 and 4a.
type Tunnel struct {
	record.Conn
	Version     uint64             `rec:"version"`                                                        // 4 or 5
	User        string             `rec:"user" ecs:"user.name" ent:"user"`                                // who logs in to the proxy
	Password    string             `rec:"password,secret"`                                                // never kept
	Status      string             `rec:"status" ecs:"event.outcome"`                                     // what the proxy says: succeeded, Connection refused ...
	RequestHost netip.Addr         `rec:"request.host" ecs:"zeek.socks.request.host" ent:"address,asked"` // that the client wants to reach
	RequestName string             `rec:"request.name" ecs:"url.domain" ent:"domain,queried"`             // likewise, by name
	RequestPort record.Opt[uint16] `rec:"request_p,port"`                                                 // likewise
	BoundHost   netip.Addr         `rec:"bound.host"`                                                     // where the proxy speaks from
	BoundName   string             `rec:"bound.name"`                                                     // likewise, by name
	BoundPort   record.Opt[uint16] `rec:"bound_p,port"`                                                   // likewise
	UserID      string             `rec:"user_id,extra"`                                                  // that a client of version 4 names
	Command     string             `rec:"command,extra"`                                                  // connect, bind, udp associate, resolve ...
	Method      string             `rec:"auth_method,extra"`                                              // how the client logs in
	Unanswered  bool               `rec:"unanswered,extra"`                                               // the proxy did not answer as far as the capture goes
	Reverse     bool               `rec:"reverse,extra"`                                                  // the responder asks and the originator is the proxy, as in tunnels whose inner end dials out
	Preface     uint8              `rec:"preface,extra"`                                                  // bytes that the originator sent before that
}

// Type is the schema of Tunnel.
var Type = record.Of[Tunnel]("socks")

// RecordType returns Type.
func (*Tunnel) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this row: it waits for the
// proxy's answer, and for clients that are originators.
func (r *Tunnel) BeyondZeek() bool { return r.Unanswered || r.Reverse }
