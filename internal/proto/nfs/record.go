package nfs

import "longwatch/internal/record"

// Record sums up the calls of one connection. Specification: RFC 1813, RFC
// 1094, RFC 1833.
type Record struct {
	record.Conn
	Proto      string   `rec:"proto,enum" ecs:"network.transport"` // tcp or udp
	Programs   []string `rec:"programs,set"`                       // portmap, nfs, mount, nlockmgr, status ...
	Version    uint32   `rec:"version"`                            // of the first program called
	Procedures []string `rec:"procedures,set"`                     // called, as nfs.LOOKUP; at most 64
	Calls      uint64   `rec:"calls"`                              // messages that ask
	Replies    uint64   `rec:"replies"`                            // messages that answer
	Denied     uint64   `rec:"denied"`                             // answers that refuse the call or its credentials
	Failed     uint64   `rec:"failed"`                             // answers whose status is an error
	Machine    string   `rec:"machine" ent:"host,client"`          // the client's name, in Unix credentials
	UIDs       []uint32 `rec:"user_ids,set"`                       // users in Unix credentials, at most 16
	Exports    []string `rec:"exports" ent:"file"`                 // paths that were mounted, at most 32
	Names      []string `rec:"names" ent:"file"`                   // files and folders looked up, made, moved or removed, at most 64
	Written    uint64   `rec:"bytes_written"`                      // that write calls announce
	Read       uint64   `rec:"bytes_read"`                         // that read calls ask for
	Ports      []uint16 `rec:"ports_told"`                         // ports of programs, as the portmapper told; at most 32
}

// Type is the schema of Record.
var Type = record.Of[Record]("nfs")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Record) BeyondZeek() bool { return true }
