// Package c2http finds command channels over HTTP in the form that the tools give
// them when nobody changes it: Cobalt Strike, Sliver, Havoc, SparkRAT, and GOST
// as a proxy. Tools whose traffic was shaped are found by behaviour elsewhere;
// that many operators change nothing is why these forms are worth knowing.
package c2http

import (
	"net/netip"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/http"
)

// Detector counts forms per client and server.
var Detector = detect.Spec{
	ID:         "c2-http",
	Title:      "Command channel over HTTP",
	Techniques: []attack.ID{"T1071.001"},
	New: func(detect.Env) detect.Detector {
		return &detector{talks: recent.New[key, talk](24*time.Hour, 1<<13)}
	},
}

// detector remembers, for a day, how often each client used each form with each
// server.
type detector struct{ talks *recent.Map[key, talk] }

type key struct {
	client, server netip.Addr
	form           int
}

type talk struct {
	trail detect.Trail
	uris  map[string]bool // different ones, at most as many as the form asks for
	told  bool
}

// Handlers subscribes to requests that have one of the forms.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(func(r *http.Request) bool { return formOf(r) >= 0 }, d.request)}
}

func (d *detector) request(r *http.Request, out detect.Reporter) {
	i := formOf(r)
	f := &forms[i]
	t := d.talks.At(key{r.OrigH, r.RespH, i}, r.TS)
	if t.told || !t.trail.Add(r) {
		return
	}
	if f.different {
		if t.uris == nil {
			t.uris = map[string]bool{}
		}
		t.uris[r.URI] = true
		if len(t.uris) < f.least {
			return
		}
	}
	if len(t.trail.Refs) < f.least {
		return
	}
	t.told, t.uris = true, nil
	fd := t.trail.Finding(f.severity, f.confidence,
		finding.Because("%v and %v (%q) exchanged %d requests of which each has %s", r.OrigH, r.RespH, r.Host, len(t.trail.Refs), f.what),
		finding.Because("the last one: %s %q, answered with %d", r.Method, r.URI, r.StatusCode.V))
	fd.Title = f.title
	out.Report(fd)
}
