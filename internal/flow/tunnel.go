package flow

import (
	"slices"
	"time"

	"longwatch/internal/capture"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// tunnels gives the packets inside a tunnel the uid of the connection that
// carries them, and reports tunnels. It belongs to the goroutine that reads the
// capture, and follows the same rule of expiry as the shard that the outer
// connection is in, so that both find the same uid without asking each other.
type tunnels struct {
	eng  *Engine
	lane record.Sink
	open map[key]*carrier
	hops [maxTunnels]hop // around the packet at hand, outermost first
}

// carrier is a connection that tunnels others, or might.
type carrier struct {
	last record.Time
	at   place // of the first packet
	uid  string
	orig uint8    // side of the originator
	kind string   // Zeek's name, once reported as a tunnel
	keys []uint32 // reported
}

// hop is one tunnel around a packet.
type hop struct {
	c    *carrier // that is reported
	k    key      // of c
	uid  string   // of the connection that carries the packet
	kind string   // Zeek's name
	in   capture.Inner
}

const (
	// maxCarriers bounds the tunnels remembered. When there are more, all are
	// forgotten, and packets name a new parent.
	maxCarriers = 1 << 16
	// maxKeys bounds the keys reported of one tunnel.
	maxKeys = 32
	// ipTunnelIdle is after how long a tunnel without ports is another one
	// (Zeek's Tunnel::ip_tunnel_timeout).
	ipTunnelIdle = 24 * time.Hour
)

func newTunnels(e *Engine, lane record.Sink) *tunnels {
	return &tunnels{eng: e, lane: lane, open: map[key]*carrier{}}
}

// see notes a packet of a connection that carries others, or might.
func (t *tunnels) see(p *packet) { t.carrier(p, p.sport, p.dport, p.proto) }

// carrier returns the connection that packet p belongs to, taken for one of the
// ports and protocol given.
func (t *tunnels) carrier(p *packet, sport, dport uint16, ipProto uint8) (*carrier, key) {
	k, side := makeKey(p.src, p.dst, sport, dport, ipProto, false)
	idle := ipTunnelIdle
	if ipProto == capture.ProtoUDP {
		idle = udpInactivity
	}
	c := t.open[k]
	if c != nil && p.ts >= c.last.Add(idle) {
		t.close(k, c)
		c = nil
	}
	if c == nil {
		if len(t.open) >= maxCarriers {
			t.closeAll()
		}
		c = &carrier{last: p.ts, at: p.at, orig: side, uid: k.uid(t.eng.sources[p.at.src].hash, p.ts, p.at.pos)}
		if ipProto == capture.ProtoUDP && flipped(p) {
			c.orig ^= 1
		}
		t.open[k] = c
	}
	c.last = max(c.last, p.ts)
	return c, k
}

// enter notes that packet p, in depth tunnels itself, is another one's. It
// returns the uid of the connection that carries it.
func (t *tunnels) enter(p *packet, in capture.Inner, kind string, depth int) string {
	h := &t.hops[depth]
	h.in, h.kind = in, kind
	h.c, h.k = t.carrier(p, p.sport, p.dport, p.proto)
	h.uid = h.c.uid
	if kind == tunnelGRE && p.proto == capture.ProtoUDP { // reported as if the ports, which only spread load, were not there
		h.c, h.k = t.carrier(p, 0, 0, capture.ProtoGRE)
	}
	return h.uid
}

// discover reports the tunnels around packet p that were not reported, as Zeek
// does once a connection shows inside.
func (t *tunnels) discover(p *packet, depth int) {
	for i := range depth {
		h := &t.hops[i]
		told := h.c.kind != ""
		if told && (!h.in.Keyed || len(h.c.keys) >= maxKeys || slices.Contains(h.c.keys, h.in.Key)) {
			continue
		}
		h.c.kind = h.kind
		r := h.c.record(h.k, h.uid)
		r.TS, r.Ref = p.ts, t.eng.ref(p.at)
		r.Action, r.Further = "Tunnel::DISCOVER", told
		if h.in.Keyed {
			r.Key = record.Some(h.in.Key)
			h.c.keys = append(h.c.keys, h.in.Key)
		}
		if h.in.Mirrored {
			r.Session = record.Some(h.in.Session)
		}
		t.lane.Put(r)
	}
}

// Zeek's names of tunnels.
const (
	tunnelIP  = "Tunnel::IP"
	tunnelGRE = "Tunnel::GRE"
)

// udpTunnels are Zeek's names of tunnels in UDP, by service.
var udpTunnels = map[string]string{
	"": tunnelGRE, "vxlan": "Tunnel::VXLAN", "geneve": "Tunnel::GENEVE", "gtpv1": "Tunnel::GTPv1",
	"ayiya": "Tunnel::AYIYA", "teredo": "Tunnel::TEREDO",
}

// record is a report about the tunnel, whose packets have uid as their parent.
func (c *carrier) record(k key, uid string) *network.Tunnel {
	r := &network.Tunnel{Kind: c.kind}
	r.UID = uid
	orig, resp := k.a, k.b
	r.OrigP, r.RespP = k.pa, k.pb
	if c.orig == 1 {
		orig, resp = resp, orig
		r.OrigP, r.RespP = k.pb, k.pa
	}
	r.OrigH, r.RespH = orig.Netip(), resp.Netip()
	return r
}

// close reports that a tunnel with ports has ended with its connection.
func (t *tunnels) close(k key, c *carrier) {
	delete(t.open, k)
	if c.kind == "" || k.proto != capture.ProtoUDP {
		return
	}
	r := c.record(k, c.uid)
	r.TS, r.Ref = c.last, t.eng.ref(c.at)
	r.Action = "Tunnel::CLOSE"
	t.lane.Put(r)
}

// closeAll forgets every tunnel.
func (t *tunnels) closeAll() {
	for k, c := range t.open {
		t.close(k, c)
	}
}
