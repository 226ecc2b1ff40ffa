package flow

import (
	"fmt"
	"maps"
	"slices"

	"longwatch/internal/capture"
	"longwatch/internal/evidence"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// spreader finds the IP packets in frames and hands them to their shards. It
// belongs to the goroutine that reads the capture.
type spreader struct {
	eng     *Engine
	lane    record.Sink
	emit    func(*packet, *capture.Block)
	defrag  *defragmenter
	tunnels *tunnels
	odd     map[string]*oddity
	noIP    int64 // frames without IP
	dups    *duplicates
	scratch [maxTunnels + 1]packet // the packet at hand, by depth of tunnels
	copies  []int64                // duplicates dropped, by source
	others  []int64                // left out by the filter, by source
	ifaces  uint32                 // highest interface seen
	ticked  record.Time
	ticks   bool // somebody wants to know how time goes
}

// oddity counts packets that no connection can be made of.
type oddity struct {
	n     int64
	bytes int64
	first record.Ref
}

func newSpreader(e *Engine, emit func(*packet, *capture.Block)) *spreader {
	lane := e.out.Lane()
	return &spreader{eng: e, lane: lane, emit: emit, defrag: newDefragmenter(e.cfg.Memory), tunnels: newTunnels(e, lane), odd: map[string]*oddity{}, copies: make([]int64, len(e.sources)), others: make([]int64, len(e.sources)), ticks: e.protos.meets}
}

// frame takes one frame of a source. several tells that more captures are read
// beside it.
func (sp *spreader) frame(src uint32, f *capture.Frame, several bool) {
	if sp.ticks && (sp.ticked == 0 || f.TS.Sub(sp.ticked) >= proto.TickInterval) {
		sp.ticked = f.TS
		sp.emit(&packet{ts: f.TS, at: place{f.Pos, src}, shard: meetShard, tick: true}, nil)
	}
	if fl := sp.eng.cfg.Filter; fl != nil && !fl.Match(f) {
		sp.others[src]++
		return
	}
	in, ok := capture.Unwrap(f)
	if !ok {
		if !sp.arp(src, f) && !sp.dcp(src, f) {
			sp.noIP++
		}
		return
	}
	sp.ifaces = max(sp.ifaces, f.Iface)
	if several || sp.ifaces > 0 {
		if sp.dups == nil {
			sp.dups = newDuplicates()
		}
		if sp.dups.again(in.IP, f.TS, uint64(src)<<32|uint64(f.Iface)) {
			sp.copies[src]++
			return
		}
	}
	p := &sp.scratch[0]
	*p = packet{ts: f.TS, at: place{f.Pos, src}, vlan: [2]uint16{in.VLAN, in.Next}}
	sp.ip(p, in.IP, in.Wire, f.Block, 0)
}

// ip takes an IP packet that lies in block, or on the heap when block is nil.
func (sp *spreader) ip(p *packet, b []byte, wire int, block *capture.Block, depth int) {
	var h capture.IP
	if fault := capture.Parse(b, wire, &h); fault != capture.OK {
		sp.weird(p, string(fault), len(b))
		return
	}
	if h.Routed {
		sp.odds(p, "routing0_hdr")
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

// transport takes a packet whose IP header is read: it goes to its shard, and
// what it tunnels follows.
func (sp *spreader) transport(p *packet, block *capture.Block, depth int) {
	wire := int(p.wire)
	switch p.proto {
	case capture.ProtoNone:
		sp.weird(p, "ipv6_no_next", 0)
		return
	case capture.ProtoIPv4, capture.ProtoIPv6:
		sp.inner(p, capture.Inner{IP: p.payload, Wire: wire}, tunnelIP, block, depth)
		return
	case capture.ProtoGRE:
		in, fault, ok := capture.GRE(p.payload, wire)
		switch {
		case ok:
			sp.inner(p, in, tunnelGRE, block, depth)
		case fault != capture.OK:
			sp.weird(p, string(fault), len(p.payload))
		default:
			sp.noIP++
		}
		return
	case capture.ProtoMPLS:
		if in, ok := capture.MPLS(p.payload, wire); ok {
			sp.inner(p, in, tunnelIP, block, depth)
		}
		return
	}
	if w := p.ports(); w != "" {
		sp.weird(p, w, len(p.payload))
		return
	}
	var in capture.Inner
	tunnelled := false
	if p.proto == capture.ProtoUDP {
		port := p.servicePort()
		in, p.service, tunnelled = capture.UDPTunnel(port, p.payload[8:], wire-8)
		if !tunnelled && capture.TunnelPort(port) {
			sp.tunnels.see(p) // its connection may carry others later
		}
	}
	k, _ := makeKey(p.src, p.dst, p.sport, p.dport, p.proto, p.oneWay)
	p.shard = uint8(k.shard()) // #nosec G115 -- below shardCount
	if p.proto == capture.ProtoUDP && (sp.eng.protos.meet.has(p.sport) || sp.eng.protos.meet.has(p.dport)) {
		p.shard = meetShard
	}
	if depth > 0 {
		sp.tunnels.discover(p, depth)
	}
	sp.emit(p, block)
	if tunnelled {
		sp.inner(p, in, udpTunnels[p.service], block, depth)
	}
}

// meetShard has the connections on ports of proto.Spec.Meet.
const meetShard = 0

// maxTunnels bounds tunnels inside tunnels (Zeek's Tunnel::max_depth).
const maxTunnels = 4

// inner takes the IP packet that p tunnels; kind is Zeek's name of the tunnel.
func (sp *spreader) inner(p *packet, in capture.Inner, kind string, block *capture.Block, depth int) {
	if depth >= maxTunnels {
		sp.weird(p, "exceeded_tunnel_max_depth", len(in.IP))
		return
	}
	q := &sp.scratch[depth+1]
	*q = packet{ts: p.ts, at: p.at, vlan: p.vlan, parent: sp.tunnels.enter(p, in, kind, depth)}
	sp.ip(q, in.IP, in.Wire, block, depth+1)
}

// weird counts a packet that cannot be read, and records the first of its kind.
func (sp *spreader) weird(p *packet, name string, n int) {
	o := sp.odds(p, name)
	o.n++
	o.bytes += int64(n)
}

// odds records the first packet that is odd in a way, and returns the count of
// those that cannot be read for it.
func (sp *spreader) odds(p *packet, name string) *oddity {
	o := sp.odd[name]
	if o == nil {
		ref := sp.eng.ref(p.at)
		o = &oddity{first: ref}
		sp.odd[name] = o
		w := &network.Weird{Name: name, Peer: "longwatch"}
		w.TS, w.Ref = p.ts, ref
		sp.lane.Put(w)
	}
	return o
}

// report tells of packets that no connection was made of. The capture was read
// all the same, so no bytes count as lost.
func (sp *spreader) report() {
	sp.tunnels.closeAll()
	for i, n := range sp.copies {
		if n > 0 {
			sp.eng.out.Count(sp.eng.sources[i].Path, "duplicates", n)
		}
		if n := sp.others[i]; n > 0 {
			sp.eng.out.Count(sp.eng.sources[i].Path, "filtered", n)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sp.odd)) {
		o := sp.odd[name]
		if o.n == 0 {
			continue
		}
		sp.eng.out.Problem(evidence.Problem{
			Name: "packet-" + name, Ref: o.first,
			Why: fmt.Sprintf("%d packets (%d bytes) break the rules of IP and belong to no connection: %s", o.n, o.bytes, name),
		})
	}
}
