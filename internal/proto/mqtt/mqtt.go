// Package mqtt reads MQTT 3.1, 3.1.1 and 5
// (https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html) and makes the
// records mqtt_connect, mqtt_subscribe and mqtt_publish, as Zeek does.
package mqtt

import (
	"errors"
	"fmt"
	"time"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is MQTT.
var Protocol = proto.Spec{
	Name:      "mqtt",
	Transport: proto.TCP,
	Ports:     []uint16{1883, 8883, 1884},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{ConnectType, SubscribeType, PublishType},
}

// The types of packets (MQTT 5, section 2.1.2).
const (
	typeConnect     = 1
	typeConnAck     = 2
	typePublish     = 3
	typePubAck      = 4
	typePubRec      = 5
	typePubRel      = 6
	typePubComp     = 7
	typeSubscribe   = 8
	typeSubAck      = 9
	typeUnsubscribe = 10
	typeUnsubAck    = 11
	typePingReq     = 12
	typePingResp    = 13
	typeDisconnect  = 14
	typeAuth        = 15
)

const (
	// maxKept is how much of a packet is looked at.
	maxKept = 16 << 10
	// maxText bounds the text of a record.
	maxText = 4096
	// maxPayload is how much of a message Zeek writes.
	maxPayload = 100
	// maxPending bounds what waits for an answer, of each kind.
	maxPending = 256
	// maxTopics bounds the topics of one request.
	maxTopics = 256
	// patience is how long Zeek waits for an answer.
	patience = 5 * time.Second
)

var errPacket = errors.New("mqtt: malformed packet")

// parser follows one connection.
type parser struct {
	c       *proto.Conn
	skip    [2]int // bytes of a large packet still to come
	version uint8
	login   *Connect
	subs    []subscription
	pubs    []publication
	done    bool
}

// waitCost is about what a message that waits for an answer takes.
const waitCost = 384

// Held implements proto.Holder.
func (p *parser) Held() int { return (len(p.subs) + len(p.pubs)) * waitCost }

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) && !p.done {
		rest := b[used:]
		if n := min(p.skip[d], len(rest)); n > 0 {
			p.skip[d] -= n
			used += n
			continue
		}
		c := wire.At(rest)
		first := c.U8()
		length, ok := varint(&c)
		if !ok {
			p.finish()
			return proto.Step{Used: used}, fmt.Errorf("%w: length", errPacket)
		}
		kept := min(length, maxKept)
		head := c.Off()
		body := c.Take(kept)
		if !c.OK() {
			if head+kept <= len(rest) {
				head = len(rest) + 1
			}
			return proto.Step{Used: used, Need: head + kept}, nil
		}
		p.skip[d] = length - kept
		p.expire()
		if err := p.packet(d, first, body, length); err != nil {
			p.finish()
			return proto.Step{Used: used}, err
		}
		used += head + kept
	}
	return proto.Step{Used: len(b)}, nil
}

// varint reads a length of one to four bytes; ok is false when it is longer.
// The cursor fails when more has to come.
func varint(c *wire.Cursor) (n int, ok bool) {
	for shift := 0; shift < 28; shift += 7 {
		v := c.U8()
		n |= int(v&0x7f) << shift
		if v&0x80 == 0 || !c.OK() {
			return n, true
		}
	}
	return 0, false
}

// packet reads one packet of length bytes, of which b may be the beginning.
func (p *parser) packet(d proto.Dir, first uint8, b []byte, length int) error {
	c := wire.At(b)
	switch first >> 4 {
	case typeConnect:
		return p.connect(&c)
	case typeConnAck:
		p.connected(&c)
	case typePublish:
		return p.publish(d, first, &c, length)
	case typePubAck, typePubRec, typePubRel, typePubComp:
		p.acknowledge(first>>4, c.U16())
	case typeSubscribe, typeUnsubscribe:
		p.subscribe(first>>4, &c, length)
	case typeSubAck, typeUnsubAck:
		p.subscribed(first>>4, &c)
	case typePingReq, typePingResp, typeDisconnect, typeAuth:
		if length > 0 && first>>4 < typeDisconnect {
			return fmt.Errorf("%w: ping of %d bytes", errPacket, length)
		}
	default:
		return fmt.Errorf("%w: type 0", errPacket)
	}
	return nil
}

// connect reads CONNECT.
func (p *parser) connect(c *wire.Cursor) error {
	name := text(c)
	version, flags := c.U8(), c.U8()
	c.Skip(2) // keep alive
	if !c.OK() || name != "MQTT" && name != "MQIsdp" {
		return fmt.Errorf("%w: protocol %q", errPacket, name)
	}
	p.version = version & 0x7f // the upper bit marks bridges
	if p.version == 5 {
		properties(c)
	}
	p.drop()
	r := &Connect{Conn: p.c.Head(), Protocol: name, Version: versionName(p.version)}
	r.Client = record.Some(text(c))
	if flags&0x04 != 0 {
		if p.version == 5 {
			properties(c)
		}
		r.WillTopic, r.WillPayload = record.Some(text(c)), record.Some(text(c))
	}
	if flags&0x80 != 0 {
		r.User = text(c)
	}
	p.login = r
	p.c.Confirm()
	return nil
}

// connected reads CONNACK.
func (p *parser) connected(c *wire.Cursor) {
	c.Skip(1) // flags
	code := c.U8()
	r := p.login
	if r == nil || !c.OK() {
		return
	}
	r.Status = statusName(code)
	p.c.Emit(r)
	p.login = nil
}

// drop writes a login that got no answer.
func (p *parser) drop() {
	if p.login != nil {
		p.login.Beyond = true
		p.c.Emit(p.login)
		p.login = nil
	}
}

// properties passes over those of version 5.
func properties(c *wire.Cursor) {
	if n, ok := varint(c); ok {
		c.Skip(n)
	} else {
		c.Skip(c.Len() + 1) // fails
	}
}

// text reads a string.
func text(c *wire.Cursor) string {
	b := c.Take(int(c.U16()))
	return string(b[:min(len(b), maxText)])
}

func versionName(v uint8) string {
	switch v {
	case 3:
		return "3.1"
	case 4:
		return "3.1.1"
	case 5:
		return "5.0"
	}
	return fmt.Sprintf("unknown-version-%d", v)
}

func statusName(code uint8) string {
	switch code {
	case 0:
		return "Connection Accepted"
	case 1:
		return "Refused: unacceptable protocol version"
	case 2:
		return "Refused: identifier rejected"
	case 3:
		return "Refused: server unavailable"
	case 4:
		return "Refused: bad user name or password"
	case 5:
		return "Refused: not authorized"
	}
	return fmt.Sprintf("unknown-return-code-%d", code)
}

// Gap implements proto.Parser: within a large message it is stepped over,
// elsewhere it ends reading.
func (p *parser) Gap(d proto.Dir, n int) error {
	if n > p.skip[d] {
		p.finish()
		return nil
	}
	p.skip[d] -= n
	return nil
}

// Close writes what waits for an answer.
func (p *parser) Close() { p.finish() }

func (p *parser) finish() {
	p.done = true
	p.expire()
	p.drop()
	for _, s := range p.subs {
		s.rec.Beyond = true
		p.c.Emit(s.rec)
	}
	for _, x := range p.pubs {
		x.rec.Beyond = true
		p.c.Emit(x.rec)
	}
	p.subs, p.pubs = nil, nil
}
