package mqtt

import (
	"unicode/utf8"

	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

// probe takes a login, or where the capture begins later packets that fit each
// other, one of which names a topic.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) == 0 {
		return proto.Maybe
	}
	c := wire.At(b)
	sure := false
	for range 64 {
		if c.Len() == 0 {
			break
		}
		first := c.U8()
		length, ok := varint(&c)
		if !ok || !flagsFit(first) {
			return proto.No
		}
		if !c.OK() {
			break
		}
		whole := length <= c.Len()
		body := c.Rest()[:min(length, c.Len())]
		switch fits(first, body, length) {
		case proto.No:
			return proto.No
		case proto.Yes:
			sure = true
		case proto.Maybe:
		}
		if !whole {
			break
		}
		c.Skip(length)
	}
	if sure {
		return proto.Yes
	}
	return proto.Maybe
}

// flagsFit tells whether the lower half of the first byte is what its type
// asks for (MQTT 5, section 2.1.3).
func flagsFit(first uint8) bool {
	switch kind, flags := first>>4, first&0xf; kind {
	case 0:
		return false
	case typePublish:
		return flags&6 != 6
	case typePubRel, typeSubscribe, typeUnsubscribe:
		return flags == 2
	default:
		return flags == 0
	}
}

// fits judges one packet, of which b is as much as is there: Yes when it names
// a topic or the protocol.
func fits(first uint8, b []byte, length int) proto.Verdict {
	c := wire.At(b)
	least, most := 2, 1<<16
	switch first >> 4 {
	case typeConnect:
		return fitsConnect(&c, length)
	case typePublish:
		return fitsTopic(&c, length, false)
	case typeSubscribe, typeUnsubscribe:
		c.Skip(2)
		return fitsTopic(&c, length, true)
	case typeConnAck:
		if flags := c.U8(); c.OK() && flags > 1 {
			return proto.No
		}
	case typeSubAck, typeUnsubAck:
	case typePingReq, typePingResp:
		least, most = 0, 0
	case typeDisconnect, typeAuth:
		least = 0
	}
	if length < least || length > most {
		return proto.No
	}
	return proto.Maybe
}

func fitsConnect(c *wire.Cursor, length int) proto.Verdict {
	n := int(c.U16())
	if c.OK() && n != 4 && n != 6 || length < 10 {
		return proto.No
	}
	name := c.Take(n)
	switch {
	case !c.OK():
		return proto.Maybe
	case string(name) == "MQTT", string(name) == "MQIsdp":
		return proto.Yes
	}
	return proto.No
}

// fitsTopic takes a topic of printable text.
func fitsTopic(c *wire.Cursor, length int, filter bool) proto.Verdict {
	n := int(c.U16())
	if c.OK() && (n == 0 || n > length-2 || n > 1024) {
		return proto.No
	}
	topic := c.Take(min(n, c.Len()))
	whole := len(topic) == n && n > 0
	for _, ch := range topic {
		if ch < ' ' || ch == 0x7f || !filter && (ch == '#' || ch == '+') {
			return proto.No
		}
	}
	switch {
	case !whole:
		return proto.Maybe
	case !utf8.Valid(topic):
		return proto.No
	}
	return proto.Yes
}
