package flow

import (
	"fmt"
	"maps"
	"slices"

	"longwatch/internal/capture"
	"longwatch/internal/evidence"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// spreader finds the IP packets in frames and hands them to their shards. It
// belongs to the goroutine that reads the capture.
type spreader struct {
	eng    *Engine
	lane   record.Sink
	emit   func(*packet, *capture.Block)
	defrag *defragmenter
	odd    map[string]*oddity
	noIP   int64 // frames without IP
}

// oddity counts packets that no connection can be made of.
type oddity struct {
	n     int64
	bytes int64
	first record.Ref
}

func newSpreader(e *Engine, emit func(*packet, *capture.Block)) *spreader {
	return &spreader{eng: e, lane: e.out.Lane(), emit: emit, defrag: newDefragmenter(), odd: map[string]*oddity{}}
}

// frame takes one frame.
func (sp *spreader) frame(f *capture.Frame) {
	in, ok := capture.Unwrap(f)
	if !ok {
		sp.noIP++
		return
	}
	p := packet{ts: f.TS, pos: f.Pos, vlan: in.VLAN}
	sp.ip(&p, in.IP, in.Wire, f.Block, 0)
}

// ip takes an IP packet that lies in block, or on the heap when block is nil.
func (sp *spreader) ip(p *packet, b []byte, wire int, block *capture.Block, depth int) {
	var h capture.IP
	if fault := capture.Parse(b, wire, &h); fault != capture.OK {
		sp.weird(p, string(fault), len(b))
		return
	}
	if h.Frag.Is {
		whole := sp.fragment(p, b, &h)
		if whole != nil {
			sp.ip(p, whole, len(whole), nil, depth)
		}
		return
	}
	p.src, p.dst, p.proto = h.Src, h.Dst, h.Proto
	p.payload, p.wire, p.ipLen = h.Payload, uint32(h.Wire), h.Len // #nosec G115 -- not negative
	sp.transport(p, block, depth)
}

func (sp *spreader) transport(p *packet, block *capture.Block, depth int) {
	if p.proto == capture.ProtoNone {
		sp.weird(p, "ipv6_no_next", 0)
		return
	}
	if w := p.ports(); w != "" {
		sp.weird(p, w, len(p.payload))
		return
	}
	k, _ := makeKey(p.src, p.dst, p.sport, p.dport, p.proto, p.oneWay)
	p.shard = uint8(k.shard()) // #nosec G115 -- below shardCount
	sp.emit(p, block)
}

// weird counts a packet that cannot be read, and records the first of its kind.
func (sp *spreader) weird(p *packet, name string, n int) {
	o := sp.odd[name]
	ref := record.Ref{File: sp.eng.cfg.Path, Kind: record.RefOffset, Pos: p.pos}
	if o == nil {
		o = &oddity{first: ref}
		sp.odd[name] = o
		w := &network.Weird{Name: name, Peer: "longwatch"}
		w.TS, w.Ref = p.ts, ref
		sp.lane.Put(w)
	}
	o.n++
	o.bytes += int64(n)
}

// report tells what could not be read.
func (sp *spreader) report() {
	for _, name := range slices.Sorted(maps.Keys(sp.odd)) {
		o := sp.odd[name]
		sp.eng.out.Problem(evidence.Problem{
			Name: "packet-" + name, Ref: o.first, Bytes: o.bytes,
			Why: fmt.Sprintf("%d packets could not be read (%s)", o.n, name),
		})
	}
}
