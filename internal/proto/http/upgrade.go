package http

import (
	"bytes"
	"strings"

	"longwatch/internal/proto"
)

// maxUpgrade bounds the headers about WebSocket that are kept of a message.
const maxUpgrade = 16

// upgrade keeps what an exchange says about changing to another protocol.
type upgrade struct {
	protocol string // of the reply's Upgrade header
	headers  [2][]proto.Header
}

// upgradeHeader keeps a header about an upgrade; it tells whether it is one.
func (x *exchange) upgradeHeader(d proto.Dir, name, value []byte) bool {
	switch {
	case d == proto.Resp && string(name) == "upgrade":
		x.upgrade.protocol = strings.ToLower(string(value))
	case bytes.HasPrefix(name, []byte("sec-websocket-")):
		if h := &x.upgrade.headers[d]; len(*h) < maxUpgrade {
			*h = append(*h, proto.Header{Name: string(name), Value: string(value)})
		}
	default:
		return false
	}
	return true
}

// upgraded starts the parser of the protocol that a reply of 101 changes to.
// What has no parser by that name is found out by its content.
func (p *parser) upgraded(x *exchange) *proto.Stream {
	if x.upgrade.protocol == "websocket" {
		r := x.rec
		inner := p.c.InnerWith("websocket", &proto.Upgrade{
			Host: r.Host, URI: r.URI, UserAgent: r.UserAgent,
			Asked: x.upgrade.headers[proto.Orig], Answered: x.upgrade.headers[proto.Resp],
		})
		if inner != nil {
			return inner
		}
	}
	p.c.Arranged = x.rec
	return p.c.Guess()
}
