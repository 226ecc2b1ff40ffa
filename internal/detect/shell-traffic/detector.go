// Package shelltraffic finds web shells at work by how their requests and
// replies are framed: Godzilla's digest halves, Behinder's cipher blocks,
// reGeorg's commands, and handlers that take one encrypted token.
package shelltraffic

import (
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/http"
	"longwatch/internal/record"
)

// Detector counts framings per client and page.
var Detector = detect.Spec{
	ID:         "shell-traffic",
	Title:      "Web shell at work",
	Techniques: []attack.ID{"T1505.003", "T1071.001"},
	Dossier:    []string{"OP-10"},
	Also:       []string{"OP-11", "OP-15", "OP-26", "OP-27", "OP-29", "TG-10"},
	New: func(detect.Env) detect.Detector {
		return &detector{pages: recent.New[page, talk](24*time.Hour, 1<<13)}
	},
}

// framing is one way to talk to a shell.
type framing struct {
	trait      string
	title      string
	what       string
	dossier    []string
	least      int  // exchanges before it counts
	handler    bool // only for pages of these extensions
	severity   finding.Severity
	confidence uint8
}

var framings = []framing{
	{http.TraitGodzillaReply, "Godzilla web shell at work", "a reply was Base64 between two halves of an upper-case MD5", []string{"OP-26", "TG-10"}, 1, false, finding.High, 90},
	{http.TraitTunnelCommand, "reGeorg tunnel at work", "requests carry the commands of a reGeorg tunnel", []string{"OP-29", "TG-10"}, 2, true, finding.High, 85},
	{http.TraitBase64Whoami, "Encoded whoami in a request", "a request holds \"whoami\" in Base64", []string{"OP-15"}, 1, false, finding.High, 80},
	{http.TraitAESBlocks, "Behinder web shell at work", "requests are whole cipher blocks of random bytes", []string{"OP-27", "TG-10"}, 4, true, finding.Medium, 60},
	{http.TraitBase64Token, "Handler takes encrypted commands", "requests are one Base64 token whose bytes are random", []string{"OP-10"}, 3, true, finding.Medium, 60},
	{http.TraitEncryptedReply, "Handler gives encrypted replies", "replies claim to be HTML or octets and are random", []string{"OP-11"}, 3, true, finding.Low, 40},
}

// detector remembers, for a day, how often each client used each page so.
type detector struct{ pages *recent.Map[page, talk] }

type page struct {
	client, server netip.Addr
	path           string
	framing        int
}

type talk struct {
	trail detect.Trail
	told  bool
}

// Handlers subscribes to requests with such framings.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(func(r *http.Request) bool { return len(r.BodyTraits) > 0 }, d.request)}
}

// handlers are pages that take requests without being read by people.
var handlers = []string{".ashx", ".aspx", ".asmx", ".php", ".jsp", ".jspx"}

func (d *detector) request(r *http.Request, out detect.Reporter) {
	name, _, _ := strings.Cut(strings.ToLower(r.URI), "?")
	for i, f := range framings {
		if !slices.Contains(r.BodyTraits, f.trait) || (f.handler && !slices.Contains(handlers, path.Ext(name))) {
			continue
		}
		t := d.pages.At(page{r.OrigH, r.RespH, name, i}, r.TS)
		if !t.trail.Add(r) || t.told || len(t.trail.Refs) < f.least {
			continue
		}
		t.told = true
		fd := t.trail.Finding(f.severity, f.confidence, finding.Because("%v and the page %q of %v (%s): %s", r.OrigH, name, r.RespH, r.Host, f.what))
		fd.Title, fd.Dossier = f.title, f.dossier
		fd.Entities = append(fd.Entities, record.Entity{Kind: "file", Value: name})
		if f.least > 1 {
			fd.Why = append(fd.Why, finding.Because("%d exchanges so far", len(t.trail.Refs)))
		}
		out.Report(fd)
	}
}
