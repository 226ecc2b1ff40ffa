// Package frptunnel finds FRP tunnels: by the byte that their client sends before
// its TLS handshake (frp source, pkg/util/net/tls.go; newer builds drop it), by
// FRP's own messages where they are in the clear, and by what is carried through
// them.
package frptunnel

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/frp"
	"longwatch/internal/proto/ssl"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// Detector reports each pair of hosts once a day.
var Detector = detect.Spec{
	ID:         "frp-tunnel",
	Title:      "FRP tunnel",
	Techniques: []attack.ID{"T1572", "T1090"},
	Dossier:    []string{"TG-14", "VT-26"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, told: recent.New[pair, bool](24*time.Hour, 1<<12)}
	},
}

// trait is what package ssl says of such a client.
const trait = "frp_first_byte"

// access are services that let their user work on the machine behind a tunnel,
// or go on from there.
var access = []string{"rdp", "ssh", "smb", "socks", "rfb", "telnet", "dce_rpc", "ldap", "tds", "mysql", "winrm"}

// detector remembers, for a day, which pairs were reported.
type detector struct {
	env  detect.Env
	told *recent.Map[pair, bool]
}

type pair struct {
	orig, resp netip.Addr
	what       string
}

// Handlers subscribes to TLS connections with the byte, to FRP's messages, and to
// connections that carry FRP and something in it.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(r *ssl.Record) bool { return slices.Contains(r.Traits, trait) }, d.handshake),
		detect.OnIf(func(r *frp.Message) bool { return r.Kind != "" && r.Error == "" }, d.message),
		detect.OnIf(func(c *network.Conn) bool { return strings.Contains(c.Service, "frp") && len(carried(c)) > 0 }, d.conn),
	}
}

// first tells whether this is new of the pair.
func (d *detector) first(c *record.Conn, what string) bool {
	told := d.told.At(pair{c.OrigH, c.RespH, what}, c.TS)
	old := *told
	*told = true
	return !old
}

// severity is lower for tunnels that do not leave the own networks.
func (d *detector) severity(c *record.Conn, s finding.Severity) finding.Severity {
	if d.env.Home(c.RespH) && d.env.Home(c.OrigH) {
		return finding.Low
	}
	return s
}

func (d *detector) handshake(r *ssl.Record, out detect.Reporter) {
	if d.first(&r.Conn, "byte") {
		out.Report(finding.Finding{Severity: d.severity(&r.Conn, finding.Medium), Confidence: 85, Why: []string{
			finding.Because("%v sent the byte 0x17 before its TLS hello to %v port %d, as FRP's client does", r.OrigH, r.RespH, r.RespP)}})
	}
}

func (d *detector) message(r *frp.Message, out detect.Reporter) {
	if !d.first(&r.Conn, r.Kind) {
		return
	}
	f := finding.Finding{Severity: d.severity(&r.Conn, finding.Medium), Confidence: 95}
	switch r.Kind {
	case "login":
		f.Why = []string{finding.Because("%v logged in to an FRP server at %v port %d (host name %q, %s/%s, version %q, proof: %s)", r.OrigH, r.RespH, r.RespP, r.Hostname, r.OS, r.Arch, r.Version, r.Auth)}
	case "work":
		f.Why = []string{finding.Because("%v offers services to visitors of the FRP server %v port %d", r.OrigH, r.RespH, r.RespP)}
		if r.Source != "" {
			f.Why = append(f.Why, finding.Because("%s was let in to the service %q", r.Source, r.Proxy))
		}
	default:
		f.Why = []string{finding.Because("%v visited a service through the FRP server %v port %d", r.OrigH, r.RespH, r.RespP)}
	}
	out.Report(f)
}

func (d *detector) conn(c *network.Conn, out detect.Reporter) {
	inside := strings.Join(carried(c), ", ")
	if !d.first(&c.Conn, inside) {
		return
	}
	out.Report(finding.Finding{Title: "Access through an FRP tunnel", Severity: d.severity(&c.Conn, finding.High), Confidence: 85, Why: []string{
		finding.Because("%s went through the FRP tunnel that %v opened to %v port %d: whoever is at the server works on, or beyond, %v", inside, c.OrigH, c.RespH, c.RespP, c.OrigH)}})
}

// carried names what a connection carries in FRP.
func carried(c *network.Conn) []string {
	_, inside, _ := strings.Cut(","+c.Service, ",frp,")
	return slices.DeleteFunc(strings.Split(inside, ","), func(s string) bool { return !slices.Contains(access, s) })
}
