package asset

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/proto/ads"
	"longwatch/internal/proto/bacnet"
	"longwatch/internal/proto/dnp3"
	"longwatch/internal/proto/enip"
	"longwatch/internal/proto/fins"
	"longwatch/internal/proto/fox"
	"longwatch/internal/proto/hartip"
	"longwatch/internal/proto/iec104"
	"longwatch/internal/proto/mms"
	"longwatch/internal/proto/modbus"
	"longwatch/internal/proto/opcua"
	"longwatch/internal/proto/s7comm"
	"longwatch/internal/proto/synchrophasor"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
)

// learnControl learns from records of industrial protocols.
func (l *Learner) learnControl(r record.Record) bool {
	switch r := r.(type) {
	case *modbus.Message:
		if k := l.asks(&r.Conn, r.Access, "modbus"); k != nil && r.PDU == "RESP" {
			k.unit("modbus", "unit "+strconv.Itoa(int(r.Unit)), &r.Head)
		}
	case *modbus.Identity:
		l.modbusIdentity(r)
	case *s7comm.Message:
		l.asks(&r.Conn, r.Access, "s7comm")
	case *s7comm.Plus:
		l.asks(&r.Conn, r.Access, "s7comm")
	case *s7comm.Transfer:
		l.asks(&r.Conn, r.Access, "s7comm")
	case *s7comm.ReadSZL:
		k := l.asks(&r.Conn, r.Access, "s7comm")
		if r.Order != "" || r.Firmware != "" {
			id := k.identity("s7comm", "", &r.Head)
			id.put(&id.Vendor, "vendor", "Siemens")
			id.also("order number", r.Order)
			id.put(&id.Version, "firmware", r.Firmware)
		}
	case *s7comm.Device:
		l.siemens(r)
	case *enip.CIP:
		l.asks(&r.Conn, r.Access, "enip")
	case *enip.Identity:
		l.rockwell(r)
	case *dnp3.Exchange:
		l.dnp3(r)
	case *iec104.Message:
		k := l.asks(&r.Conn, r.Access, "iec104")
		if r.Common.Set && !r.IsOrig {
			k.unit("iec104", "common address "+strconv.Itoa(int(r.Common.V)), &r.Head)
		}
	case *mms.Message:
		k := l.asks(&r.Conn, r.Access, "mms")
		if len(r.Names) > 0 && r.Result == "success" {
			if device, _, ok := strings.Cut(r.Names[0], "/"); ok {
				k.unit("mms", "logical device "+clip(device), &r.Head)
			}
		}
	case *fins.Message:
		word := ot.Read
		if r.Write {
			word = ot.Write
		}
		if k := l.asks(&r.Conn, word, "fins"); r.PDU == "RESP" {
			k.unit("fins", "node "+clip(r.Source), &r.Head)
		}
	case *hartip.Message:
		word := ot.Read
		if r.Write {
			word = ot.Config
		}
		if k := l.asks(&r.Conn, word, "hart-ip"); r.PDU == "RESP" && r.Address != "" {
			k.unit("hart-ip", "device "+clip(r.Address), &r.Head)
		}
	case *ot.DCP:
		l.station(r)
	default:
		return l.learnBuilding(r)
	}
	return true
}

// learnBuilding is learnControl for the protocols of buildings, of automation
// software and of the grid.
func (l *Learner) learnBuilding(r record.Record) bool {
	switch r := r.(type) {
	case *bacnet.Message:
		l.seen(&r.Conn)
		if strings.HasSuffix(r.PDU, "_ACK") { // who answers is the device
			l.hostAt(r.FromH).hint(BuildingController, Likely, "it answers BACnet requests", &r.Head)
			if from, to := l.host(r.ToH), l.host(r.FromH); from >= 0 && to >= 0 && from != to {
				l.controlled(from, to, r.FromP, &r.Head, r.Access, "bacnet")
			}
		}
	case *bacnet.Discovery:
		l.seen(&r.Conn)
		if r.Service == "i_am" || r.Service == "i-am" {
			l.bacnetDevice(r)
		}
	case *bacnet.Property:
		l.bacnetProperty(r)
	case *fox.Message:
		l.fox(r)
	case *ads.Message:
		k := l.asks(&r.Conn, r.Access, "ads")
		if r.Direction == "response" {
			k.unit("ads", "AMS "+clip(r.Source), &r.Head)
		}
	case *opcua.Message:
		l.asks(&r.Conn, r.Access, "opcua-binary")
	case *opcua.CreateSession:
		l.opcua(r.FromH, r.ApplicationURI, r.ProductURI, r.Text, r.IsOrig, &r.Head)
	case *opcua.GetEndpointsDescription:
		l.opcua(r.FromH, r.ApplicationURI, r.ProductURI, r.Text, r.IsOrig, &r.Head)
	case *synchrophasor.Summary:
		k := l.asks(&r.Conn, r.Access, "synchrophasor")
		if r.DataFrames > 0 {
			for _, id := range r.StreamID {
				k.unit("synchrophasor", "stream "+strconv.FormatUint(id, 10), &r.Head)
			}
		}
	case *synchrophasor.Config:
		k := l.asks(&r.Conn, r.Access, "synchrophasor")
		for _, s := range r.Stations {
			k.unit("synchrophasor", "station "+clip(s), &r.Head)
		}
	default:
		return false
	}
	return true
}

// asks notes that the originator of a connection asked its responder for
// something of a control protocol, and is the responder.
func (l *Learner) asks(c *record.Conn, word, name string) *known {
	orig, resp := l.host(c.OrigH), l.host(c.RespH)
	from, to := l.at(orig, &c.Head), l.at(resp, &c.Head)
	port := c.RespP
	if turned("tcp", c.OrigP, c.RespP) && kindNamed(portNames["tcp"][c.OrigP]) == Control {
		orig, resp, from, to, port = resp, orig, to, from, c.OrigP
	}
	if from != nil && to != nil && from != to {
		l.controlled(orig, resp, port, &c.Head, word, name)
	}
	return to
}

// controlled notes what one host did to the process that another runs. The
// record of the connection, which may come later or never, says the rest.
func (l *Learner) controlled(from, to int32, port uint16, h *record.Head, word, name string) {
	does := accessOf[word]
	l.hosts[from].does |= does
	key := edgeKey{from: from, to: to, port: port}
	e := l.control[key]
	if e == nil {
		if len(l.control) >= maxEdges || l.hosts[to].addr.IsMulticast() {
			return
		}
		e = &edge{name: name, kind: Control}
		l.control[key] = e
	}
	e.does |= does
	e.count++
	e.span.Grow(h.TS)
	e.refs.add(h)
	e.day(h.TS)
}

// identity is what is said of a device behind k: unit tells several apart.
func (k *known) identity(protocol, unit string, h *record.Head) *Identity {
	if k == nil {
		return &Identity{}
	}
	key := protocol + " " + unit
	id := k.ids[key]
	if id == nil {
		id = &Identity{Protocol: protocol, Unit: unit}
		if len(k.ids) >= maxIDs {
			k.more = true
			return id
		}
		if k.ids == nil {
			k.ids = map[string]*Identity{}
		}
		k.ids[key] = id
	}
	if len(id.Refs) < keptRefs && h.Ref.File != "" && !slices.Contains(id.Refs, h.Ref) {
		id.Refs = append(id.Refs, h.Ref)
	}
	return id
}

// unit notes that a device of that address answers behind k.
func (k *known) unit(protocol, unit string, h *record.Head) { k.identity(protocol, unit, h) }

// also adds a value that has no field of its own.
func (id *Identity) also(name, value string) {
	value = clip(strings.TrimSpace(value))
	if value == "" || len(id.Other) >= maxOther {
		return
	}
	text := name + ": " + value
	if i, found := slices.BinarySearch(id.Other, text); !found {
		id.Other = slices.Insert(id.Other, i, text)
	}
}

// put sets a field that evidence wrote; where two values are told the one in
// front of the other stands, and the other is kept beside it.
func (id *Identity) put(field *string, name, value string) {
	value = strings.TrimSpace(clip(value))
	switch {
	case value == "" || value == *field:
	case *field == "":
		*field = value
	default:
		if value < *field {
			*field, value = value, *field
		}
		id.also(name+", also", value)
	}
}

// join adds what o tells.
func (id *Identity) join(o *Identity) {
	id.put(&id.Vendor, "vendor", o.Vendor)
	id.put(&id.Product, "product", o.Product)
	id.put(&id.Version, "version", o.Version)
	id.put(&id.Serial, "serial", o.Serial)
	id.put(&id.Name, "name", o.Name)
	for _, text := range o.Other {
		if i, found := slices.BinarySearch(id.Other, text); !found && len(id.Other) < maxOther {
			id.Other = slices.Insert(id.Other, i, text)
		}
	}
	for _, r := range o.Refs {
		if len(id.Refs) < keptRefs && !slices.Contains(id.Refs, r) {
			id.Refs = append(id.Refs, r)
		}
	}
}

func (l *Learner) modbusIdentity(r *modbus.Identity) {
	l.seen(&r.Conn)
	if r.Value == "" {
		return
	}
	id := l.hostAt(r.RespH).identity("modbus", "unit "+strconv.Itoa(int(r.Unit)), &r.Head)
	switch r.Object {
	case "VendorName":
		id.put(&id.Vendor, "vendor", r.Value)
	case "ProductCode":
		id.put(&id.Product, "product", r.Value)
	case "MajorMinorVersion", "MajorMinorRevision":
		id.put(&id.Version, "version", r.Value)
	case "ProductName":
		id.also("product name", r.Value)
	case "ModelName":
		id.also("model", r.Value)
	case "UserApplicationName":
		id.put(&id.Name, "name", r.Value)
	default:
		id.also(strings.ToLower(r.Object), r.Value)
	}
}

func (l *Learner) siemens(r *s7comm.Device) {
	l.seen(&r.Conn)
	k := l.hostAt(r.RespH)
	id := k.identity("s7comm", "", &r.Head)
	id.put(&id.Vendor, "vendor", "Siemens")
	id.put(&id.Product, "module", r.Module)
	id.put(&id.Serial, "serial", r.Serial)
	id.put(&id.Name, "name", r.System)
	id.also("plant", r.Plant)
	k.call(r.System, claimed)
}

func (l *Learner) rockwell(r *enip.Identity) {
	l.seen(&r.Conn)
	k := l.hostAt(r.FromH)
	id := k.identity("enip", "", &r.Head)
	if r.ProductName == "" && r.VendorID == 0 {
		return
	}
	id.put(&id.Vendor, "vendor", r.VendorName)
	id.put(&id.Product, "product", r.ProductName)
	id.put(&id.Version, "version", r.Revision)
	id.put(&id.Serial, "serial", r.Serial)
	id.also("device type", r.DeviceName)
	id.also("product code", strconv.FormatUint(r.ProductCode, 10))
	if strings.Contains(strings.ToLower(r.DeviceName), "programmable logic") {
		k.hint(PLC, Sure, "it says of itself by EtherNet/IP that it is a "+quote(r.DeviceName), &r.Head)
	}
	if strings.Contains(strings.ToLower(r.DeviceName), "human-machine") {
		k.hint(HMI, Sure, "it says of itself by EtherNet/IP that it is a "+quote(r.DeviceName), &r.Head)
	}
}

func (l *Learner) dnp3(r *dnp3.Exchange) {
	k := l.asks(&r.Conn, r.Access, "dnp3")
	if r.Reply == "" {
		return
	}
	if r.Outstn.Set {
		k.unit("dnp3", "outstation "+strconv.Itoa(int(r.Outstn.V)), &r.Head)
	}
	if r.Master.Set {
		l.hostAt(r.OrigH).unit("dnp3", "master "+strconv.Itoa(int(r.Master.V)), &r.Head)
	}
}

func (l *Learner) bacnetDevice(r *bacnet.Discovery) {
	k := l.hostAt(r.FromH)
	if k == nil || !r.DeviceNumber.Set && !r.Instance.Set {
		return
	}
	number := r.DeviceNumber.V
	if !r.DeviceNumber.Set {
		number = r.Instance.V
	}
	id := k.identity("bacnet", bacnetUnit(number), &r.Head)
	id.put(&id.Vendor, "vendor", r.Vendor)
	k.hint(BuildingController, Sure, fmt.Sprintf("it announced itself as BACnet device %d", number), &r.Head)
}

// bacnetUnit names a device. 4194303 stands for whichever is asked (ASHRAE 135,
// clause 15.5.2), so that its number is not known.
func bacnetUnit(n uint64) string {
	if n == 1<<22-1 {
		return "device of unknown number"
	}
	return fmt.Sprintf("device %d", n)
}

func (l *Learner) bacnetProperty(r *bacnet.Property) {
	l.seen(&r.Conn)
	if !strings.Contains(r.Service, "ack") || r.ObjectType != "device" || !r.Instance.Set {
		return
	}
	id := l.hostAt(r.FromH).identity("bacnet", bacnetUnit(r.Instance.V), &r.Head)
	value := r.Value
	if value == "" {
		value = r.Text
	}
	switch strings.ReplaceAll(r.Property, "_", "-") {
	case "vendor-name":
		id.put(&id.Vendor, "vendor", value)
	case "model-name":
		id.put(&id.Product, "model", value)
	case "firmware-revision":
		id.put(&id.Version, "firmware", value)
	case "application-software-version":
		id.also("application software", value)
	case "object-name":
		id.put(&id.Name, "name", value)
	case "serial-number":
		id.put(&id.Serial, "serial", value)
	case "location", "description":
		id.also(r.Property, value)
	}
}

func (l *Learner) fox(r *fox.Message) {
	l.asks(&r.Conn, r.Access, "fox")
	k := l.hostAt(r.FromH)
	if k == nil || r.AppVersion == "" && r.HostName == "" && r.OSName == "" {
		return
	}
	id := k.identity("fox", "", &r.Head)
	id.put(&id.Vendor, "vendor", "Tridium")
	id.put(&id.Product, "product", strings.TrimSpace("Niagara "+r.AppName))
	id.put(&id.Version, "version", r.AppVersion)
	id.put(&id.Name, "station", r.Station)
	id.put(&id.Serial, "host id", r.HostID)
	id.also("brand", r.Brand)
	id.also("java machine", strings.TrimSpace(r.VMName+" "+r.VMVersion))
	k.call(r.HostName, claimed)
	if r.OSName != "" {
		k.runs(Software{Kind: KindOS, Product: r.OSName, Version: r.OSVersion, Surety: Sure, Why: "Niagara Fox says " + quote(r.OSName+" "+r.OSVersion)}, &r.Head)
	}
	if r.AppName == "Station" {
		k.hint(BuildingController, Sure, "it says by Niagara Fox that it is a station", &r.Head)
	}
	if r.AppName == "Workbench" {
		k.hint(EngineeringStation, Likely, "it says by Niagara Fox that it is a Workbench", &r.Head)
	}
}

func (l *Learner) opcua(from netip.Addr, uri, product, text string, client bool, h *record.Head) {
	k := l.hostAt(from)
	if k == nil || uri == "" && product == "" {
		return
	}
	unit := "server"
	if client {
		unit = "client"
	}
	id := k.identity("opcua", unit, h)
	id.put(&id.Product, "product", product)
	id.put(&id.Name, "name", text)
	id.also("application", uri)
	if !client {
		k.hint(OPCServer, Sure, "it answered as OPC UA server "+quote(uri), h)
	}
}
