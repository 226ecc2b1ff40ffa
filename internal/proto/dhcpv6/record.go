package dhcpv6

import (
	"net/netip"

	"longwatch/internal/record"
)

// Message is one message, of a client, a server or a relay. Specification: RFC
// 8415.
type Message struct {
	record.Conn
	Type       string         `rec:"msg_type"`                           // SOLICIT, ADVERTISE, REQUEST, REPLY ...
	XID        uint32         `rec:"xid"`                                // pairs a reply with its request
	Relays     uint8          `rec:"relays"`                             // agents that wrapped it
	Peer       netip.Addr     `rec:"peer_addr" ent:"address,client"`     // whose message the first of them took
	ClientDUID string         `rec:"client_duid"`                        // identifies the client for good, in hexadecimal
	ServerDUID string         `rec:"server_duid"`                        // of the server, in hexadecimal
	MAC        string         `rec:"mac" ent:"mac"`                      // of the client, where its identifier holds one
	FQDN       string         `rec:"client_fqdn" ent:"host,client"`      // as the client or the server says
	Addrs      []netip.Addr   `rec:"addrs" ent:"address,assigned"`       // asked for or assigned, at most 16
	Prefixes   []netip.Prefix `rec:"prefixes"`                           // likewise, delegated networks
	DNSServers []netip.Addr   `rec:"dns_servers" ent:"address,resolver"` // that the server told, at most 16
	Domains    []string       `rec:"domains"`                            // to search, at most 16
	Status     []string       `rec:"status"`                             // why something was not granted
	Vendor     string         `rec:"vendor_class"`                       // what the client says it is
}

// Type is the schema of Message.
var Type = record.Of[Message]("dhcpv6")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Message) BeyondZeek() bool { return true }
