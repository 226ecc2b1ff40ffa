// Package network holds the network records that many producers make: conn,
// files and weird. Records of one protocol live with its parser. Names and
// meanings are Zeek's (https://docs.zeek.org/en/master/logs/).
package network

import (
	"strconv"
	"time"

	"longwatch/internal/record"
)

// Conn is one connection, written when it ends. Specification: Zeek's
// conn.log; RFC 9293, RFC 768, RFC 792.
type Conn struct {
	record.Conn
	Proto       string                    `rec:"proto,enum" ecs:"network.transport"`            // tcp, udp, icmp or unknown_transport
	Service     string                    `rec:"service" ecs:"network.protocol"`                // protocols named by content, comma-separated
	Duration    record.Opt[time.Duration] `rec:"duration" ecs:"event.duration"`                 // first to last packet
	OrigBytes   record.Opt[uint64]        `rec:"orig_bytes" ecs:"source.bytes"`                 // payload, from TCP sequence numbers
	RespBytes   record.Opt[uint64]        `rec:"resp_bytes" ecs:"destination.bytes"`            // payload, from TCP sequence numbers
	State       string                    `rec:"conn_state" ecs:"zeek.connection.state"`        // S0, S1, SF, REJ, S2, S3, RSTO, RSTR, RSTOS0, RSTRH, SH, SHR, OTH
	LocalOrig   record.Opt[bool]          `rec:"local_orig"`                                    // the originator is in an own network (--home-net)
	LocalResp   record.Opt[bool]          `rec:"local_resp"`                                    // the responder is in an own network
	MissedBytes uint64                    `rec:"missed_bytes"`                                  // payload in gaps
	History     string                    `rec:"history" ecs:"zeek.connection.history"`         // what happened in order, a letter each as Zeek has them; capitals are the originator's
	OrigPkts    record.Opt[uint64]        `rec:"orig_pkts" ecs:"source.packets"`                // packets from the originator
	OrigIPBytes record.Opt[uint64]        `rec:"orig_ip_bytes"`                                 // bytes of these with their IP headers
	RespPkts    record.Opt[uint64]        `rec:"resp_pkts" ecs:"destination.packets"`           // packets from the responder
	RespIPBytes record.Opt[uint64]        `rec:"resp_ip_bytes"`                                 // bytes of these with their IP headers
	Parents     []string                  `rec:"tunnel_parents,set"`                            // uids of the connections that this one was tunnelled in
	IPProto     record.Opt[uint8]         `rec:"ip_proto" ecs:"network.iana_number"`            // number of the protocol above IP (IANA)
	VLAN        record.Opt[uint16]        `rec:"vlan,extra" ecs:"network.vlan.id"`              // outer 802.1Q tag; stock Zeek leaves it out of conn.log
	InnerVLAN   record.Opt[uint16]        `rec:"inner_vlan,extra" ecs:"network.inner.vlan.id"`  // the tag behind the outer one
	CommunityID string                    `rec:"community_id,extra" ecs:"network.community_id"` // Community ID version 1, seed 0: what other tools call the same connection
}

// ConnType is the schema of Conn.
var ConnType = record.Of[Conn]("conn")

// RecordType returns ConnType.
func (*Conn) RecordType() *record.Type { return ConnType }

// File is one file seen on the wire. Specification: Zeek's files.log.
type File struct {
	record.Conn
	FUID          string             `rec:"fuid"`                                     // names this file; other records refer to it
	Source        string             `rec:"source"`                                   // protocol that carried it, as Zeek writes it: HTTP, SSL, SMB, SMTP, FTP_DATA
	Depth         uint64             `rec:"depth"`                                    // place in the connection: of the transaction, or within a message
	Analyzers     []string           `rec:"analyzers,set"`                            // what was made of the content: MD5, SHA1, SHA256, X509, PE ...
	MIMEType      string             `rec:"mime_type" ecs:"file.mime_type"`           // by content
	Filename      string             `rec:"filename" ecs:"file.name" ent:"file"`      // as the protocol that carried it names it
	Duration      time.Duration      `rec:"duration"`                                 // first to last byte
	LocalOrig     record.Opt[bool]   `rec:"local_orig"`                               // it came from an own network
	IsOrig        record.Opt[bool]   `rec:"is_orig"`                                  // the originator of the connection sent it
	SeenBytes     uint64             `rec:"seen_bytes"`                               // bytes that were looked at, as Zeek counts them
	TotalBytes    record.Opt[uint64] `rec:"total_bytes" ecs:"file.size"`              // size that the protocol announced
	MissingBytes  uint64             `rec:"missing_bytes"`                            // bytes in gaps
	OverflowBytes uint64             `rec:"overflow_bytes"`                           // bytes that came too early and too far ahead to be kept
	TimedOut      bool               `rec:"timedout"`                                 // its end was not seen
	ParentFUID    string             `rec:"parent_fuid"`                              // file that it was unpacked from
	MD5           string             `rec:"md5" ecs:"file.hash.md5" ent:"hash"`       // of the content, in hexadecimal; none with gaps
	SHA1          string             `rec:"sha1" ecs:"file.hash.sha1" ent:"hash"`     // likewise
	SHA256        string             `rec:"sha256" ecs:"file.hash.sha256" ent:"hash"` // likewise
	Extracted     string             `rec:"extracted"`                                // name of the file that holds the content, below the output folder
	Cutoff        record.Opt[bool]   `rec:"extracted_cutoff"`                         // that file is not the whole content
	ExtractedSize record.Opt[uint64] `rec:"extracted_size"`                           // its size
	Size          record.Opt[uint64] `rec:"size,extra"`                               // bytes that came, where Zeek counts others as seen: it makes two of every line end
	Partial       record.Opt[bool]   `rec:"partial,extra"`                            // what came before it was not captured; Zeek reads no file there
	Traits        []string           `rec:"traits,set,extra"`                         // what the content is, beyond its type: see package content
	Members       []string           `rec:"members,extra"`                            // names inside an archive, at most 64
}

// BeyondZeek tells that Zeek would not write this row: it knows no HTTP/2, and
// of IMAP no more than that TLS begins.
func (f *File) BeyondZeek() bool { return f.Partial.V || f.Source == "HTTP2" || f.Source == "IMAP" }

// FileType is the schema of File.
var FileType = record.Of[File]("files")

// RecordType returns FileType.
func (*File) RecordType() *record.Type { return FileType }

// Weird is traffic that breaks its protocol's rules but could be read past.
// Specification: Zeek's weird.log.
type Weird struct {
	record.Conn
	Name   string `rec:"name"`   // Zeek's name where Zeek has one
	Addl   string `rec:"addl"`   // what is odd about it, where the name does not say
	Notice bool   `rec:"notice"` // as Zeek writes it: always false
	Peer   string `rec:"peer"`   // as Zeek writes it: the name of the process
	Source string `rec:"source"` // parser that says so
}

// WeirdType is the schema of Weird.
var WeirdType = record.Of[Weird]("weird")

// RecordType returns WeirdType.
func (*Weird) RecordType() *record.Type { return WeirdType }

// Tunnel is a tunnel that was found to carry connections, or that has ended.
// Specification: Zeek's tunnel.log.
type Tunnel struct {
	record.Conn
	Kind    string             `rec:"tunnel_type,enum"` // Tunnel::IP, GRE, TEREDO, AYIYA, GTPv1, VXLAN, GENEVE, SOCKS or HTTP
	Action  string             `rec:"action,enum"`      // Tunnel::DISCOVER, or Tunnel::CLOSE at its last packet
	Key     record.Opt[uint32] `rec:"key,extra"`        // which of several between the ends: key of GRE, call of PPTP, VNI of VXLAN and Geneve, TEID of GTP
	Session record.Opt[uint16] `rec:"session,extra"`    // of ERSPAN
	Further bool               `rec:"-"`                // another key of a tunnel reported before
}

// TunnelType is the schema of Tunnel.
var TunnelType = record.Of[Tunnel]("tunnel")

// RecordType returns TunnelType.
func (*Tunnel) RecordType() *record.Type { return TunnelType }

// BeyondZeek tells that Zeek would not write this row: it knows no keys.
func (r *Tunnel) BeyondZeek() bool { return r.Further }

// ServicePort is a service met on a port that is not one of its own, or a port
// that speaks for a service and carried another one. Zeek has no such log; an
// implant that listens where nobody looks, and a tunnel through an open port,
// both show here. Specification: IANA, Service Name and Transport Protocol
// Port Number Registry.
type ServicePort struct {
	record.Conn
	Proto        string   `rec:"proto,enum" ecs:"network.transport"` // tcp or udp
	Service      string   `rec:"service" ecs:"network.protocol"`     // named by content; empty: both sides talked, and no protocol known here fits
	UsualPorts   []uint16 `rec:"usual_ports,port"`                   // ports of that service; empty when it has none of its own
	PortServices []string `rec:"port_services,set"`                  // services whose port this is, none of which was seen; empty when the port speaks for none
}

// ServicePortType is the schema of ServicePort.
var ServicePortType = record.Of[ServicePort]("service_port")

// RecordType returns ServicePortType.
func (*ServicePort) RecordType() *record.Type { return ServicePortType }

// BeyondZeek keeps the record out of Zeek's formats.
func (*ServicePort) BeyondZeek() bool { return true }

// OncePer tells record files to write what a server does on a port once a day.
func (r *ServicePort) OncePer() (key string, period time.Duration) {
	return r.RespH.String() + "/" + strconv.Itoa(int(r.RespP)) + "/" + r.Proto + "/" + r.Service, 24 * time.Hour
}
