package proto

import (
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

const (
	// maxProxies bounds the proxies remembered between two hosts.
	maxProxies = 64
	// proxyIdle is after how long a proxy is reported anew (Zeek's
	// Tunnel::expiration_interval).
	proxyIdle = time.Hour
)

// proxies are the proxies reported between two hosts, and when they were last
// made use of.
type proxies map[proxy]record.Time

type proxy struct {
	kind string
	port uint16
}

// Held implements Sharer.
func (p proxies) Held() int { return 64 * len(p) }

// Close implements Sharer.
func (proxies) Close() {}

// Proxy reports the responder as a proxy, which tunnels what it is asked to. As
// many connections are one such tunnel, it has no uid and no port of the
// originator, and is reported once. kind is Zeek's name. The parser has
// network.TunnelType among what it emits.
func (c *Conn) Proxy(kind string) {
	known, ok := c.Shared("proxies", func() Sharer { return proxies{} }).(proxies)
	if !ok {
		return
	}
	k, now := proxy{kind, c.ID.RespP}, c.Now()
	last, again := known[k]
	if len(known) >= maxProxies && !again {
		clear(known)
	}
	known[k] = now
	if again && now.Sub(last) < proxyIdle {
		return
	}
	r := &network.Tunnel{Conn: c.Head(), Kind: kind, Action: "Tunnel::DISCOVER"}
	r.UID, r.OrigP = "", 0
	c.Emit(r)
}
