package bittorrent

import (
	"bytes"

	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

const (
	// search begins a request of local peer discovery.
	search = "BT-SEARCH * HTTP/1.1\r\n"
	// connect begins the first message to a tracker.
	connect = "\x00\x00\x04\x17\x27\x10\x19\x80\x00\x00\x00\x00"
	// utpHead is the length of a header of uTP.
	utpHead = 20
)

// probe takes a handshake over TCP; on UDP a message of the DHT, of a tracker
// or of discovery, or two datagrams of uTP that belong together: its headers
// alone are not telling enough.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if len(b) == 0 {
		return proto.Maybe
	}
	switch b[0] {
	case magic[0]:
		n := min(len(b), len(magic))
		if string(b[:n]) != magic[:n] {
			return proto.No
		}
		if n < len(magic) {
			return proto.Maybe
		}
		return proto.Yes
	case 'd':
		if isDHT(b) {
			return proto.Yes
		}
	case 'B':
		if bytes.HasPrefix(b, []byte(search)) {
			return proto.Yes
		}
	case connect[0]:
		if isConnect(b) {
			return proto.Yes
		}
	case 0x01, 0x11, 0x21, 0x31, 0x41:
		return probeUTP(b)
	}
	return proto.No
}

// isDHT tells whether a datagram is a dictionary as the DHT sends it: a query,
// an answer or an error (BEP 5), all with a kind.
func isDHT(b []byte) bool {
	if len(b) < 20 || b[0] != 'd' || b[len(b)-1] != 'e' {
		return false
	}
	switch {
	case bytes.HasPrefix(b, []byte("d1:a")), bytes.HasPrefix(b, []byte("d1:r")), bytes.HasPrefix(b, []byte("d1:e")), bytes.HasPrefix(b, []byte("d2:ip")):
	default:
		return false
	}
	return bytes.Contains(b, []byte("1:y1:"))
}

func isConnect(b []byte) bool { return len(b) == 16 && string(b[:len(connect)]) == connect }

// isUTP tells whether a datagram may be of uTP, version 1 (BEP 29).
func isUTP(b []byte) bool {
	c := wire.At(b)
	kind, extension := c.U8(), c.U8()
	c.Skip(2 + 4 + 4) // connection, time, difference
	window := c.U32()
	c.Skip(2 + 2) // sequence, acknowledged
	if !c.OK() || kind&0xf != 1 || kind>>4 > 4 || extension > 2 || window > 64<<20 {
		return false
	}
	for range 4 {
		if extension == 0 {
			break
		}
		extension = c.U8()
		n := int(c.U8())
		if n < 4 || n%4 != 0 && n > 8 {
			return false
		}
		c.Skip(n)
	}
	return c.OK() && extension <= 2
}

// probeUTP compares the header with that of the next datagram, which follows
// it in what a probe is shown.
func probeUTP(b []byte) proto.Verdict {
	if !isUTP(b) {
		return proto.No
	}
	first := wire.At(b)
	first.Skip(2)
	id := first.Take(2)
	first.Skip(8)
	window := first.Take(4)
	if isZero(id) || isZero(window) {
		return proto.No
	}
	for at := utpHead; at+utpHead <= len(b); at++ {
		next := b[at:]
		if next[0]&0xf == 1 && bytes.Equal(next[2:4], id) && bytes.Equal(next[12:16], window) && isUTP(next) {
			return proto.Yes
		}
	}
	if len(b) > 4000 {
		return proto.No
	}
	return proto.Maybe
}

func isZero(b []byte) bool {
	for _, ch := range b {
		if ch != 0 {
			return false
		}
	}
	return true
}
