package netbiosdgm

import (
	"net/netip"

	"longwatch/internal/record"
)

// Datagram is one NetBIOS datagram, with what it announces. Specification: RFC
// 1002, section 4.4; MS-BRWS.
type Datagram struct {
	record.Conn
	Type       string     `rec:"msg_type"`                         // direct_unique, direct_group, broadcast, error ...
	SourceAddr netip.Addr `rec:"source_addr" ent:"address,source"` // where it says it is from
	Source     string     `rec:"source_name" ent:"host,source"`    // name of its sender
	SourceType uint8      `rec:"source_type"`                      // what the name is of; 0: a workstation, 32: a file server
	Dest       string     `rec:"dest_name"`                        // name of its receiver, often a domain
	DestType   uint8      `rec:"dest_type"`                        // likewise
	Mailslot   string     `rec:"mailslot"`                         // that it is dropped in, as \MAILSLOT\BROWSE
	Command    string     `rec:"command"`                          // of the browser service
	Announced  string     `rec:"announced" ent:"host,announced"`   // host or domain that is announced
	Version    string     `rec:"os_version"`                       // of the host that announces itself
	Comment    string     `rec:"comment"`                          // that it adds, or the master's name
}

// Type is the schema of Datagram.
var Type = record.Of[Datagram]("netbios_dgm")

// RecordType returns Type.
func (*Datagram) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Datagram) BeyondZeek() bool { return true }
