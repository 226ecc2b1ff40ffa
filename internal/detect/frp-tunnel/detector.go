// Package frptunnel finds FRP tunnels by the byte that their client sends
// before its TLS handshake (frp source, pkg/util/net/tls.go; newer builds drop it).
package frptunnel

import (
	"net/netip"
	"slices"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/ssl"
)

// Detector reports each pair of hosts once a day.
var Detector = detect.Spec{
	ID:         "frp-tunnel",
	Title:      "FRP tunnel",
	Techniques: []attack.ID{"T1572", "T1090"},
	Dossier:    []string{"TG-14", "VT-26"},
	New: func(detect.Env) detect.Detector {
		return &detector{told: recent.New[pair, bool](24*time.Hour, 1<<12)}
	},
}

// trait is what package ssl says of such a client.
const trait = "frp_first_byte"

// detector remembers, for a day, which pairs were reported.
type detector struct{ told *recent.Map[pair, bool] }

type pair struct{ orig, resp netip.Addr }

// Handlers subscribes to TLS connections with the byte.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(func(r *ssl.Record) bool { return slices.Contains(r.Traits, trait) }, d.handshake)}
}

func (d *detector) handshake(r *ssl.Record, out detect.Reporter) {
	told := d.told.At(pair{r.OrigH, r.RespH}, r.TS)
	if *told {
		return
	}
	*told = true
	out.Report(finding.Finding{Severity: finding.Medium, Confidence: 85, Why: []string{
		finding.Because("%v sent the byte 0x17 before its TLS hello to %v port %d, as FRP's client does", r.OrigH, r.RespH, r.RespP)}})
}
