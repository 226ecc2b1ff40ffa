package segmentation

import (
	"longwatch/internal/record/network"
)

// transport is the protocol above IP.
type transport uint8

const (
	otherTransport transport = iota
	tcp
	udp
	icmp
)

var transportNames = [...]string{"other", "tcp", "udp", "icmp"}

func (t transport) String() string { return transportNames[t] }

func transportOf(s string) transport {
	switch s {
	case "tcp":
		return tcp
	case "udp":
		return udp
	case "icmp":
		return icmp
	}
	return otherTransport
}

// outcome is what became of an attempt to talk.
type outcome uint8

const (
	passed   outcome = iota // both ends talked to each other
	tried                   // nobody answered, or the answer was no
	oneSided                // only the answering half was seen: something listens, who asked was not seen
)

var outcomeNames = [...]string{"passed", "unanswered", "one-sided"}

func (o outcome) String() string { return outcomeNames[o] }

// outcomeOf judges a connection by its state. A TCP connection passed when its
// handshake was complete. A datagram passed when one came back: that one was
// sent says nothing, since nothing tells that it arrived. Specification: the
// states of Zeek's conn.log.
func outcomeOf(c *network.Conn) outcome {
	fromOrig, fromResp := sent(c.OrigPkts.V, c.OrigBytes.V), sent(c.RespPkts.V, c.RespBytes.V)
	switch c.State {
	case "S0", "REJ", "RSTOS0", "SH":
		return tried
	case "SHR", "RSTRH":
		return oneSided
	case "S1", "SF", "S2", "S3", "RSTO", "RSTR":
		if c.Proto == "tcp" || fromOrig && fromResp {
			return passed
		}
	}
	switch { // not seen from its beginning, a datagram, an echo
	case fromOrig && fromResp:
		return passed
	case fromResp:
		return oneSided
	}
	return tried
}

func sent(packets, payload uint64) bool { return packets > 0 || payload > 0 }

// dynamicPorts are where operating systems draw ports for clients from.
const dynamicPorts = 32768

// turned tells whether a connection that was not seen from its beginning has
// its ends the wrong way round: the first packet seen was an answer.
func turned(c *network.Conn) bool {
	if c.Proto != "tcp" && c.Proto != "udp" || c.State != "OTH" && c.State != "SHR" && (c.Proto != "udp" || c.State == "S0") {
		return false
	}
	t := transportOf(c.Proto)
	known := ports[endpoint{t, c.OrigP}] != "" && ports[endpoint{t, c.RespP}] == ""
	return known && c.RespP >= 1024 || c.OrigP < 1024 && c.RespP >= dynamicPorts
}
