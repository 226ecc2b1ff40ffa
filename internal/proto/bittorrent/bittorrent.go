// Package bittorrent names BitTorrent and reads its handshakes: between peers
// over TCP (BEP 3, 10) and uTP (BEP 29), in the DHT (BEP 5), with trackers over
// UDP (BEP 15) and in the local network (BEP 14; https://www.bittorrent.org/beps/).
// It makes one bittorrent record of each connection.
package bittorrent

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is BitTorrent.
var Protocol = proto.Spec{
	Name:      "bittorrent",
	Transport: proto.TCP | proto.UDP,
	Ports:     []uint16{6881, 6882, 6883, 6884, 6885, 6886, 6887, 6888, 6889, 6969, 51413},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

const (
	// handshake is the length of a handshake between peers.
	handshake = 68
	// maxQueries bounds the names of DHT queries that are kept.
	maxQueries = 8
	// maxExtended bounds the extension handshake that is looked at.
	maxExtended = 4 << 10
	// maxClient bounds the name of a program.
	maxClient = 128
)

var errHandshake = errors.New("bittorrent: no handshake")

// magic begins a handshake.
const magic = "\x13BitTorrent protocol"

// parser follows one connection.
type parser struct {
	c       *proto.Conn
	rec     *Peers
	greeted [2]bool
	done    [2]bool
	written bool
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	if p.c.Transport == proto.UDP {
		p.datagram(d, b)
		return proto.Step{Used: len(b)}, nil
	}
	used := 0
	if !p.greeted[d] {
		if len(b) < handshake {
			return proto.Step{Need: handshake}, nil
		}
		if !bytes.HasPrefix(b, []byte(magic)) {
			p.write()
			return proto.Step{}, errHandshake
		}
		p.hello(d, b[:handshake])
		used = handshake
	}
	for used < len(b) && !p.done[d] {
		n, need := p.message(d, b[used:])
		if n == 0 {
			return proto.Step{Used: used, Need: need}, nil
		}
		used += n
	}
	return proto.Step{Used: len(b)}, nil
}

// open returns the record, begun at the first call.
func (p *parser) open(kind string) *Peers {
	if p.rec == nil {
		p.rec = &Peers{Conn: p.c.Head(), Kind: kind}
	}
	return p.rec
}

// hello reads a handshake: reserved bits, info hash, peer id.
func (p *parser) hello(d proto.Dir, b []byte) {
	p.greeted[d] = true
	kind := "peer"
	if p.c.Transport == proto.UDP {
		kind = "utp"
	}
	r := p.open(kind)
	c := wire.At(b[len(magic):])
	c.Skip(8)
	hash, peer := c.Take(20), c.Take(20)
	if r.InfoHash == "" {
		r.InfoHash = hex.EncodeToString(hash)
	}
	id := string(peer)
	for _, ch := range peer {
		if ch < ' ' || ch > '~' {
			id = hex.EncodeToString(peer)
			if clean := peer[:8]; peer[0] == '-' && peer[7] == '-' {
				id = string(clean)
			}
			break
		}
	}
	if d == proto.Orig {
		r.OrigPeer = id
	} else {
		r.RespPeer = id
	}
	p.c.Confirm()
}

// message reads the first message behind the handshake when it is that of
// extensions, in which programs name themselves. Nothing else is looked at.
func (p *parser) message(d proto.Dir, b []byte) (n, need int) {
	c := wire.At(b)
	length := int64(c.U32())
	kind, extension := c.U8(), c.U8()
	if !c.OK() {
		return 0, 6
	}
	if kind != 20 || extension != 0 || length > maxExtended {
		p.done[d] = true
		return len(b), 0
	}
	dict := c.Take(int(length) - 2)
	if !c.OK() {
		return 0, 4 + int(length)
	}
	if name := stringOf(dict, "1:v"); len(name) > 0 && len(name) <= maxClient {
		if d == proto.Orig {
			p.rec.OrigClient = string(name)
		} else {
			p.rec.RespClient = string(name)
		}
	}
	p.done[d] = true
	return c.Off(), 0
}

// datagram reads one datagram of whatever kind.
func (p *parser) datagram(d proto.Dir, b []byte) {
	switch {
	case isDHT(b):
		p.dht(b)
	case isConnect(b), p.rec != nil && p.rec.Kind == "tracker":
		p.tracker(b)
	case bytes.HasPrefix(b, []byte(search)):
		r := p.open("discovery")
		if _, rest, ok := bytes.Cut(b, []byte("Infohash: ")); ok && len(rest) >= 40 && r.InfoHash == "" {
			r.InfoHash = string(bytes.ToLower(rest[:40]))
		}
		p.count(r)
	case isUTP(b):
		p.open("utp")
		p.c.Confirm()
		payload := b[utpHead:]
		if len(payload) >= handshake && bytes.HasPrefix(payload, []byte(magic)) && !p.greeted[d] {
			p.hello(d, payload[:handshake])
		}
	}
}

// count counts a datagram that was understood.
func (p *parser) count(r *Peers) {
	r.Datagrams = record.Some(r.Datagrams.V + 1)
	p.c.Confirm()
}

// dht reads a message of the DHT: a dictionary in which q names a query.
func (p *parser) dht(b []byte) {
	r := p.open("dht")
	p.count(r)
	if q := stringOf(b, "1:q"); len(q) > 0 && len(q) <= 32 && len(r.Queries) < maxQueries && !slices.Contains(r.Queries, string(q)) {
		r.Queries = append(r.Queries, string(q))
	}
	if hash := stringOf(b, "9:info_hash"); len(hash) == 20 && r.InfoHash == "" {
		r.InfoHash = hex.EncodeToString(hash)
	}
}

// tracker reads a message of the UDP tracker protocol: an announce names what
// is shared.
func (p *parser) tracker(b []byte) {
	r := p.open("tracker")
	p.count(r)
	c := wire.At(b)
	c.Skip(8) // connection
	action := c.U32()
	c.Skip(4) // transaction
	if hash, peer := c.Take(20), c.Take(20); action == 1 && c.OK() && len(b) >= 98 {
		if r.InfoHash == "" {
			r.InfoHash = hex.EncodeToString(hash)
		}
		if r.OrigPeer == "" && peer[0] == '-' && peer[7] == '-' {
			r.OrigPeer = string(peer[:8])
		}
	}
}

// stringOf finds the string that follows a key in a bencoded dictionary. The
// key's text within a value would mislead it, which costs a field, no more.
func stringOf(b []byte, key string) []byte {
	_, rest, ok := bytes.Cut(b, []byte(key))
	if !ok {
		return nil
	}
	n := 0
	for i, ch := range rest {
		switch {
		case ch >= '0' && ch <= '9' && i < 4:
			n = n*10 + int(ch-'0')
		case ch == ':' && i > 0 && n <= len(rest)-i-1:
			return rest[i+1 : i+1+n]
		default:
			return nil
		}
	}
	return nil
}

// Gap implements proto.Parser: a direction with a hole is not read on.
func (p *parser) Gap(d proto.Dir, _ int) error {
	p.greeted[d], p.done[d] = true, true
	return nil
}

// Close writes the record.
func (p *parser) Close() { p.write() }

func (p *parser) write() {
	if p.rec != nil && !p.written {
		p.written = true
		p.c.Emit(p.rec)
	}
}
