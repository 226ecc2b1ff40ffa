// Package versadirector finds the way in that only Volt Typhoon used (Black
// Lotus Labs, 27 August 2024): the high-availability ports 4566 and 4570 of a
// Versa Director reached from outside, and the web shell left as its picture.
package versadirector

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record/network"
	"longwatch/internal/record/web"
)

// Detector joins the port with the session that follows it.
var Detector = detect.Spec{
	ID:         "versa-director",
	Title:      "Versa Director's inner port reached from outside",
	Techniques: []attack.ID{"T1190"},
	Dossier:    []string{"VT-05"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, pairs: recent.New[pair, approach](window, 1<<12)}
	},
}

// window is how soon the HTTPS session follows.
const window = time.Hour

// detector remembers, for an hour, who reached the port of whom.
type detector struct {
	env   detect.Env
	pairs *recent.Map[pair, approach]
}

type pair struct{ orig, resp netip.Addr }

type approach struct {
	trail detect.Trail
	told  bool
}

// Handlers subscribes to connections and files.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(c *network.Conn) bool {
			return c.Proto == "tcp" && c.RespBytes.V > 0 && (c.RespP == 4566 || c.RespP == 4570 || c.RespP == 443)
		}, d.conn),
		detect.OnIf(func(f *web.File) bool {
			return strings.HasSuffix(f.Path, "custom_favicon/favicon.png") && slices.Contains(f.Traits, "png-that-is-not")
		}, d.file),
	}
}

func (d *detector) conn(c *network.Conn, out detect.Reporter) {
	if d.env.Home(c.OrigH) || !d.env.Home(c.RespH) {
		return
	}
	k := pair{c.OrigH, c.RespH}
	if c.RespP != 443 {
		d.pairs.At(k, c.TS).trail.Add(c)
		return
	}
	a := d.pairs.Peek(k, c.TS)
	if a == nil || a.told {
		return
	}
	a.told = true
	a.trail.Add(c)
	out.Report(a.trail.Finding(finding.High, 75,
		finding.Because("%v, from outside, exchanged data with port 4566 or 4570 of %v, which only the second Director of a pair may reach", c.OrigH, c.RespH),
		"an HTTPS session of the same address followed within the hour"))
}

func (d *detector) file(f *web.File, out detect.Reporter) {
	out.Report(finding.Finding{Title: "Web shell in place of a Versa Director's picture", Severity: finding.Critical, Confidence: 90,
		Techniques: []attack.ID{"T1505.003"}, Why: []string{finding.Because("%q is called a picture and is %q", f.Path, f.MIMEType)}})
}
