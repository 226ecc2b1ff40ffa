package flow

import (
	"time"

	"longwatch/internal/capture"
	"longwatch/internal/record"
)

// tunnels gives the packets inside a tunnel the uid of the connection that
// carries them. It belongs to the goroutine that reads the capture, and follows
// the same rule of expiry as the shard that the outer connection is in, so that
// both find the same uid without asking each other.
type tunnels struct {
	eng  *Engine
	open map[key]*carrier
}

// carrier is a connection that tunnels others.
type carrier struct {
	last record.Time
	uid  string
}

const (
	// maxCarriers bounds the tunnels remembered. When there are more, all are
	// forgotten, and packets name a new parent.
	maxCarriers = 1 << 16
	// ipTunnelIdle is after how long a tunnel without ports is another one
	// (Zeek's Tunnel::ip_tunnel_timeout).
	ipTunnelIdle = 24 * time.Hour
)

func newTunnels(e *Engine) *tunnels {
	return &tunnels{eng: e, open: map[key]*carrier{}}
}

// uid is the identifier of the connection that p belongs to.
func (t *tunnels) uid(p *packet) string {
	k, _ := makeKey(p.src, p.dst, p.sport, p.dport, p.proto, false)
	idle := ipTunnelIdle
	if p.proto == capture.ProtoUDP {
		idle = udpInactivity
	}
	c := t.open[k]
	if c == nil || p.ts >= c.last.Add(idle) {
		if len(t.open) >= maxCarriers {
			clear(t.open)
		}
		c = &carrier{last: p.ts, uid: k.uid(t.eng.sources[p.at.src].hash, p.ts, p.at.pos)}
		t.open[k] = c
	}
	c.last = max(c.last, p.ts)
	return c.uid
}
