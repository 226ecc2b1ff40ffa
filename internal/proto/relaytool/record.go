package relaytool

import (
	"net/netip"

	"longwatch/internal/record"
)

// Session is one connection of a relay tool, written when it ends. Zeek knows
// none of them. Specification: the tools' own sources, named in the package.
type Session struct {
	record.Conn
	Tool       string             `rec:"tool"`                             // iox, nps, stowaway, venom, gost or snowlight
	Version    string             `rec:"version"`                          // that the client says (nps)
	Step       string             `rec:"step"`                             // how far it came: asked, answered or refused
	Work       string             `rec:"work"`                             // what the connection is for, as the client says: main, chan ... (nps), admin or agent (stowaway), connect, bind, associate (gost), the platform (snowlight)
	TargetHost netip.Addr         `rec:"target.host" ent:"address,asked"`  // that the client wants to reach (gost)
	TargetName string             `rec:"target.name" ent:"domain,queried"` // likewise, by name
	TargetPort record.Opt[uint16] `rec:"target_p,port"`                    // likewise
	Asked      uint64             `rec:"asked"`                            // connections that the server asked for (iox)
	Heartbeats uint64             `rec:"heartbeats"`                       // of iox
	Payload    string             `rec:"payload"`                          // elf or pe: what the server sent, under its XOR of 0x99 (snowlight)
}

// Type is the schema of Session.
var Type = record.Of[Session]("relay_tool")

// RecordType returns Type.
func (*Session) RecordType() *record.Type { return Type }

// BeyondZeek keeps the record out of Zeek's formats.
func (*Session) BeyondZeek() bool { return true }
