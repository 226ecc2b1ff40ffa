package segmentation

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"longwatch/internal/proto/modbus"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// begin is when everything in these tests begins.
var begin = record.TimeOf(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))

// wire writes records of connections as a sensor would.
type wire struct {
	t    *Traffic
	at   record.Time
	line int64
}

func newWire() *wire { return &wire{t: NewTraffic(nil), at: begin} }

func (w *wire) head(from, to string, port uint16) record.Conn {
	w.at, w.line = w.at.Add(time.Second), w.line+1
	return record.Conn{
		Head: record.Head{TS: w.at, Ref: record.Ref{File: "conn.log", Kind: record.RefLine, Pos: w.line}},
		UID:  fmt.Sprintf("C%d", w.line), OrigH: netip.MustParseAddr(from), OrigP: 49152 + uint16(w.line%1000), RespH: netip.MustParseAddr(to), RespP: port,
	}
}

// conn is one connection in a state, with one packet each way as far as the
// state has them.
func (w *wire) conn(proto, state, service, from, to string, port uint16) {
	c := &network.Conn{Conn: w.head(from, to, port), Proto: proto, Service: service, State: state}
	if state != "SHR" {
		c.OrigPkts, c.OrigBytes = record.Some(uint64(5)), record.Some(uint64(500))
	}
	if state != "S0" {
		c.RespPkts, c.RespBytes = record.Some(uint64(4)), record.Some(uint64(2000))
	}
	w.t.Put(c)
}

// tcp is a connection that passed, times over.
func (w *wire) tcp(service, from, to string, port uint16, times int) {
	for range times {
		w.conn("tcp", "SF", service, from, to, port)
	}
}

func (w *wire) udp(service, from, to string, port uint16, times int) {
	for range times {
		w.conn("udp", "SF", service, from, to, port)
	}
}

// modbusWrite is a command that changes a controller.
func (w *wire) modbusWrite(from, to string) {
	w.t.Put(&modbus.Message{Conn: w.head(from, to, 502), Func: "WRITE_SINGLE_REGISTER", PDU: "REQ", Access: "write", Code: 6})
}

// threeZones is a plant that keeps its conduits: offices in 10.1.0.0/24, a DMZ
// in 10.2.0.0/24, controllers and their operators in 10.3.0.0/24. The
// historian's replica in the DMZ fetches values by OPC UA; offices read it by
// HTTPS; operators take time from the DMZ.
func threeZones() *wire {
	w := newWire()
	for i := 10; i < 16; i++ {
		desk := fmt.Sprintf("10.1.0.%d", i)
		w.udp("dns", desk, "10.1.0.2", 53, 20)
		w.tcp("krb_tcp", desk, "10.1.0.2", 88, 4)
		w.tcp("smb,gssapi,krb", desk, "10.1.0.3", 445, 6)
		w.tcp("ssl", desk, "198.51.100.7", 443, 9)
		w.tcp("ssl", desk, "10.2.0.5", 443, 3)
	}
	w.tcp("opcua-binary", "10.2.0.5", "10.3.0.10", 4840, 8)
	w.udp("ntp", "10.3.0.10", "10.2.0.6", 123, 5)
	w.udp("ntp", "10.3.0.11", "10.2.0.6", 123, 5)
	w.udp("ntp", "10.2.0.6", "10.1.0.2", 123, 5)
	for _, operator := range []string{"10.3.0.10", "10.3.0.11"} {
		for i := 21; i < 25; i++ {
			w.tcp("modbus", operator, fmt.Sprintf("10.3.0.%d", i), 502, 30)
		}
	}
	w.modbusWrite("10.3.0.10", "10.3.0.21")
	w.conn("udp", "S0", "dns", "10.1.0.10", "10.1.0.255", 137)
	w.conn("udp", "S0", "ssdp", "10.1.0.10", "239.255.255.250", 1900)
	return w
}

// matrixOf is who passed what to whom, without what stays within a zone.
func matrixOf(r *Report) map[string]uint64 {
	out := map[string]uint64{}
	for _, c := range r.Crossing {
		if c.From != c.To && c.Passed > 0 {
			out[fmt.Sprintf("%s → %s %s", r.Zoning.Zones[c.From].Name, r.Zoning.Zones[c.To].Name, c.Protocol)] += c.Passed
		}
	}
	return out
}

func zonesOf(t *testing.T, r *Report) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, i := range r.zones() {
		z := r.Zoning.Zones[i]
		for _, n := range z.Networks {
			out[n.String()] = z.Name + " " + z.Level.String()
		}
	}
	return out
}
