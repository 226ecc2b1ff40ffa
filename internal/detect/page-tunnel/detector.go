// Package pagetunnel finds web pages through which somebody tunnels: one client
// posts to one page of one server far faster than a person, each time with bytes
// that are neither a form nor a document, and gets such bytes back. So work
// reGeorg, Neo-reGeorg and what came after, whatever alphabet, header or key they
// are set to; detector shell-traffic knows those that changed nothing.
package pagetunnel

import (
	nethttp "net/http"
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

// Detector counts opaque exchanges per client and page.
var Detector = detect.Spec{
	ID:         "page-tunnel",
	Title:      "Tunnel through a web page",
	Techniques: []attack.ID{"T1090", "T1572", "T1505.003"},
	Dossier:    []string{"OP-29", "TG-10"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, pages: recent.New[page, talk](24*time.Hour, 1<<12)}
	},
}

// Config holds the bars.
type Config struct {
	Window   time.Duration // in which exchanges are counted, from the first
	Requests int           // in the window: a tunnel polls several times a second, a client of an interface when something happens
	Answered int           // percent of them whose reply holds data: an upload's replies are empty
	Bytes    uint64        // of replies: less is an interface that says "done"
	Sizes    int           // different sizes of replies: the same answer again and again carries nothing
}

var config = Config{Window: 5 * time.Minute, Requests: 100, Answered: 20, Bytes: 20_000, Sizes: 8}

// detector remembers, for a day after the last exchange, what each client
// exchanged with each page.
type detector struct {
	env   detect.Env
	pages *recent.Map[page, talk]
}

type page struct {
	client, server netip.Addr
	host, path     string
}

type talk struct {
	trail   detect.Trail
	start   record.Time
	n, full int
	in, out uint64
	sizes   []uint64 // at most config.Sizes
	told    bool
}

// Handlers subscribes to opaque exchanges.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(opaque, d.request)}
}

// handlers are pages that run on the server.
var handlers = []string{".ashx", ".aspx", ".asmx", ".asp", ".php", ".jsp", ".jspx", ".cfm"}

// opaque tells whether r posts something to a page that is no form and no
// document, without coming from another page, and is answered in kind.
func opaque(r *http.Request) bool {
	if r.Method != nethttp.MethodPost || r.Referrer != "" || r.StatusCode.V != nethttp.StatusOK || r.ReqBodyLen == 0 {
		return false
	}
	name, _, _ := strings.Cut(strings.ToLower(r.URI), "?")
	return slices.Contains(handlers, path.Ext(name)) && !strings.Contains(r.ReqBodyHead, "=") && !document(r.ReqBodyHead) && !document(r.RespBodyHead) && unnamed(r.RespMIME)
}

// document tells whether a body begins as text that programs exchange.
func document(head string) bool {
	return head != "" && strings.ContainsRune("{[<\"", rune(head[0]))
}

// unnamed tells whether a reply is of no type that its content shows.
func unnamed(mime []string) bool {
	return len(mime) == 0 || mime[0] == "text/plain" || mime[0] == "application/octet-stream"
}

func (d *detector) request(r *http.Request, out detect.Reporter) {
	name, _, _ := strings.Cut(strings.ToLower(r.URI), "?")
	t := d.pages.At(page{r.OrigH, r.RespH, r.Host, name}, r.TS)
	if t.told {
		return
	}
	if t.start == 0 || r.TS.Sub(t.start) > config.Window {
		*t = talk{start: r.TS}
	}
	if !t.trail.Add(r) {
		return
	}
	t.n++
	t.in += r.ReqBodyLen
	t.out += r.RespBodyLen
	if r.RespBodyLen > 0 {
		t.full++
	}
	if len(t.sizes) < config.Sizes && !slices.Contains(t.sizes, r.RespBodyLen) {
		t.sizes = append(t.sizes, r.RespBodyLen)
	}
	if t.n < config.Requests || t.full*100 < config.Answered*t.n || t.out < config.Bytes || len(t.sizes) < config.Sizes {
		return
	}
	t.told = true
	f := t.trail.Finding(finding.Medium, 60,
		finding.Because("%v posted %d times in %v to the page %q of %v (%s), without coming from another page", r.OrigH, t.n, r.TS.Sub(t.start).Round(time.Second), name, r.RespH, r.Host),
		finding.Because("neither what was posted (%d bytes) nor what came back (%d bytes, in %d replies of at least %d sizes) is a form or a document", t.in, t.out, t.full, len(t.sizes)))
	f.Entities = append(f.Entities, record.Entity{Kind: "file", Value: name})
	if d.env.Home(r.RespH) && !d.env.Home(r.OrigH) {
		f.Severity, f.Confidence = finding.High, 65
		f.Why = append(f.Why, "the client is outside and the server one of ours: whoever posts may reach what the server reaches")
	}
	out.Report(f)
}
