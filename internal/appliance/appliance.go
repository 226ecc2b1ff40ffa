// Package appliance says what the messages of network appliances mean: it
// turns host.Syslog, however it was read, into the records that detectors work
// on, so that a detector is written once for all makers.
//
//	var r appliance.Reader
//	for _, rec := range r.Normalize(message) { … } // network.Conn, host.Logon, host.ConfigChange …
//
// A maker is told by the shape of its messages, never by the name of a host or
// file. A message that no record fits stays a message only.
package appliance

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

// The products, as host.Syslog.Product names them.
const (
	FortiOS   = "fortios"
	PANOS     = "panos"
	ASA       = "asa"
	IOS       = "ios"
	Ivanti    = "ivanti"
	NetScaler = "netscaler"
	BIGIP     = "bigip"
	Versa     = "versa"
)

// Reader turns messages into records. It remembers, for a bounded number of
// connections, what one message says and a later one leaves out. The zero value
// is ready for use; it belongs to one goroutine.
type Reader struct {
	outward map[string]bool // ASA connections by number: opened from inside
}

// Normalize recognises the product that s is from, fills in what s lacks
// (Product, Host, App, Code, User, Fields, and the time where the appliance
// knows it better) and returns the records that s stands for. They share its
// time and place.
func (r *Reader) Normalize(s *host.Syslog) []record.Record {
	switch m := s.Message; {
	case isFortiOS(s):
		s.Product = FortiOS
		return fortios(s)
	case panosType(m) != "":
		s.Product = PANOS
		return panos(s)
	case asaCode(m) != "" || asaCode(s.App) != "":
		s.Product = ASA
		return r.asa(s)
	case mnemonic(m) != "" || mnemonic(s.App) != "":
		s.Product = IOS
		return ios(s)
	case isIvanti(s):
		s.Product = Ivanti
		return ivanti(s)
	case isNetScaler(s):
		s.Product = NetScaler
		return netscaler(s)
	case isBIGIP(s):
		s.Product = BIGIP
		return bigip(s)
	case isVersa(m):
		s.Product = Versa
		return versa(s)
	}
	return nil
}

// Raw reads a line that has no syslog head, as appliances write files and
// collectors strip heads: PAN-OS, Versa and NetScaler messages, and Cisco ones
// with nothing before them. The time is that of the
// message, 0 where it has none.
func Raw(line string) (*host.Syslog, bool) {
	s := &host.Syslog{Message: line}
	digit := line != "" && line[0] >= '0' && line[0] <= '9'
	switch {
	case digit && (panosType(line) != "" || isVersa(line)), strings.HasPrefix(line, "%") && (asaCode(line) != "" || mnemonic(line) != ""),
		digit && strings.Contains(line, "-PPE-") && nsHead.MatchString(line):
		return s, true
	}
	return nil, false
}

// addr reads an address, with or without brackets, port or zone; the zero
// address when there is none.
func addr(s string) netip.Addr {
	s = strings.Trim(s, " <>()\"',;")
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.WithZone("").Unmap()
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().WithZone("").Unmap()
	}
	if h, _, ok := strings.Cut(s, "/"); ok {
		if a, err := netip.ParseAddr(h); err == nil {
			return a.Unmap()
		}
	}
	return netip.Addr{}
}

// endpoint reads "1.2.3.4:80", "1.2.3.4/80", "1.2.3.4(80)" or a bare address.
func endpoint(s string) (netip.Addr, uint16) {
	s = strings.Trim(s, " ,;")
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap(), ap.Port()
	}
	s = strings.TrimSuffix(s, ")")
	for _, sep := range []string{"/", "("} {
		if h, p, ok := strings.Cut(s, sep); ok {
			if a, err := netip.ParseAddr(h); err == nil {
				return a.Unmap(), port(p)
			}
		}
	}
	return addr(s), 0
}

func port(s string) uint16 {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}

// count is a number that may be absent.
func count(s string) record.Opt[uint64] {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return record.Opt[uint64]{}
	}
	return record.Some(n)
}

// transport names an IP protocol by its number or name as Zeek does.
func transport(s string) string {
	switch strings.ToLower(s) {
	case "6", "tcp":
		return "tcp"
	case "17", "udp":
		return "udp"
	case "1", "58", "icmp", "icmp6", "icmpv6", "icmp-v6":
		return "icmp"
	}
	return "unknown_transport"
}

// conn is the record of a connection that ended at s.TS after d. uid tells
// connections of one appliance apart; it is not Zeek's.
func conn(s *host.Syslog, uid string, d time.Duration) *network.Conn {
	c := &network.Conn{}
	c.TS, c.Ref = s.TS, s.Ref
	if d > 0 && d < 10*365*24*time.Hour {
		c.Duration = record.Some(d)
		c.TS = s.TS.Add(-d)
	}
	if uid != "" && uid != "0" {
		c.UID = "A" + uid
	}
	return c
}

// seconds is a whole number of seconds as a duration; 0 when it is none.
func seconds(s string) time.Duration {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// clock reads h:mm:ss, as ASA and NetScaler write durations.
func clock(s string) time.Duration {
	var d time.Duration
	for part := range strings.SplitSeq(s, ":") {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return 0
		}
		d = d*60 + time.Duration(n)*time.Second
	}
	return d
}

// change begins the record of something done to the appliance.
func change(s *host.Syslog, action string) *host.ConfigChange {
	c := &host.ConfigChange{Head: s.Head, Product: s.Product, Action: action}
	return c
}

// logon begins the record of a login; process is "vpn:…" for users who are let
// into the network and "admin:…" for those who are let onto the appliance.
func logon(s *host.Syslog, ok bool, process, user string, from netip.Addr) *host.Logon {
	l := &host.Logon{Head: s.Head, Outcome: "success", Process: process, Target: user, Source: from}
	if !ok {
		l.Outcome = "failure"
	}
	l.User = user
	return l
}

// between returns what stands after the first before and ahead of the next
// after; ok tells whether both are there.
func between(s, before, after string) (string, bool) {
	_, s, ok := strings.Cut(s, before)
	if !ok {
		return "", false
	}
	if after == "" {
		return s, true
	}
	v, _, ok := strings.Cut(s, after)
	return v, ok
}

// word is the text up to the next blank, comma or quote.
func word(s string) string {
	s = strings.TrimLeft(s, ` "'`)
	if i := strings.IndexAny(s, ` ,"'`); i >= 0 {
		s = s[:i]
	}
	return s
}

// wordAfter is the word that follows before; empty when there is none.
func wordAfter(s, before string) string {
	v, ok := between(s, before, "")
	if !ok {
		return ""
	}
	return word(v)
}
