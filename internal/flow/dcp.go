package flow

import (
	"net"
	"strings"

	"longwatch/internal/capture"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
)

// dcp puts the record of a frame of PROFINET's discovery, if it is one.
func (sp *spreader) dcp(src uint32, f *capture.Frame) bool {
	m, ok := capture.ReadDCP(f)
	if !ok {
		return false
	}
	text := func(s string) string { return strings.ToValidUTF8(strings.TrimRight(s, " \x00"), "?") }
	r := &ot.DCP{
		Head:   record.Head{TS: f.TS, Ref: sp.eng.ref(place{f.Pos, src})},
		SrcMAC: net.HardwareAddr(m.Src[:]).String(), DstMAC: net.HardwareAddr(m.Dst[:]).String(),
		Service: [...]string{3: "get", 4: "set", 5: "identify", 6: "hello"}[m.Service], Kind: "REQ", Xid: m.Xid, Access: ot.Read,
		Name: text(m.Name), StationType: text(m.Station), Alias: text(m.Alias), IP: m.IP, Netmask: m.Mask, Gateway: m.Gateway,
		Signal: m.Signal, Reset: m.Reset, VLAN: m.VLAN, Truncated: m.Cut,
	}
	switch m.Type {
	case 0:
	case 5:
		r.Kind = "NAK"
	default:
		r.Kind = "RESP"
	}
	if m.Service == 4 {
		r.Access = ot.Config
	}
	if m.Vendor != 0 || m.Device != 0 {
		r.Vendor, r.Device = record.Some(m.Vendor), record.Some(m.Device)
	}
	for i, role := range []string{"device", "controller", "multi-device", "supervisor"} {
		if m.Role>>i&1 == 1 {
			r.Roles = append(r.Roles, role)
		}
	}
	sp.lane.Put(r)
	return true
}
