package mqtt

import (
	"fmt"
	"time"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// subscription waits for SUBACK or UNSUBACK.
type subscription struct {
	id  uint16
	rec *Subscribe
}

// publication waits for what its QoS asks for.
type publication struct {
	id       uint16
	level    uint8
	rec      *Publish
	received bool // PUBREC was seen
	released bool // PUBREL was seen
}

// publish reads PUBLISH.
func (p *parser) publish(d proto.Dir, first uint8, c *wire.Cursor, length int) error {
	level := first >> 1 & 3
	topic := c.Take(int(c.U16()))
	id := uint16(0)
	if level > 0 {
		id = c.U16()
	}
	if p.version == 5 {
		properties(c)
	}
	if !c.OK() {
		if length > maxKept {
			return nil // an enormous topic
		}
		return fmt.Errorf("%w: message of %d bytes", errPacket, length)
	}
	payload := c.Rest()
	r := &Publish{
		Conn: p.c.Head(), FromClient: d == proto.Orig, Retain: first&1 != 0, QoS: levelName(level), Status: "incomplete_qos",
		Topic: string(topic[:min(len(topic), maxText)]), Payload: string(payload[:min(len(payload), maxPayload)]),
		PayloadLen: uint64(length - c.Off()), // #nosec G115 -- not negative
		Beyond:     p.c.Partial,
	}
	p.c.Confirm()
	if level == 0 {
		r.Status = "ok"
		p.c.Emit(r)
		return nil
	}
	for i := range p.pubs {
		if p.pubs[i].id == id { // sent again, or the other side's of the same number: Zeek forgets the first
			p.pubs[i].rec.Beyond = true
			p.c.Emit(p.pubs[i].rec)
			p.pubs = append(p.pubs[:i], p.pubs[i+1:]...)
			break
		}
	}
	if len(p.pubs) == maxPending {
		p.c.Weird("mqtt_too_many_pending", "")
		p.c.Emit(p.pubs[0].rec)
		p.pubs = append(p.pubs[:0], p.pubs[1:]...)
	}
	p.pubs = append(p.pubs, publication{id: id, level: level, rec: r})
	return nil
}

func levelName(level uint8) string {
	switch level {
	case 0:
		return "at most once"
	case 1:
		return "at least once"
	case 2:
		return "exactly once"
	}
	return fmt.Sprintf("unknown-qos-level-%d", level)
}

// acknowledge reads the packets that follow a message of QoS 1 or 2.
func (p *parser) acknowledge(kind uint8, id uint16) {
	for i := range p.pubs {
		x := &p.pubs[i]
		if x.id != id {
			continue
		}
		whole := false
		switch kind {
		case typePubAck:
			whole = x.level == 1
		case typePubRec:
			x.received = true
		case typePubRel:
			x.released = true
		case typePubComp:
			whole = x.level == 2 && x.received && x.released
		}
		if whole {
			x.rec.Status = "ok"
			p.c.Emit(x.rec)
			p.pubs = append(p.pubs[:i], p.pubs[i+1:]...)
		}
		return
	}
}

// subscribe reads SUBSCRIBE and UNSUBSCRIBE.
func (p *parser) subscribe(kind uint8, c *wire.Cursor, length int) {
	id := c.U16()
	if p.version == 5 {
		properties(c)
	}
	r := &Subscribe{Conn: p.c.Head(), Action: "MQTT::SUBSCRIBE", Beyond: p.c.Partial}
	if kind == typeUnsubscribe {
		r.Action = "MQTT::UNSUBSCRIBE"
	}
	for c.Len() > 0 && len(r.Topics) < maxTopics {
		topic := text(c)
		level := uint8(0)
		if kind == typeSubscribe {
			level = c.U8()
		}
		if !c.OK() {
			break
		}
		r.Topics = append(r.Topics, topic)
		if kind == typeSubscribe {
			if p.version == 5 {
				level &= 3 // the rest are options
			}
			r.QoS = append(r.QoS, uint64(level))
		}
	}
	if len(r.Topics) == 0 {
		p.c.Weird("mqtt_malformed_subscribe", "")
		return
	}
	if p.version != 0 || p.c.Partial {
		p.c.Confirm()
	}
	if len(p.subs) == maxPending {
		p.c.Weird("mqtt_too_many_pending", "")
		p.c.Emit(p.subs[0].rec)
		p.subs = append(p.subs[:0], p.subs[1:]...)
	}
	p.subs = append(p.subs, subscription{id, r})
}

// subscribed reads SUBACK and UNSUBACK.
func (p *parser) subscribed(kind uint8, c *wire.Cursor) {
	id := c.U16()
	if p.version == 5 {
		properties(c)
	}
	for i, s := range p.subs {
		if s.id != id {
			continue
		}
		s.rec.Ack = true
		if level := c.U8(); kind == typeSubAck && c.OK() {
			s.rec.Granted = record.Some(uint64(level))
		}
		p.c.Emit(s.rec)
		p.subs = append(p.subs[:i], p.subs[i+1:]...)
		return
	}
}

// expire writes what waited too long. The oldest come first.
func (p *parser) expire() {
	late := func(at record.Time) bool { return p.c.Now()-at > record.Time(patience/time.Nanosecond) }
	for len(p.subs) > 0 && late(p.subs[0].rec.TS) {
		p.c.Emit(p.subs[0].rec)
		p.subs = append(p.subs[:0], p.subs[1:]...)
	}
	for len(p.pubs) > 0 && late(p.pubs[0].rec.TS) {
		p.c.Emit(p.pubs[0].rec)
		p.pubs = append(p.pubs[:0], p.pubs[1:]...)
	}
}
