package modbus

import (
	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

// maxBody is the longest body that the specification allows.
const maxBody = 252

// maxProbed is how many messages are looked at.
const maxProbed = 16

// probe wants a header whose length suits the function and its body. What only
// vendors know the shape of must at least end where the bytes end. Maybe is for
// what later messages or the port have to speak for.
func probe(d proto.Dir, b []byte) proto.Verdict {
	for i := range maxProbed {
		n, v := probeOne(d, b)
		switch {
		case v == proto.No && i > 0:
			return proto.Maybe
		case v != proto.Maybe || n == 0 || n == len(b):
			return v
		}
		b = b[n:]
	}
	return proto.Maybe
}

// probeOne judges the first message and returns its length when it is whole.
func probeOne(d proto.Dir, b []byte) (int, proto.Verdict) {
	if len(b) > 2 && b[2] != 0 || len(b) > 3 && b[3] != 0 || len(b) > 4 && b[4] != 0 {
		return 0, proto.No
	}
	c := wire.At(b)
	c.Skip(4)
	n := int(c.U16())
	unit, fc := c.U8(), c.U8()
	switch {
	case !c.OK():
		return 0, proto.Maybe
	case n < 2 || n > maxBody+2:
		return 0, proto.No
	}
	body := c.Take(n - 2)
	if !c.OK() {
		return 0, proto.Maybe
	}
	if unit > maxSerial && unit != 0xff {
		return lenFrom + n, proto.Maybe
	}
	if fc&errorBit != 0 {
		if n == 3 && exceptions[body[0]] != "" {
			return lenFrom + n, proto.Yes
		}
		return lenFrom + n, proto.Maybe
	}
	switch _, named := functions[fc]; {
	case strict(fc) && (shaped(d, fc, body) || shaped(d.Other(), fc, body)):
		return lenFrom + n, proto.Yes
	case !strict(fc) && named && c.Len() == 0 && (sized(d, fc, len(body)) || sized(d.Other(), fc, len(body))):
		return lenFrom + n, proto.Yes
	}
	return lenFrom + n, proto.Maybe
}

// shaped tells whether a body is exactly one of function fc.
func shaped(d proto.Dir, fc uint8, body []byte) bool {
	return sized(d, fc, len(body)) && exact(d, fc, body)
}

// strict tells whether the shape of a function's bodies is known exactly.
func strict(fc uint8) bool {
	switch fc {
	case readCoils, readDiscrete, readHolding, readInput, writeCoil, writeRegister, writeCoils, writeRegisters,
		maskWrite, readWrite, readFIFO, readFile, writeFile, diagnostics, encapsulated:
		return true
	}
	return false
}

// sized tells whether a body of n bytes can be that of function fc.
func sized(d proto.Dir, fc uint8, n int) bool {
	request := d == proto.Orig
	switch fc {
	case readCoils, readDiscrete, readHolding, readInput:
		return request && n == 4 || !request && n >= 2
	case writeCoil, writeRegister:
		return n == 4
	case writeCoils, writeRegisters:
		return request && n >= 6 || !request && n == 4
	case maskWrite:
		return n == 6
	case readStatus, eventCounter, eventLog, reportID:
		return request && n == 0 || !request && n >= 1
	}
	return true
}

// exact tells whether a body is one of function fc as the specification has
// it, with nothing behind it.
func exact(d proto.Dir, fc uint8, body []byte) bool {
	if !wellFormed(d, fc, body) {
		return false
	}
	c := wire.At(body)
	request := d == proto.Orig
	switch fc {
	case readCoils, readDiscrete, readHolding, readInput:
		if !request {
			return int(c.U8()) == c.Len()
		}
		c.Skip(2)
		return c.U16() != 0
	case writeCoil:
		c.Skip(2)
		v := c.U16()
		return v == 0 || v == 0xff00
	case writeCoils:
		if request {
			c.Skip(2)
			n, bytes := int(c.U16()), int(c.U8())
			return bytes == (n+7)/8 && bytes == c.Len()
		}
	case writeRegisters:
		if request {
			c.Skip(2)
			n, bytes := int(c.U16()), int(c.U8())
			return bytes == 2*n && bytes == c.Len()
		}
	case readFile, writeFile:
		return int(c.U8()) == c.Len()
	case readWrite:
		if request {
			c.Skip(6)
			n, bytes := int(c.U16()), int(c.U8())
			return bytes == 2*n && bytes == c.Len()
		}
		return int(c.U8()) == c.Len()
	case readFIFO:
		if request {
			return c.Len() == 2
		}
		return int(c.U16()) == c.Len()
	case diagnostics:
		_, known := subfunctions[c.U16()]
		return known && c.Len()%2 == 0
	case encapsulated:
		mei := c.U8()
		return mei == deviceID || mei == canOpen
	}
	return true
}

// wellFormed tells whether Zeek's grammar accepts the body: bytes behind the
// last field are nobody's business.
func wellFormed(d proto.Dir, fc uint8, body []byte) bool {
	c := wire.At(body)
	request := d == proto.Orig
	switch {
	case fc&errorBit != 0:
		return request || len(body) >= 1
	case fc == readFile && request:
		return records(&c, func(c *wire.Cursor) { c.Skip(7) })
	case fc == readFile:
		return records(&c, func(c *wire.Cursor) {
			n := int(c.U8())
			c.Skip(1 + n)
		})
	case fc == writeFile:
		return records(&c, func(c *wire.Cursor) {
			c.Skip(5)
			c.Skip(2 * int(c.U16()))
		})
	}
	switch fc {
	case readCoils, readDiscrete, readHolding, readInput:
		if request {
			c.Skip(4)
		} else {
			c.Skip(int(c.U8()))
		}
	case writeCoil, writeRegister:
		c.Skip(4)
	case writeCoils, writeRegisters:
		c.Skip(2)
		n := int(c.U16())
		if !request {
			break
		}
		bytes := int(c.U8())
		c.Skip(bytes)
		return c.OK() && (fc == writeCoils || 2*n <= bytes)
	case maskWrite:
		c.Skip(6)
	case readWrite:
		if !request {
			c.Skip(int(c.U8()))
			break
		}
		c.Skip(6)
		n, bytes := int(c.U16()), int(c.U8())
		c.Skip(bytes)
		return c.OK() && 2*n <= bytes
	case readFIFO:
		c.Skip(2)
		if !request {
			c.Skip(2 * int(c.U16()))
		}
	case diagnostics:
		c.Skip(2)
	case encapsulated:
		c.Skip(1)
	}
	return c.OK()
}

// records tells whether the file records that a byte count announces end where
// it says.
func records(c *wire.Cursor, one func(c *wire.Cursor)) bool {
	all := c.Sub(int(c.U8()))
	for all.OK() && all.Len() > 0 {
		one(&all)
	}
	return all.OK() && c.OK()
}
