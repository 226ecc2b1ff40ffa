package asset

import (
	"fmt"
	"net"

	"longwatch/internal/record/ot"
)

// stationMakers are makers by the number that PROFIBUS & PROFINET
// International gave them.
var stationMakers = map[uint16]string{0x002a: "Siemens"}

// isMAC tells a hardware address from a name.
func isMAC(s string) bool {
	_, err := net.ParseMAC(s)
	return err == nil && len(s) == 17
}

// station learns from PROFINET's discovery, which also shows stations that
// have no address of IP yet: they are known by their hardware's.
func (l *Learner) station(r *ot.DCP) {
	speaks := r.Kind != "REQ" || r.Service == "hello" // what it says is of its sender; a request's is of whom it is for
	at := int32(-1)
	if speaks && r.IP.IsValid() && !r.IP.IsUnspecified() {
		at = l.host(r.IP)
	} else if isMAC(r.SrcMAC) {
		at = l.named(r.SrcMAC)
	}
	k := l.at(at, &r.Head)
	if k == nil {
		return
	}
	k.spoke = true
	k.hardware(r.SrcMAC, looked)
	if !speaks {
		if r.Service == "set" {
			k.does |= configures
			k.hint(EngineeringStation, Likely, "it gives PROFINET stations names or addresses", &r.Head)
		}
		return
	}
	if r.Name == "" && r.StationType == "" && !r.Vendor.Set {
		return // the answer to what was set says no more
	}
	k.call(r.Name, claimed)
	id := k.identity("profinet", "", &r.Head)
	id.put(&id.Name, "name", r.Name)
	id.put(&id.Product, "station type", r.StationType)
	if r.Vendor.Set {
		id.put(&id.Vendor, "vendor", stationMakers[r.Vendor.V])
		id.also("vendor id", fmt.Sprintf("0x%04x", r.Vendor.V))
		id.also("device id", fmt.Sprintf("0x%04x", r.Device.V))
	}
	for _, role := range r.Roles {
		switch role {
		case "controller":
			k.hint(PLC, Likely, "it says that it is a PROFINET IO controller", &r.Head)
		case "supervisor":
			k.hint(EngineeringStation, Likely, "it says that it is a PROFINET IO supervisor", &r.Head)
		default:
			k.hint(FieldDevice, Likely, "it says that it is a PROFINET IO device", &r.Head)
		}
	}
}
