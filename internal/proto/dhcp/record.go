package dhcp

import (
	"net/netip"
	"time"

	"longwatch/internal/record"
)

// Record is one conversation: the messages with one transaction id, which may
// run over several connections because many are broadcast. Names and meanings
// are those of Zeek's dhcp.log. Specification: RFC 2131, RFC 2132.
type Record struct {
	record.Head
	UIDs          []string                  `rec:"uids,set"`                                         // of the connections
	ClientAddr    netip.Addr                `rec:"client_addr" ecs:"client.ip" ent:"address,client"` // address that the client has or gets
	ServerAddr    netip.Addr                `rec:"server_addr" ecs:"server.ip" ent:"address,server"` // that handed out the address
	MAC           string                    `rec:"mac" ecs:"client.mac" ent:"mac"`                   // of the client
	HostName      string                    `rec:"host_name" ecs:"client.domain" ent:"host,client"`  // as the client says
	ClientFQDN    string                    `rec:"client_fqdn"`                                      // as the client says
	Domain        string                    `rec:"domain"`                                           // as the server says
	RequestedAddr netip.Addr                `rec:"requested_addr" ent:"address,requested"`           // address that the client asks for (option 50)
	AssignedAddr  netip.Addr                `rec:"assigned_addr" ent:"address,assigned"`             // address that the server gives (yiaddr)
	LeaseTime     record.Opt[time.Duration] `rec:"lease_time"`                                       // how long the address is the client's (option 51)
	ClientMessage string                    `rec:"client_message"`                                   // why the client declined
	ServerMessage string                    `rec:"server_message"`                                   // why the server refused
	MsgTypes      []string                  `rec:"msg_types"`                                        // DISCOVER, OFFER, REQUEST, ACK ...
	Duration      time.Duration             `rec:"duration"`                                         // first to last message
	VendorClass   string                    `rec:"vendor_class,extra"`                               // what the client says it is
	Parameters    string                    `rec:"parameters,extra"`                                 // options the client asks for, in its order: tells systems apart
	Relay         netip.Addr                `rec:"relay_addr,extra" ent:"address,relay"`             // agent that passed the messages on
	Routers       []netip.Addr              `rec:"routers,extra" ent:"address,router"`               // that the server told, at most 16
	DNSServers    []netip.Addr              `rec:"dns_servers,extra" ent:"address,resolver"`         // likewise
	ProxyURL      string                    `rec:"proxy_url,extra" ent:"url"`                        // of proxy settings (WPAD) that the server told
}

// Type is the schema of Record.
var Type = record.Of[Record]("dhcp")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }
