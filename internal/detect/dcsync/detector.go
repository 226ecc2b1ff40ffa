// Package dcsync finds directory replication asked for by a host that is no
// domain controller (DRSGetNCChanges): every password hash of the domain leaves
// in one call.
package dcsync

import (
	"maps"
	"net/netip"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dcerpc"
	"longwatch/internal/record/network"
)

// Detector knows domain controllers by what they serve.
var Detector = detect.Spec{
	ID:         "dcsync",
	Title:      "Directory replication to a host that is no domain controller",
	Techniques: []attack.ID{"T1003.006"},
	Dossier:    []string{"TH-18"},
	New: func(detect.Env) detect.Detector {
		return &detector{controllers: map[netip.Addr]bool{}, asked: map[pair]*detect.Trail{}}
	},
}

const (
	drsuapi   = "e3514235-4b06-11d1-ab04-00c04fc2dcd2" // MS-DRSR
	changes   = 3                                      // IDL_DRSGetNCChanges
	maxPairs  = 1 << 12
	maxServer = 1 << 14
)

// detector keeps who serves a directory and who asked for changes, to the end:
// whether the asker is a controller may only show later.
type detector struct {
	controllers map[netip.Addr]bool
	asked       map[pair]*detect.Trail
}

type pair struct{ orig, resp netip.Addr }

// Handlers subscribes to replication calls and to connections that tell what
// a host serves.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(c *dcerpc.Call) bool {
			return strings.EqualFold(c.UUID, drsuapi) && c.Opnum == changes && c.Fault == "" && c.OrigH != c.RespH
		}, d.call),
		detect.OnIf(serves, d.conn),
		detect.AtEnd(d.judge),
	}
}

// serves tells whether the responder answered as a Kerberos or LDAP server.
func serves(c *network.Conn) bool {
	if !c.RespBytes.Set || c.RespBytes.V == 0 {
		return false
	}
	return (c.RespP == 88 || c.RespP == 389 || c.RespP == 3268) && (strings.Contains(c.Service, "ldap") || strings.Contains(c.Service, "krb"))
}

func (d *detector) conn(c *network.Conn, _ detect.Reporter) {
	if len(d.controllers) < maxServer {
		d.controllers[c.RespH] = true
	}
}

func (d *detector) call(c *dcerpc.Call, _ detect.Reporter) {
	k := pair{c.OrigH, c.RespH}
	if d.asked[k] == nil {
		if len(d.asked) >= maxPairs {
			return
		}
		d.asked[k] = &detect.Trail{}
	}
	d.asked[k].Add(c)
}

func (d *detector) judge(out detect.Reporter) {
	served := maps.Clone(d.controllers)
	for k := range d.asked {
		d.controllers[k.resp] = true // it answered as one
	}
	for k, trail := range d.asked {
		if !d.controllers[k.orig] {
			severity, confidence := finding.Critical, uint8(85)
			if !served[k.resp] {
				// The evidence shows too little of this domain to say that the
				// asker is none of its controllers.
				severity, confidence = finding.Medium, 40
			}
			out.Report(trail.Finding(severity, confidence,
				finding.Because("%v asked the domain controller %v for directory changes (DRSGetNCChanges)", k.orig, k.resp),
				finding.Because("%v was never seen answering as a domain controller itself", k.orig)))
		}
	}
}
