package app

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"

	"longwatch/internal/capture"
	"longwatch/internal/record"
)

// damageFile flips bits of a file, and cuts off its end.
func damageFile(r *rand.Rand, whole []byte) []byte {
	b := slices.Clone(whole[:len(whole)-r.IntN(len(whole)/2+1)])
	for range 1 + r.IntN(1+len(b)/200) {
		if at := r.IntN(len(b)); at >= 24 {
			b[at] ^= 1 << r.IntN(8)
		}
	}
	return b
}

// damagePackets writes a capture again, as one of its first link type, with
// packets damaged as no network does.
func damagePackets(r *rand.Rand, whole []byte) []byte {
	c, err := capture.NewReader(bytes.NewReader(whole))
	if err != nil {
		return whole
	}
	defer c.Close()
	var (
		f       capture.Frame
		frames  [][]byte
		link    capture.LinkType
		odds    = []int{2, 5, 20}[r.IntN(3)]
		already bool
	)
	for c.Next(&f) == nil {
		if !already {
			link, already = f.Link, true
		}
		if f.Link != link {
			continue
		}
		data := slices.Clone(f.Data)
		for hit := r.IntN(odds) == 0; hit; hit = r.IntN(2) == 0 {
			data = damage(r, data)
		}
		p := appendPacket(nil, f.TS, data, max(f.Len, len(data)))
		switch r.IntN(8 * odds) {
		case 0: // lost
		case 1:
			frames = append(frames, p, p)
		case 2:
			frames = append(frames, p)
			if n := len(frames); n > 1 {
				j := r.IntN(n)
				frames[n-1], frames[j] = frames[j], frames[n-1]
			}
		default:
			frames = append(frames, p)
		}
	}
	return append(pcapHead(link), slices.Concat(frames...)...)
}

// heads is about where the headers of a packet end and its payload begins.
const heads = 42

// extremes are bytes that lengths and counts are often wrong with.
var extremes = []byte{0, 1, 0x7f, 0x80, 0xfe, 0xff}

// damage changes a packet in one way.
func damage(r *rand.Rand, b []byte) []byte {
	if len(b) <= heads {
		return b
	}
	at := heads + r.IntN(len(b)-heads)
	if r.IntN(4) == 0 {
		at = heads + r.IntN(min(len(b)-heads, 64)) // where lengths are
	}
	switch r.IntN(6) {
	case 0:
		return b[:at]
	case 1:
		b[at] = extremes[r.IntN(len(extremes))]
	case 2:
		for i := range min(4, len(b)-at) {
			b[at+i] = 0xff
		}
	case 3: // part of it again
		n := r.IntN(len(b) - at)
		return slices.Concat(b[:at], b[at:at+n], b[at:])
	case 4:
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
	default:
		b[at] ^= 1 << r.IntN(8)
	}
	return b
}

// insistent is how many packets insist adds.
const insistent = 10_000

// insist plays a capture up to some packet with a payload, and then that side's
// payload again and again, in small or whole pieces, sometimes damaged.
func insist(r *rand.Rand, whole []byte) []byte {
	c, err := capture.NewReader(bytes.NewReader(whole))
	if err != nil {
		return whole
	}
	defer c.Close()
	var (
		f     capture.Frame
		b     []byte
		stays = r.IntN(30)
	)
	for c.Next(&f) == nil {
		if b == nil {
			b = pcapHead(f.Link)
		}
		b = appendPacket(b, f.TS, f.Data, f.Len)
		p, ok := dissect(&f)
		if !ok {
			continue
		}
		if stays--; stays < 0 {
			return p.repeat(r, b, f.TS)
		}
	}
	return b
}

// dissected is a packet with a payload, in its parts.
type dissected struct {
	head  []byte // link, IP and transport headers
	ip    int    // where IP begins
	after int    // and where the transport does
	body  []byte
	tcp   bool
	v6    bool
}

func dissect(f *capture.Frame) (dissected, bool) {
	in, ok := capture.Unwrap(f)
	var h capture.IP
	if !ok || capture.Parse(in.IP, in.Wire, &h) != capture.OK || h.Frag.Is || len(h.Payload) <= 20 {
		return dissected{}, false
	}
	d := dissected{ip: cap(f.Data) - cap(in.IP), tcp: h.Proto == capture.ProtoTCP, v6: h.V6}
	d.after = cap(f.Data) - cap(h.Payload)
	size := 8
	if d.tcp {
		size = int(h.Payload[12]>>4) * 4
	}
	if !d.tcp && h.Proto != capture.ProtoUDP || size >= len(h.Payload) || d.ip < 0 || d.after > len(f.Data) {
		return dissected{}, false
	}
	d.head, d.body = slices.Clone(f.Data[:d.after+size]), slices.Clone(h.Payload[size:])
	return d, true
}

// repeat appends the packet many times.
func (d *dissected) repeat(r *rand.Rand, b []byte, ts record.Time) []byte {
	piece := []int{1, 7, len(d.body), len(d.body)}[r.IntN(4)]
	if !d.tcp {
		piece = len(d.body)
	}
	be := binary.BigEndian
	var seq uint32
	if d.tcp {
		seq = be.Uint32(d.head[d.after+4:]) + uint32(len(d.body))
	}
	damaged := []int{2, 50, insistent}[r.IntN(3)]
	at := 0
	for range insistent {
		n := min(piece, len(d.body)-at)
		p := slices.Concat(d.head, d.body[at:at+n])
		if at += n; at == len(d.body) {
			at = 0
		}
		if r.IntN(damaged) == 0 {
			p[len(p)-1-r.IntN(n)] ^= 1 << r.IntN(8)
		}
		if d.v6 {
			be.PutUint16(p[d.ip+4:], uint16(len(p)-d.ip-40))
		} else {
			be.PutUint16(p[d.ip+2:], uint16(len(p)-d.ip))
		}
		if d.tcp {
			be.PutUint32(p[d.after+4:], seq)
			seq += uint32(n)
		} else {
			be.PutUint16(p[d.after+4:], uint16(n+8))
		}
		ts = ts.Add(time.Millisecond)
		b = appendPacket(b, ts, p, len(p))
	}
	return b
}

func pcapHead(link capture.LinkType) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b23c4d)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0)
	return binary.LittleEndian.AppendUint32(b, uint32(link))
}

func appendPacket(b []byte, ts record.Time, data []byte, wire int) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, uint32(ts/1e9))
	b = le.AppendUint32(b, uint32(ts%1e9))
	b = le.AppendUint32(b, uint32(len(data)))
	b = le.AppendUint32(b, uint32(wire))
	return append(b, data...)
}
