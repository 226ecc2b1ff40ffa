// Package egressoddport finds servers that hold long connections to a single
// outside host on the alternative web ports that relays of published
// intrusions used (AA23-144A): one own host, one stranger, an hour or more, or
// over and over at the same pace.
package egressoddport

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/baseline"
	"longwatch/internal/detect"
	"longwatch/internal/detect/roles"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// Detector joins who serves inside with what is held outside.
var Detector = detect.Spec{
	ID:         "egress-odd-port",
	Title:      "Server holds a connection to a rare outside host",
	Techniques: []attack.ID{"T1090", "T1572", "T1571"},
	Dossier:    []string{"VT-25"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, config: defaults, users: map[netip.Addr][]netip.Addr{}, pairs: map[pair]*series{}}
	},
}

// Config are the thresholds.
type Config struct {
	Long      time.Duration // dossier VT-25: more than an hour
	Flows     int           // that make a pace
	Variation float64       // standard deviation of the gaps divided by their mean
	Users     int           // own hosts that use the outside one: more is a service of the house
	Learn     time.Duration // of evidence before, in which nobody used it
}

var defaults = Config{Long: time.Hour, Flows: 20, Variation: 0.2, Users: 1, Learn: 24 * time.Hour}

const (
	maxPairs = 1 << 13
	maxHosts = 1 << 16
	maxTimes = 4096
)

// ports are those of AA23-144A.
var ports = []uint16{8080, 8443, 8043, 8000, 10443}

// detector keeps, to the end, who uses each outside host and the connections
// of each pair to the ports; once full, later pairs are not learned.
type detector struct {
	env    detect.Env
	config Config
	begin  record.Time
	users  map[netip.Addr][]netip.Addr
	pairs  map[pair]*series
	roles  roles.Servers
}

type pair struct {
	orig, resp netip.Addr
	port       uint16
}

type series struct {
	trail       detect.Trail
	starts      []record.Time
	longest     time.Duration
	sent, taken uint64
	services    []string
}

// Handlers subscribes to connections that leave, and to those that tell what a
// host is.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(c *network.Conn) bool { return c.Proto == "tcp" && c.RespBytes.V > 0 }, d.conn),
		detect.AtEnd(d.judge),
	}
}

func (d *detector) conn(c *network.Conn, _ detect.Reporter) {
	if d.begin == 0 {
		d.begin = c.TS
	}
	if roles.Serves(c) {
		d.roles.Learn(c)
	}
	if !d.env.Home(c.OrigH) || d.env.Home(c.RespH) {
		return
	}
	known := d.users[c.RespH]
	if len(known) <= d.config.Users && !slices.Contains(known, c.OrigH) && (known != nil || len(d.users) < maxHosts) {
		d.users[c.RespH] = append(known, c.OrigH)
	}
	if !slices.Contains(ports, c.RespP) {
		return
	}
	k := pair{c.OrigH, c.RespH, c.RespP}
	s := d.pairs[k]
	if s == nil {
		if len(d.pairs) >= maxPairs {
			return
		}
		s = &series{}
		d.pairs[k] = s
	}
	if !s.trail.Add(c) {
		return
	}
	if len(s.starts) < maxTimes {
		s.starts = append(s.starts, c.TS)
	}
	s.longest = max(s.longest, c.Duration.V)
	s.sent, s.taken = s.sent+c.OrigBytes.V, s.taken+c.RespBytes.V
	if c.Service != "" && len(s.services) < 4 && !slices.Contains(s.services, c.Service) {
		s.services = append(s.services, c.Service)
	}
}

func (d *detector) judge(out detect.Reporter) {
	for k, s := range d.pairs {
		mean, vary := detect.Pace(s.starts)
		long := s.longest >= d.config.Long
		paced := len(s.starts) >= d.config.Flows && vary < d.config.Variation && mean >= time.Second
		if !d.roles.Is(k.orig) || len(d.users[k.resp]) > d.config.Users || !long && !paced {
			continue
		}
		severity, confidence := finding.Low, uint8(45)
		why := []string{finding.Because("%v, which serves other hosts, and no other own host used %v; it connected to port %d there %d times and sent %d bytes, took %d", k.orig, k.resp, k.port, len(s.starts), s.sent, s.taken)}
		if long {
			why = append(why, finding.Because("the longest connection lasted %v", s.longest.Round(time.Minute)))
		}
		if paced {
			why = append(why, finding.Because("the connections came every %v, give or take %.0f %%", mean.Round(time.Second), 100*vary))
		}
		if len(s.services) == 0 {
			confidence += 10
			why = append(why, "no known protocol was recognised in them")
		} else {
			why = append(why, finding.Because("they carried %s", strings.Join(s.services, ", ")))
		}
		since, users := d.before(k, s.starts[0])
		if users > d.config.Users {
			continue
		}
		switch before := s.starts[0].Sub(d.begin); {
		case since != 0:
			why = append(why, finding.Because("it is used since %v, as hunts before have seen", since))
		case d.env.Past.Watched(s.starts[0]) != 0:
			severity = finding.Medium
			why = append(why, finding.Because("since %v, when hunts began to watch, using it is nobody's habit", d.env.Past.Watched(s.starts[0])))
		case before >= d.config.Learn:
			severity = finding.Medium
			why = append(why, finding.Because("nobody had used it in the %v of evidence before", before.Round(time.Hour)))
		}
		out.Report(s.trail.Finding(severity, confidence, why...))
	}
}

// before is since when, before a time, hunts have seen the outside host used, and
// by how many own ones, with this one.
func (d *detector) before(k pair, t record.Time) (since baseline.Day, users int) {
	m := d.env.Past.Memory()
	if m == nil {
		return 0, 0
	}
	s, n, _, known := m.Value(baseline.Peer, k.resp.String())
	if !known || s.First >= baseline.DayOf(t) {
		return 0, 0
	}
	if _, habit := d.env.Past.Knew(baseline.Peer, baseline.Host(k.orig.String()), k.resp.String(), t); !habit && n <= 1 {
		return 0, n // it was used while a finding was about the host
	}
	return s.First, n
}
