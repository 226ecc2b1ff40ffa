// Package baseline is what is ordinary: which host, account or program was seen
// with what, since when, how often, at which hours, and how much it sent, over
// years and in memory of a fixed size. It knows pairs by their hashes, so it
// answers questions about what is asked for and cannot be read like a log:
//
//	m := baseline.New(256 << 20)
//	m.Learn(baseline.Site, baseline.Host("ws-17"), "example.org", ts)
//	s, known := m.Pair(baseline.Site, baseline.Host("ws-17"), "example.org") // s.First, s.Last, s.Days
//
// Days are the grain of its time: 1 is 2 January 1970, UTC.
package baseline

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/record"
)

// Kind says what a subject was seen with. The numbers are part of the state
// file: new ones are added at the end.
type Kind uint8

// The kinds. Subjects of the first four are accounts, of the others hosts.
const (
	Source      Kind = iota + 1 // host or address that an account logged on from
	Network                     // its neighbourhood: 256 addresses, or a /64
	Target                      // host that an account logged on to
	Route                       // both: "source > target"
	Peer                        // outside address that a host connected to
	Site                        // registrable domain of what a host asked for
	Service                     // own address and port that a host was answered by: "10.0.0.9:3389"; ":3389" for any address
	Hello                       // JA4 of a host's TLS clients
	Agent                       // user agent of a host's HTTP clients
	SSHClient                   // version line of a host's SSH clients
	Certificate                 // SHA-256 of the certificate of a server that a host used
	Software                    // program that ran on a host
	Digest                      // hash of a program or file on a host
	Page                        // page with code that a web server served; its subject is the server: see Server
	kinds                       // how many there are, and one more
)

var kindNames = [kinds]string{
	Source: "source", Network: "network", Target: "target", Route: "route", Peer: "peer", Site: "site", Service: "service",
	Hello: "ja4", Agent: "user_agent", SSHClient: "ssh_client", Certificate: "certificate", Software: "software", Digest: "hash", Page: "page",
}

// String is the lower-case name.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return "unknown"
}

// ParseKind reads a kind's name.
func ParseKind(s string) (Kind, bool) {
	for k := Source; k < kinds; k++ {
		if kindNames[k] == s {
			return k, true
		}
	}
	return 0, false
}

// Kinds are all kinds, in order.
func Kinds() []Kind {
	out := make([]Kind, 0, kinds-1)
	for k := Source; k < kinds; k++ {
		out = append(out, k)
	}
	return out
}

// Subject is a host or an account, by the hash of its name.
type Subject uint64

// Host is the subject of a host: its name, or its address where no name is
// known. Case does not matter.
func Host(name string) Subject { return Subject(digest("h", name)) }

// Account is the subject of an account. Case does not matter.
func Account(name string) Subject { return Subject(digest("u", name)) }

// digest is the hash of a text, lower case, within a space of names.
func digest(space, s string) uint64 {
	var buf [256]byte
	b := append(buf[:0], space...)
	b = append(b, 0)
	b = append(b, strings.ToLower(s)...)
	sum := sha256.Sum256(b)
	return binary.LittleEndian.Uint64(sum[:])
}

// pairKey is the hash of a subject with a value of a kind.
func pairKey(k Kind, s Subject, value uint64) uint64 {
	return mix(uint64(s)*0x9e3779b97f4a7c15 ^ value ^ uint64(k)<<56)
}

// valueKey is the hash of a value of a kind.
func valueKey(k Kind, value uint64) uint64 { return mix(value + uint64(k)*0xd6e8feb86659fd93) }

// mix is the finaliser of MurmurHash3: a bijection that spreads every bit.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// Day is a number of days since 1970-01-01 UTC; 0 means unknown.
type Day uint16

// DayOf is the day of t; 0 for times that are unknown or out of reach (before
// 1970 or after 2149).
func DayOf(t record.Time) Day {
	d := int64(t) / int64(24*time.Hour)
	if t <= 0 || d > 1<<16-1 {
		return 0
	}
	return Day(d)
}

// Time is the start of the day.
func (d Day) Time() record.Time { return record.Time(int64(d) * int64(24*time.Hour)) }

// String is the date.
func (d Day) String() string {
	if d == 0 {
		return "unknown"
	}
	return d.Time().Std().Format(time.DateOnly)
}

// Seen is what is remembered of a pair or of a value.
type Seen struct {
	First, Last Day
	Days        uint16 // days on which it was seen, as far as evidence came in the order of time; at most 65535
	spread      uint64 // of a value: which of 64 groups had it
}

// before tells whether it was there on an earlier day.
func (s Seen) before(d Day) bool { return s.First != 0 && s.First < d }

// Server is the subject of a web server by the name of its log, or of its address
// on the wire.
func Server(name string) Subject { return Subject(digest("w", name)) }

// AnyHost is a port as a value of Service: on whatever host.
func AnyHost(port uint16) string { return ":" + strconv.Itoa(int(port)) }

// At is a port of an own host as a value of Service.
func At(a netip.Addr, port uint16) string { return netip.AddrPortFrom(a, port).String() }
