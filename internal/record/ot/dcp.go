package ot

import (
	"net/netip"

	"longwatch/internal/record"
)

// DCP is one message by which PROFINET stations are found, named and given
// addresses. It is below IP, so that stations without an address are seen.
// Specification: IEC 61158-6-10, section 4.3.
type DCP struct {
	record.Head
	SrcMAC      string             `rec:"src_mac" ent:"mac,sender"`         // who sent it
	DstMAC      string             `rec:"dst_mac"`                          // for whom; 01:0e:cf:00:00:00 for all stations
	Service     string             `rec:"service,enum"`                     // get, set, identify or hello
	Kind        string             `rec:"pdu_type,enum"`                    // REQ, RESP, or NAK for a response that says no
	Xid         uint32             `rec:"xid"`                              // pairs a response with its request
	Name        string             `rec:"station_name" ent:"host"`          // of the station: that it has, is given, or that is looked for
	StationType string             `rec:"station_type"`                     // in the maker's words
	Alias       string             `rec:"alias_name"`                       // another name of the station
	Vendor      record.Opt[uint16] `rec:"vendor_id"`                        // number of the maker, as PROFIBUS & PROFINET International gives it
	Device      record.Opt[uint16] `rec:"device_id"`                        // of the maker
	Roles       []string           `rec:"roles,set"`                        // device, controller, multi-device, supervisor
	IP          netip.Addr         `rec:"ip" ent:"address,station"`         // that the station has or is given
	Netmask     netip.Addr         `rec:"netmask"`                          // with it
	Gateway     netip.Addr         `rec:"gateway" ent:"address,router"`     // with it
	Signal      bool               `rec:"signal"`                           // the station shall make a lamp blink
	Reset       bool               `rec:"reset"`                            // it shall forget what it was set to
	VLAN        uint16             `rec:"vlan,extra" ecs:"network.vlan.id"` // outer 802.1Q tag; 0 none
	Truncated   bool               `rec:"truncated"`                        // it ends before it says
	Access      string             `rec:"access,enum"`                      // what the operation does to the process: see package ot
}

// DCPType is the schema of DCP.
var DCPType = record.Of[DCP]("profinet_dcp")

// RecordType returns DCPType.
func (*DCP) RecordType() *record.Type { return DCPType }

// BeyondZeek tells that Zeek has no log of this kind.
func (*DCP) BeyondZeek() bool { return true }
