package flow

import (
	"encoding/binary"
	"slices"

	"longwatch/internal/capture"
	"longwatch/internal/record"
)

const (
	// maxDatagrams bounds the datagrams that are being put together, and
	// fragPart the part of the engine's memory that they may hold.
	maxDatagrams = 4096
	fragPart     = 16
	// maxFragments bounds the fragments of one datagram: 64 KiB in pieces of
	// eight bytes would be 8192, which only an attacker sends.
	maxFragments = 1024
	// fragTimeout is after how long a datagram is given up (Zeek's frag_timeout).
	fragTimeout = record.Time(300e9)
	// maxDatagram is what IP allows.
	maxDatagram = 65535
)

// defragmenter puts IP datagrams together. It belongs to one goroutine.
type defragmenter struct {
	open   map[fragKey]*datagram
	order  []fragKey // oldest first; may name datagrams that are done
	held   int64     // bytes in open
	budget int64
}

type fragKey struct {
	src, dst capture.Addr
	id       uint32
	proto    uint8
	v6       bool
}

// datagram is a datagram of which some fragments are there.
type datagram struct {
	first record.Time
	head  []byte // headers before the payload, of the fragment at offset 0
	size  int    // of the payload; -1 while the last fragment is missing
	have  int    // bytes covered
	parts []fragment
}

// fragCost is what a fragment is taken to cost beside its bytes.
const fragCost = 64

type fragment struct {
	off  int
	data []byte
}

func newDefragmenter(memory int64) *defragmenter {
	return &defragmenter{open: map[fragKey]*datagram{}, budget: memory / fragPart}
}

// fragment takes a fragment and returns the whole packet when it is complete.
func (sp *spreader) fragment(p *packet, b []byte, h *capture.IP) []byte {
	if len(h.Payload) < h.Wire {
		sp.weird(p, "incompletely_captured_fragment", len(b))
		return nil
	}
	d := sp.defrag
	k := fragKey{src: h.Src, dst: h.Dst, id: h.Frag.ID, proto: h.Proto, v6: h.V6}
	if h.V6 {
		k.proto = 0 // only the first fragment's next header counts (RFC 8200 section 4.5)
	}
	g := d.open[k]
	if g != nil && p.ts-g.first > fragTimeout {
		sp.weird(p, "fragment_timeout", g.have)
		d.forget(k)
		g = nil
	}
	if g == nil {
		g = &datagram{first: p.ts, size: -1}
		d.add(k, g)
	}
	off, end := int(h.Frag.Offset), int(h.Frag.Offset)+len(h.Payload)
	if end > maxDatagram || len(g.parts) >= maxFragments {
		sp.weird(p, "excessively_large_fragment", len(b))
		d.forget(k)
		return nil
	}
	if off == 0 && g.head == nil {
		g.head = slices.Clone(b[:h.Frag.Head])
		if h.V6 {
			g.head[h.Frag.NextAt] = h.Proto
		}
	}
	if !h.Frag.More {
		if g.size >= 0 && g.size != end {
			sp.weird(p, "fragment_size_inconsistency", len(b))
		} else {
			g.size = end
		}
	}
	before := g.cost()
	if g.insert(off, h.Payload) {
		sp.weird(p, "fragment_inconsistency", len(b))
	}
	d.held += g.cost() - before
	if g.size < 0 || g.have < g.size || g.head == nil {
		return nil
	}
	d.forget(k)
	return g.join(h.V6)
}

// add remembers a datagram, and forgets the oldest when there are too many.
func (d *defragmenter) add(k fragKey, g *datagram) {
	for len(d.order) > 0 && (len(d.open) >= maxDatagrams || len(d.order) >= 4*maxDatagrams || d.held > d.budget) {
		d.forget(d.order[0])
		d.order = d.order[1:]
	}
	d.open[k] = g
	d.held += g.cost()
	d.order = append(d.order, k)
}

// forget ends a datagram, if it is there.
func (d *defragmenter) forget(k fragKey) {
	if g := d.open[k]; g != nil {
		d.held -= g.cost()
		delete(d.open, k)
	}
}

// cost is about how many bytes a datagram takes.
func (g *datagram) cost() int64 { return int64(g.have + (len(g.parts)+2)*fragCost) }

// insert keeps what is new of a fragment; the first copy of a byte wins.
// conflict tells that two copies differ.
func (g *datagram) insert(off int, data []byte) (conflict bool) {
	i := 0
	for ; i < len(g.parts) && len(data) > 0; i++ {
		q := g.parts[i]
		end := q.off + len(q.data)
		switch {
		case end <= off:
			continue
		case off+len(data) <= q.off:
		case off < q.off:
			n := q.off - off
			g.put(i, off, data[:n])
			off, data = off+n, data[n:]
			continue
		default:
			n := min(end-off, len(data))
			if string(q.data[off-q.off:off-q.off+n]) != string(data[:n]) {
				conflict = true
			}
			off, data = off+n, data[n:]
			continue
		}
		break
	}
	if len(data) > 0 {
		g.put(i, off, data)
	}
	return conflict
}

func (g *datagram) put(i, off int, data []byte) {
	g.parts = slices.Insert(g.parts, i, fragment{off, slices.Clone(data)})
	g.have += len(data)
}

// join writes the datagram as one unfragmented packet.
func (g *datagram) join(v6 bool) []byte {
	out := append(make([]byte, 0, len(g.head)+g.size), g.head...)
	for _, q := range g.parts {
		out = append(out, q.data[:min(len(q.data), max(g.size-q.off, 0))]...)
	}
	if len(out) > maxDatagram {
		return nil
	}
	if v6 {
		binary.BigEndian.PutUint16(out[4:], uint16(len(out)-40)) // #nosec G115 -- checked
	} else {
		binary.BigEndian.PutUint16(out[2:], uint16(len(out))) // #nosec G115 -- checked
		out[6], out[7] = 0, 0
	}
	return out
}
