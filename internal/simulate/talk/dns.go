package talk

import (
	"encoding/binary"
	"net/netip"
	"strings"
)

// DNS record types.
const (
	TypeA     = 1
	TypeNS    = 2
	TypeCNAME = 5
	TypeSOA   = 6
	TypePTR   = 12
	TypeTXT   = 16
	TypeAAAA  = 28
	TypeSRV   = 33
	TypeHTTPS = 65
)

// Response codes.
const (
	NoError  = 0
	NXDomain = 3
)

// Answer is one resource record of a reply.
type Answer struct {
	Name string
	Type uint16
	TTL  uint32
	IP   netip.Addr // A, AAAA
	Text string     // target of CNAME, PTR, NS; text of TXT; target of SRV
	Port uint16     // SRV
}

// Query encodes a DNS question with recursion desired.
func Query(id uint16, name string, kind uint16) []byte {
	b := dnsHeader(id, 0x0100, 1, 0, 0)
	return question(b, name, kind)
}

// Reply encodes the response to Query. A reply without answers carries the
// SOA of the parent zone, as resolvers send it.
func Reply(id uint16, name string, kind uint16, rcode int, answers []Answer) []byte {
	authority := 0
	if len(answers) == 0 {
		authority = 1
	}
	b := question(dnsHeader(id, 0x8180|uint16(rcode), 1, len(answers), authority), name, kind)
	for _, a := range answers {
		b = record(b, a)
	}
	if authority == 1 {
		zone := parent(name)
		b = append(appendName(b, zone), 0, TypeSOA, 0, 1, 0, 0, 0x03, 0x84)
		data := appendName(appendName(nil, "ns1."+zone), "hostmaster."+zone)
		for _, v := range []uint32{2026021801, 3600, 900, 1209600, 900} {
			data = binary.BigEndian.AppendUint32(data, v)
		}
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(data))), data...)
	}
	return b
}

func dnsHeader(id, flags uint16, qd, an, ns int) []byte {
	b := binary.BigEndian.AppendUint16(nil, id)
	for _, v := range []uint16{flags, uint16(qd), uint16(an), uint16(ns), 0} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func question(b []byte, name string, kind uint16) []byte {
	b = appendName(b, name)
	b = binary.BigEndian.AppendUint16(b, kind)
	return append(b, 0, 1)
}

func record(b []byte, a Answer) []byte {
	b = appendName(b, a.Name)
	b = binary.BigEndian.AppendUint16(b, a.Type)
	b = append(b, 0, 1)
	b = binary.BigEndian.AppendUint32(b, a.TTL)
	var data []byte
	switch a.Type {
	case TypeA, TypeAAAA:
		data = a.IP.AsSlice()
	case TypeTXT:
		data = append([]byte{byte(len(a.Text))}, a.Text...)
	case TypeSRV:
		data = binary.BigEndian.AppendUint16([]byte{0, 0, 0, 100}, a.Port)
		data = appendName(data, a.Text)
	default:
		data = appendName(nil, a.Text)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

func appendName(b []byte, name string) []byte {
	for label := range strings.SplitSeq(strings.Trim(name, "."), ".") {
		if label != "" {
			b = append(append(b, byte(len(label))), label...)
		}
	}
	return append(b, 0)
}

func parent(name string) string {
	labels := strings.Split(name, ".")
	return strings.Join(labels[max(0, len(labels)-2):], ".")
}

// NetBIOSQuery is an NBNS broadcast question for a host name (RFC 1002).
func NetBIOSQuery(id uint16, host string) []byte {
	name := strings.ToUpper(host)
	name = (name + strings.Repeat(" ", 15))[:15] + "\x00"
	b := append(dnsHeader(id, 0x0110, 1, 0, 0), 32)
	for _, c := range []byte(name) {
		b = append(b, 'A'+c>>4, 'A'+c&15)
	}
	return append(b, 0, 0, 32, 0, 1)
}

// LinkLocalQuery is an LLMNR question for one label (RFC 4795).
func LinkLocalQuery(id uint16, host string) []byte {
	return question(dnsHeader(id, 0, 1, 0, 0), host, TypeA)
}
