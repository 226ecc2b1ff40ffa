package flow

import (
	"net"

	"longwatch/internal/capture"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// arp puts the record of a frame of address resolution, if it is one.
func (sp *spreader) arp(src uint32, f *capture.Frame) bool {
	a, ok := capture.ReadARP(f)
	if !ok {
		return false
	}
	r := &network.ARP{
		Head: record.Head{TS: f.TS, Ref: sp.eng.ref(place{f.Pos, src})}, Operation: "request",
		SrcMAC: net.HardwareAddr(a.Src[:]).String(), DstMAC: net.HardwareAddr(a.Dst[:]).String(),
		OrigH: a.SenderIP, RespH: a.TargetIP, OrigHW: net.HardwareAddr(a.SenderHW[:]).String(), RespHW: net.HardwareAddr(a.Target[:]).String(), VLAN: a.VLAN,
	}
	if a.Op == 2 {
		r.Operation = "reply"
	}
	sp.lane.Put(r)
	return true
}
