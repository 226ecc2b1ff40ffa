// Package relaytool finds small relay and tunnel tools by their handshakes: iox,
// nps, Stowaway, Venom, GOST's relay, chisel, and SNOWLIGHT, which loads VShell.
package relaytool

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/relaytool"
	"longwatch/internal/proto/websocket"
	"longwatch/internal/record"
)

// Detector reports each tool once a day for each pair of hosts.
var Detector = detect.Spec{
	ID:         "relay-tool",
	Title:      "Relay tool",
	Techniques: []attack.ID{"T1572", "T1090"},
	Dossier:    []string{"TG-13", "TG-14"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, told: recent.New[pair, bool](24*time.Hour, 1<<12)}
	},
}

// tools says what each tool is, and what it costs when it is there.
var tools = map[string]struct {
	title, what string
	severity    finding.Severity
	confidence  uint8
}{
	"iox":       {"iox relay", "iox's handshake (00 C0 EE FF, answered by 00 E0 EE FF)", finding.High, 90},
	"stowaway":  {"Stowaway relay", "Stowaway's greeting (IAMNEWHERE, IAMADMINXD)", finding.High, 95},
	"venom":     {"Venom relay", "Venom's greeting (ABCDEFGH, VCMD)", finding.High, 90},
	"snowlight": {"SNOWLIGHT loads VShell", "a platform of six bytes, answered by a program under XOR 0x99, as SNOWLIGHT fetches VShell", finding.High, 90},
	"nps":       {"nps tunnel", "nps's handshake (TST, versions, digests)", finding.Medium, 90},
	"gost":      {"GOST relay", "a request of GOST's relay protocol", finding.Medium, 80},
	"chisel":    {"chisel tunnel", "a WebSocket whose subprotocol is chisel's", finding.Medium, 90},
}

// chisel is how the subprotocol begins (https://github.com/jpillora/chisel, share/version.go).
const chisel = "chisel-v"

// detector remembers, for a day, which pairs were reported.
type detector struct {
	env  detect.Env
	told *recent.Map[pair, bool]
}

type pair struct {
	orig, resp netip.Addr
	tool       string
}

// Handlers subscribes to handshakes that were answered.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(s *relaytool.Session) bool { return s.Step != "asked" }, d.session),
		detect.OnIf(isChisel, func(u *websocket.Upgrade, out detect.Reporter) { d.report(&u.Conn, "chisel", "", out) }),
	}
}

func isChisel(u *websocket.Upgrade) bool {
	return slices.ContainsFunc(u.ClientProtocols, func(p string) bool { return strings.HasPrefix(p, chisel) })
}

func (d *detector) session(s *relaytool.Session, out detect.Reporter) {
	more := ""
	switch {
	case s.TargetName != "" || s.TargetHost.IsValid():
		name := s.TargetName
		if name == "" {
			name = s.TargetHost.String()
		}
		more = finding.Because("asked to be relayed to %q port %d", name, s.TargetPort.V)
	case s.Asked > 0:
		more = finding.Because("the server asked for %d connections into the network", s.Asked)
	case s.Payload != "":
		more = finding.Because("platform %q, program: %s", s.Work, s.Payload)
	case s.Work != "" || s.Version != "":
		more = finding.Because("version %q, for %q", s.Version, s.Work)
	}
	d.report(&s.Conn, s.Tool, more, out)
}

func (d *detector) report(c *record.Conn, tool, more string, out detect.Reporter) {
	t, known := tools[tool]
	told := d.told.At(pair{c.OrigH, c.RespH, tool}, c.TS)
	if !known || *told {
		return
	}
	*told = true
	f := finding.Finding{Title: t.title, Severity: t.severity, Confidence: t.confidence, Why: []string{
		finding.Because("%v and %v port %d exchanged %s", c.OrigH, c.RespH, c.RespP, t.what)}}
	if t.severity < finding.High && d.env.Home(c.OrigH) && d.env.Home(c.RespH) {
		f.Severity = finding.Low // developers and administrators tunnel too
	}
	if more != "" {
		f.Why = append(f.Why, more)
	}
	out.Report(f)
}
