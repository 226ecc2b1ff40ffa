// Package opcua reads OPC UA connections in the binary encoding and makes a
// record of each message, request and answer joined, and of what they carry:
// sessions, endpoints, browsing, reads, writes, subscriptions, values, status
// codes. The records are those that the OPC UA analyzer of ICSNPP writes for
// Zeek; their link ids are made from the connection's uid, so that the same
// evidence gives the same ones. What is encrypted gives the message only.
//
// Specification: OPC 10000-6 (mappings: 5.2 binary encoding, 6.7 secure
// conversation, 7.1 connection protocol) and OPC 10000-4 (services), at
// https://reference.opcfoundation.org/.
package opcua

import (
	"bytes"
	"errors"
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// Protocol is OPC UA binary.
var Protocol = proto.Spec{
	Name:      "opcua-binary",
	Transport: proto.TCP,
	Ports:     []uint16{4840, 4843},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return newParser(c) },
	Emits: []*record.Type{
		Type, OpenSecureChannelType, CreateSessionType, CreateSessionDiscoveryType, CreateSessionEndpointsType,
		CreateSessionUserTokenType, ActivateSessionType, ActivateSessionClientSoftwareCertType, ActivateSessionLocaleIDType,
		CloseSessionType, GetEndpointsType, GetEndpointsDescriptionType, GetEndpointsDiscoveryType, GetEndpointsUserTokenType,
		GetEndpointsLocaleIDType, GetEndpointsProfileURIType, BrowseType, BrowseDescriptionType,
		BrowseRequestContinuationPointType, BrowseResultType, BrowseReferenceType, ReadType, ReadNodesToReadType,
		ReadResultsType, WriteType, CreateMonitoredItemsType, CreateMonitoredItemsItemType, CreateSubscriptionType,
		StatusCodeDetailType, DiagnosticInfoDetailType, VariantMetadataType, VariantDataType, VariantArrayDimsType,
		VariantExtensionObjectType, VariantDataValueType,
	},
}

const (
	headLen = 8
	// maxChunk bounds one chunk; what is longer is passed over.
	maxChunk = 1 << 19
	// maxBody bounds a message put together from chunks.
	maxBody = 1 << 20
	// maxSize is what a length field may say and still be believed.
	maxSize = 1 << 26
	// maxPending bounds the requests, and the answers, that wait for their
	// other half.
	maxPending = 256
	// maxRows bounds the records of one message.
	maxRows = 4096
	// maxDepth bounds values within values and diagnostics within diagnostics.
	maxDepth = 16
)

var errHeader = errors.New("opcua: no message header")

// probe looks for the header of a message: a type, a chunk mark and a length.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	n := min(len(b), 3)
	known := false
	for _, k := range kinds {
		known = known || string(b[:n]) == k[:n]
	}
	switch {
	case !known:
		return proto.No
	case len(b) < headLen:
		return proto.Maybe
	case isHeader(b):
		return proto.Yes
	}
	return proto.No
}

// kinds are the types of message, in the order of their use.
var kinds = [...]string{"MSG", "HEL", "ACK", "OPN", "CLO", "ERR", "RHE"}

// isHeader tells whether b begins with the header of a message.
func isHeader(b []byte) bool {
	if len(b) < headLen {
		return false
	}
	kind := string(b[:3])
	c := wire.At(b[4:])
	size := c.L32()
	var least uint32
	switch kind {
	case "HEL":
		least = 32
	case "ACK":
		least = 28
	case "ERR", "RHE":
		least = 16
	case "MSG", "CLO":
		least = 24
	case "OPN":
		least = 32
	default:
		return false
	}
	final := b[3] == 'F' || kind == "MSG" && (b[3] == 'C' || b[3] == 'A')
	return final && size >= least && size <= maxSize
}

// parser follows one connection.
type parser struct {
	c     *proto.Conn
	links ot.Links
	lost  bool // bytes are missing: where Zeek stops
	half  [2]half
	wait  [2]pending // requests and answers without their other half
	rows  []record.Record
	over  bool // rows of the present message were dropped
	known bool
}

// half is one direction.
type half struct {
	skip  int  // bytes of a chunk too long to read
	seek  bool // the next message has to be found
	chunk []byte
	size  uint64 // of the chunks so far, with their headers
}

// Held implements proto.Holder.
func (p *parser) Held() int { return cap(p.half[0].chunk) + cap(p.half[1].chunk) }

func newParser(c *proto.Conn) *parser {
	p := &parser{c: c, links: ot.NewLinks(c.ID.UID)}
	if c.Partial {
		p.half[0].seek, p.half[1].seek = true, true
	}
	return p
}

func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	h := &p.half[d]
	used := 0
	for used < len(b) {
		rest := b[used:]
		if h.skip > 0 {
			n := min(h.skip, len(rest))
			h.skip -= n
			used += n
			continue
		}
		if h.seek {
			n, found := find(rest)
			used += n
			if !found {
				return proto.Step{Used: used}, nil
			}
			h.seek = false
			continue
		}
		if len(rest) < headLen {
			return proto.Step{Used: used, Need: headLen}, nil
		}
		if !isHeader(rest) {
			return proto.Step{Used: used}, fmt.Errorf("%w: %.8x", errHeader, rest[:headLen])
		}
		c := wire.At(rest[4:])
		size := int(c.L32())
		if size > maxChunk {
			p.c.Weird("opcua_binary_chunk_too_long", fmt.Sprint(size))
			h.skip, h.chunk, h.size = size, nil, 0
			continue
		}
		if len(rest) < size {
			return proto.Step{Used: used, Need: size}, nil
		}
		p.message(d, string(rest[:3]), rest[3], rest[headLen:size])
		used += size
	}
	return proto.Step{Used: used}, nil
}

// find looks for the next message. n bytes before it can be dropped.
func find(b []byte) (n int, found bool) {
	for n = 0; n+headLen <= len(b); n++ {
		if isHeader(b[n:]) {
			return n, true
		}
		i := bytes.IndexAny(b[n+1:len(b)-headLen+1], "MHAOCER")
		if i < 0 {
			return len(b) - headLen + 1, false
		}
		n += i
	}
	return min(n, max(len(b)-headLen+1, 0)), false
}

// Gap goes on with the next message that can be found. Zeek's analyzer stops
// here, so that the records from now on are beyond it.
func (p *parser) Gap(d proto.Dir, _ int) error {
	p.lost = true
	p.half[d] = half{seek: true}
	return nil
}

// Close emits what waits for its other half.
func (p *parser) Close() {
	for i := range p.wait {
		for _, m := range p.wait[i].all {
			p.c.Emit(m)
		}
		p.wait[i] = pending{}
	}
}
