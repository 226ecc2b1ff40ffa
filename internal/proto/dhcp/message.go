package dhcp

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

// Options that are read (RFC 2132, RFC 4702 for the name, RFC 3203 and others
// for the message types).
const (
	optPad         = 0
	optRouter      = 3
	optDNS         = 6
	optHostName    = 12
	optDomain      = 15
	optRequested   = 50
	optLease       = 51
	optType        = 53
	optParameters  = 55
	optMessage     = 56
	optVendorClass = 60
	optClientID    = 61
	optClientFQDN  = 81
	optProxy       = 252
	optEnd         = 255
)

// hwEthernet is the hardware type of a client identifier that is a MAC.
const hwEthernet = 1

var typeNames = [...]string{
	1: "DISCOVER", 2: "OFFER", 3: "REQUEST", 4: "DECLINE", 5: "ACK", 6: "NAK", 7: "RELEASE", 8: "INFORM", 9: "FORCERENEW", 10: "LEASEQUERY",
	11: "LEASEUNASSIGNED", 12: "LEASEUNKNOWN", 13: "LEASEACTIVE", 14: "BULKLEASEQUERY", 15: "LEASEQUERYDONE", 16: "ACTIVELEASEQUERY",
	17: "LEASEQUERYSTATUS", 18: "TLS",
}

func typeName(t uint8) string {
	if int(t) < len(typeNames) && typeNames[t] != "" {
		return typeNames[t]
	}
	return fmt.Sprintf("unknown-message-type-%d", t)
}

// message is one message with the options that are of interest. It borrows.
type message struct {
	xid            uint32
	yiaddr, giaddr netip.Addr
	chaddr         []byte
	kind           uint8
	opts           map[uint8][]byte
}

var interesting = []uint8{
	optRouter, optDNS, optHostName, optDomain, optRequested, optLease, optMessage, optParameters, optVendorClass, optClientID, optClientFQDN, optProxy,
}

// read takes a message apart. Options end with the end option or the datagram.
func read(b []byte) (m message, ok bool) {
	c := wire.At(b)
	c.Skip(4) // operation, hardware type, its length, hops
	m.xid = c.U32()
	c.Skip(2 + 2 + 4)
	yi := c.Take(4)
	c.Skip(4)
	gi := c.Take(4)
	m.chaddr = c.Take(16)
	c.Skip(64 + 128)
	if c.U32() != cookie || !c.OK() {
		return m, false
	}
	m.yiaddr, m.giaddr = addr(yi), addr(gi)
	m.opts = map[uint8][]byte{}
	for c.Len() > 0 {
		code := c.U8()
		if code == optPad {
			continue
		}
		if code == optEnd {
			break
		}
		v := c.Take(int(c.U8()))
		if !c.OK() {
			return m, false
		}
		switch {
		case code == optType && m.kind == 0 && len(v) > 0:
			m.kind = v[0]
		case slices.Contains(interesting, code):
			m.opts[code] = v
		}
	}
	return m, true
}

func addr(b []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(b)
	return a
}

// text is an option as text; ok is false when it is not there.
func (m *message) text(code uint8) (s string, ok bool) {
	v, ok := m.opts[code]
	return string(v), ok
}

// address is an option's address.
func (m *message) address(code uint8) (netip.Addr, bool) {
	v := m.opts[code]
	if len(v) < 4 {
		return netip.Addr{}, false
	}
	return addr(v[:4]), true
}

// maxAddrs bounds the addresses of a list.
const maxAddrs = 16

func (m *message) addresses(code uint8) []netip.Addr {
	v := m.opts[code]
	var out []netip.Addr
	for len(v) >= 4 && len(out) < maxAddrs {
		out = append(out, addr(v[:4]))
		v = v[4:]
	}
	return out
}

// lease is the time that an address is given for.
func (m *message) lease() (time.Duration, bool) {
	v := m.opts[optLease]
	if len(v) < 4 {
		return 0, false
	}
	return time.Duration(binary.BigEndian.Uint32(v)) * time.Second, true
}

// clientMAC is the client identifier, when it is said to be a MAC.
func (m *message) clientMAC() (mac string, ok bool) {
	v := m.opts[optClientID]
	if len(v) < 1 || v[0] != hwEthernet {
		return "", false
	}
	return formatMAC(v[1:]), true
}

// formatMAC writes a MAC of six or eight bytes; longer fields are padded.
func formatMAC(b []byte) string {
	switch {
	case len(b) < 8 && len(b) != 6:
		return ""
	case len(b) == 6 || b[6] == 0 && b[7] == 0:
		b = b[:6]
	default:
		b = b[:8]
	}
	var out strings.Builder
	for i, x := range b {
		if i > 0 {
			out.WriteByte(':')
		}
		fmt.Fprintf(&out, "%02x", x)
	}
	return out.String()
}

// numbers writes bytes as decimal numbers.
func numbers(b []byte) string {
	var out strings.Builder
	for i, x := range b {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(strconv.Itoa(int(x)))
	}
	return out.String()
}

// fromClient tells whose message it is. Servers are originators too, when they
// broadcast.
func fromClient(c *proto.Conn, d proto.Dir) bool {
	return d == proto.Orig && (c.ID.OrigH.IsUnspecified() || c.ID.OrigP == clientPort || c.ID.RespP == serverPort)
}
