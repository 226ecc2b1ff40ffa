// Package zonelisting finds a client that lists what a name server knows: by
// the server's administration interface, or by transferring a zone.
package zonelisting

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dcerpc"
	"longwatch/internal/proto/dns"
	"longwatch/internal/record/network"
)

// Detector tells name servers, which copy zones, from others.
var Detector = detect.Spec{
	ID:         "zone-listing",
	Title:      "Names of a DNS zone listed",
	Techniques: []attack.ID{"T1590.002", "T1018"},
	Dossier:    []string{"VT-17"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, servers: map[netip.Addr]bool{}, asked: map[pair]*listing{}}
	},
}

const (
	dnsserver = "50abc2a4-574d-40b3-9d66-ee4fd5fba076" // MS-DNSP
	many      = 20                                     // nodes: a console lists what a person opens
	maxPairs  = 1 << 12
	maxServer = 1 << 14
	maxNodes  = 4096
)

// records are DnssrvEnumRecords and its later forms (dossier VT-17).
var records = []uint16{3, 8, 11, 18}

// detector keeps who answers as a name server and who listed what, to the end:
// whether a client is a name server may only show later.
type detector struct {
	env     detect.Env
	servers map[netip.Addr]bool
	asked   map[pair]*listing
}

type pair struct {
	orig, resp netip.Addr
	transfer   bool
}

type listing struct {
	trail detect.Trail
	zones []string
	nodes map[string]bool
	calls int
}

// Handlers subscribes to the interface, to transfers, and to who answers.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(c *dcerpc.Call) bool {
			return c.Fault == "" && c.OrigH != c.RespH && slices.Contains(records, c.Opnum) && strings.EqualFold(c.UUID, dnsserver)
		}, d.call),
		detect.OnIf(func(m *dns.Message) bool {
			return (m.QTypeName == "AXFR" || m.QTypeName == "IXFR") && m.Proto == "tcp" && m.RCode.Set && m.RCode.V == 0 && !m.Rejected && len(m.Answers) > 1
		}, d.transfer),
		detect.OnIf(func(c *network.Conn) bool {
			return c.RespP == 53 && c.RespBytes.V > 0 && strings.Contains(c.Service, "dns")
		}, func(c *network.Conn, _ detect.Reporter) {
			if len(d.servers) < maxServer {
				d.servers[c.RespH] = true
			}
		}),
		detect.AtEnd(d.judge),
	}
}

func (d *detector) at(k pair) *listing {
	l := d.asked[k]
	if l == nil && len(d.asked) < maxPairs {
		l = &listing{nodes: map[string]bool{}}
		d.asked[k] = l
	}
	return l
}

func (d *detector) call(c *dcerpc.Call, _ detect.Reporter) {
	l := d.at(pair{c.OrigH, c.RespH, false})
	if l == nil || !l.trail.Add(c) {
		return
	}
	l.calls++
	if len(c.Args) > 0 {
		l.zone(c.Args[0])
		if len(l.nodes) < maxNodes {
			l.nodes[strings.Join(c.Args, " ")] = true
		}
	}
}

func (l *listing) zone(z string) {
	if z = strings.ToLower(z); len(l.zones) < 32 && !slices.Contains(l.zones, z) {
		l.zones = append(l.zones, z)
	}
}

func (d *detector) transfer(m *dns.Message, _ detect.Reporter) {
	if l := d.at(pair{m.OrigH, m.RespH, true}); l != nil && l.trail.Add(m) {
		l.calls++
		l.zone(m.Query)
	}
}

func (d *detector) judge(out detect.Reporter) {
	for k, l := range d.asked {
		if d.servers[k.orig] {
			continue
		}
		took := l.trail.Span.End.Sub(l.trail.Span.Start).Round(time.Second)
		if k.transfer {
			severity, confidence := finding.Medium, uint8(55)
			why := []string{finding.Because("%v transferred %q from %v", k.orig, l.zones, k.resp), "it was never seen answering as a name server, which is what copies zones"}
			if !d.env.Home(k.orig) && d.env.Home(k.resp) {
				severity, confidence = finding.High, 65
				why = append(why, "it is an outside address")
			} else if !d.env.Home(k.resp) {
				severity, confidence = finding.Low, 40 // somebody else's zone
			}
			f := l.trail.Finding(severity, confidence, why...)
			f.Title, f.Dossier = "DNS zone transferred", []string{}
			out.Report(f)
			continue
		}
		severity, confidence := finding.Low, uint8(40)
		why := []string{finding.Because("%v asked the name server %v %d times within %v to list records of %q over its administration interface", k.orig, k.resp, l.calls, took, l.zones)}
		if max(len(l.nodes), l.calls) >= many {
			severity, confidence = finding.Medium, 50
			why = append(why, "a person at a console opens a few; listing all is an export")
		}
		out.Report(l.trail.Finding(severity, confidence, why...))
	}
}
