// Package drivensession finds connections that an own host opened to the outside
// and that are driven from there. A client asks and its server answers; here the
// server speaks first after every pause, and the client says more than it was
// asked with: a shell, or a tunnel that is worked through. It also finds what
// waits for that: a connection held open for a long time by small messages of one
// size at even times, to a port or in a protocol that nothing explains.
package drivensession

import (
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// Detector judges the rhythm of long connections to the outside.
var Detector = detect.Spec{
	ID:         "driven-session",
	Title:      "Connection is driven from outside",
	Techniques: []attack.ID{"T1572", "T1071", "T1095"},
	Dossier:    []string{"VT-25"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, servers: recent.New[netip.Addr, server](24*time.Hour, 1<<13)}
	},
}

// detector remembers, for a day, who talked to each outside server for long, and
// the first connections that are to be judged: a service that many own hosts use
// is no command channel.
type detector struct {
	env     detect.Env
	servers *recent.Map[netip.Addr, server]
}

type server struct {
	clients []netip.Addr // at most config.MostClients+1
	waiting []waiting    // at most maxWaiting
}

type waiting struct {
	r    *network.Rhythm
	what verdict
	told bool
}

// maxWaiting bounds the connections kept of one server.
const maxWaiting = 4

// wait is how long others have to show that they use the server too, less than
// what the detector remembers.
const wait = 12 * time.Hour

// Handlers subscribes to the rhythm of connections, and judges half a day later
// or at the end, when it is known who else uses the server.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.On(d.rhythm),
		detect.Every(time.Hour, func(now record.Time, out detect.Reporter) { d.judge(now.Add(-wait), out) }),
		detect.AtEnd(func(out detect.Reporter) { d.judge(math.MaxInt64, out) }),
	}
}

func (d *detector) rhythm(r *network.Rhythm, _ detect.Reporter) {
	if !d.env.Home(r.OrigH) || d.env.Home(r.RespH) || r.RespH.IsMulticast() {
		return
	}
	s := d.servers.At(r.RespH, r.TS)
	if len(s.clients) <= config.MostClients && !slices.Contains(s.clients, r.OrigH) {
		s.clients = append(s.clients, r.OrigH)
	}
	v := judge(r)
	if v == ordinary || len(s.waiting) >= maxWaiting || slices.ContainsFunc(s.waiting, func(w waiting) bool { return w.r.UID == r.UID || w.what == v && w.r.OrigH == r.OrigH }) {
		return
	}
	s.waiting = append(s.waiting, waiting{r: r, what: v})
}

// judge reports what waits since before until.
func (d *detector) judge(until record.Time, out detect.Reporter) {
	d.servers.All(func(_ netip.Addr, s *server) {
		if len(s.clients) > config.MostClients {
			return
		}
		for i := range s.waiting {
			if w := &s.waiting[i]; !w.told && w.r.TS <= until {
				w.told = true
				out.Report(w.finding(len(s.clients)))
			}
		}
	})
}

// finding words what was seen of one connection.
func (w *waiting) finding(clients int) finding.Finding {
	r := w.r
	trail := detect.Trail{}
	trail.Add(r)
	service := r.Service
	if service == "" {
		service = "no protocol known here"
	}
	about := finding.Because("%v opened it to %v port %d (%s); %d own host(s) hold long connections to that server", r.OrigH, r.RespH, r.RespP, service, clients)
	if w.what == driven {
		f := trail.Finding(finding.Medium, 60, about,
			finding.Because("in %v the server spoke first after %d pauses, the client after %d; asked with %d bytes, the client answered with %d", r.Duration.Round(time.Second), r.RespStarts, r.OrigStarts, r.RespBytes, r.OrigAnswers),
			"programs for remote support look the same: ask whether one is in use")
		if r.Service != "" {
			f.Severity, f.Confidence = finding.Low, 45
		}
		return f
	}
	starts, same, gap, vary := r.OrigStarts, r.OrigSame, r.OrigGap.V, r.OrigVary.V
	who := "client"
	if r.RespStarts > starts {
		starts, same, gap, vary, who = r.RespStarts, r.RespSame, r.RespGap.V, r.RespVary.V, "server"
	}
	f := trail.Finding(finding.Low, 40, about,
		finding.Because("for %v the %s spoke every %v, %d times of which %d were as long as the one before; the times vary by %.0f %% only", r.Duration.Round(time.Second), who, gap.Round(time.Second), starts, same, 100*vary))
	f.Title = "Connection is held open by even small messages"
	if slices.Contains(tunnelPorts, r.RespP) && r.Duration >= time.Hour {
		f.Severity, f.Confidence = finding.Medium, 50
		f.Why = append(f.Why, finding.Because("port %d is one that Volt Typhoon's tunnels went to", r.RespP))
	}
	return f
}

// explained are services that hold connections open, or ask from the server's
// side, by design.
var explained = []string{"irc", "xmpp", "mqtt", "imap", "pop3", "smtp", "ftp", "ftp-data", "dns", "rfb", "rdp", "bittorrent", "websocket", "quic", "nfs", "ldap", "http"}

func isExplained(service string) bool {
	for s := range strings.SplitSeq(service, ",") {
		if slices.Contains(explained, s) {
			return true
		}
	}
	return false
}
