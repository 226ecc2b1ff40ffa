package ipsec

import (
	"slices"
	"strings"

	"longwatch/internal/wire"
)

// The payloads that are read (RFC 2408 section 3.1, RFC 7296 section 3.2).
const (
	paySA     = 1
	payID     = 5
	payNotify = 11
	payVendor = 13

	pay2SA     = 33
	pay2Notify = 41
	pay2Vendor = 43
	pay2SK     = 46
	pay2SKF    = 53
)

const (
	payloadHead = 4
	// maxPayloads bounds the payloads of a message that are looked at.
	maxPayloads = 64
	// maxNames bounds the values of one field of a record.
	maxNames = 32
	// maxVendor and maxIdentity bound what is kept of one value, in bytes.
	maxVendor   = 32
	maxIdentity = 256
)

// add appends a name that is new.
func add(list *[]string, name string) {
	if len(*list) < maxNames && !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
}

// payloads reads the chain of payloads of a message that is not encrypted.
func (sa *negotiation) payloads(kind uint8, c wire.Cursor, answer bool) {
	for range maxPayloads {
		if kind == 0 || kind == pay2SK || kind == pay2SKF {
			return
		}
		next := c.U8()
		c.Skip(1) // critical bit
		n := int(c.U16())
		body := c.Sub(n - payloadHead)
		if !c.OK() {
			return
		}
		sa.payload(kind, body, answer)
		kind = next
	}
}

func (sa *negotiation) payload(kind uint8, c wire.Cursor, answer bool) {
	r := sa.rec
	switch kind {
	case paySA, pay2SA:
		if answer && !sa.chosen {
			sa.chosen = true // what was offered before gives way
			r.Encryption, r.Integrity, r.Group, r.Auth = nil, nil, nil, nil
		} else if !answer && sa.chosen {
			return
		}
		if kind == paySA {
			c.Skip(4 + 4) // domain, situation
			sa.proposals(c, (*negotiation).oldTransform)
		} else {
			sa.proposals(c, (*negotiation).transform)
		}
	case payVendor, pay2Vendor:
		add(&r.VendorIDs, vendorName(c.Rest()))
	case payNotify:
		c.Skip(4 + 2) // domain, protocol, size of the SPI
		sa.notify(c.U16())
	case pay2Notify:
		c.Skip(2) // protocol, size of the SPI
		sa.notify(c.U16())
	case payID:
		c.Skip(4) // kind of identity, protocol, port
		if id := c.Rest(); r.Identity == "" && len(id) <= maxIdentity {
			r.Identity = strings.ToValidUTF8(string(id), "\uFFFD")
		}
	}
}

func (sa *negotiation) notify(n uint16) {
	if name, ok := failures[n]; ok {
		add(&sa.rec.Notify, name)
	}
}

// proposals reads the proposals of an SA payload, whose layout both versions
// share (RFC 2408 section 3.5, RFC 7296 section 3.3).
func (sa *negotiation) proposals(c wire.Cursor, each func(*negotiation, uint8, wire.Cursor)) {
	for range maxPayloads {
		more := c.U8()
		c.Skip(1)
		body := c.Sub(int(c.U16()) - payloadHead)
		body.Skip(2) // number, protocol
		spi, n := int(body.U8()), body.U8()
		body.Skip(spi)
		for range n {
			body.Skip(2) // last or more
			t := body.Sub(int(body.U16()) - payloadHead)
			if !body.OK() {
				return
			}
			each(sa, t.U8(), t)
		}
		if !c.OK() || more == 0 {
			return
		}
	}
}

// transform reads one transform of IKEv2: a kind and a number.
func (sa *negotiation) transform(kind uint8, c wire.Cursor) {
	c.Skip(1)
	id := c.U16()
	if !c.OK() {
		return
	}
	switch r := sa.rec; kind {
	case 1:
		add(&r.Encryption, nameOf(ciphers, id))
	case 2:
		add(&r.Integrity, nameOf(prfs, id))
	case 3:
		add(&r.Integrity, nameOf(macs, id))
	case 4:
		add(&r.Group, nameOf(groups, id))
	}
}

// oldTransform reads one transform of IKEv1: a list of attributes (RFC 2409
// appendix A), of which those with a short value matter.
func (sa *negotiation) oldTransform(_ uint8, c wire.Cursor) {
	const short = 0x8000
	c.Skip(1 + 2) // identifier, reserved
	for c.Len() > 0 {
		kind, v := c.U16(), c.U16()
		if !c.OK() {
			return
		}
		if kind&short == 0 {
			c.Skip(int(v))
			continue
		}
		switch r := sa.rec; kind &^ short {
		case 1:
			add(&r.Encryption, nameOf(oldCiphers, v))
		case 2:
			add(&r.Integrity, nameOf(hashes, v))
		case 3:
			add(&r.Auth, nameOf(methods, v))
		case 4:
			add(&r.Group, nameOf(groups, v))
		}
	}
}
