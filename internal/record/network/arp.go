package network

import (
	"net/netip"

	"longwatch/internal/record"
)

// ARP is one message of the address resolution protocol (RFC 826). Stock Zeek
// has no such log; names are those of the script that many load for it.
type ARP struct {
	record.Head
	Operation string     `rec:"operation,enum"`                   // request or reply
	SrcMAC    string     `rec:"src_mac"`                          // of the frame
	DstMAC    string     `rec:"dst_mac"`                          // of the frame; ff:ff:ff:ff:ff:ff for everybody
	OrigH     netip.Addr `rec:"orig_h" ent:"address,sender"`      // whose address the sender says it has; 0.0.0.0 when it asks whether one is free
	RespH     netip.Addr `rec:"resp_h" ent:"address,target"`      // whose hardware is asked for, or who is told
	OrigHW    string     `rec:"orig_hw" ent:"mac,sender"`         // the sender's hardware, as it says
	RespHW    string     `rec:"resp_hw"`                          // the target's, empty or zero in a request
	VLAN      uint16     `rec:"vlan,extra" ecs:"network.vlan.id"` // outer 802.1Q tag; 0 none
}

// ARPType is the schema of ARP.
var ARPType = record.Of[ARP]("arp")

// RecordType returns ARPType.
func (*ARP) RecordType() *record.Type { return ARPType }

// BeyondZeek keeps the record out of Zeek's formats.
func (*ARP) BeyondZeek() bool { return true }
