// Package server is a TAXII 2.1 server over a store: it knows who asks, what
// they may see, reads the store page by page and answers in the words of the
// specification. What it refuses it says why; what it accepts is on the disk
// before it says so.
//
//	s, err := server.New(ctx, st, server.Options{Audit: file})
//	err = s.Serve(ctx, listener)   // until ctx is done, then it finishes what it has begun
package server

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"longwatch/internal/taxii/store"
)

// Options are how a server behaves. Zero values are what suits most.
type Options struct {
	Title       string // of the discovery; "Longwatch sharing centre"
	Description string
	Contact     string
	BaseURL     string      // such as https://taxii.example.org; empty: what the client asked for
	PageSize    int         // objects of a page when the client names no limit; 100
	MaxPage     int         // and at most; 1000
	Cache       int64       // bytes of pages kept in memory; 256 MiB, negative: none
	Rate        float64     // requests a second of one member; 50
	Burst       int         // and at once; 200
	MaxConns    int         // connections; 4096
	PerAddress  int         // and from one address; 256
	TrustProxy  bool        // the address of a client is the last one of X-Forwarded-For
	TLS         *tls.Config // nil: plain HTTP
	Audit       io.Writer
	Log         *slog.Logger
	Now         func() time.Time

	patience patience // none: the usual one; tests have less
}

// patience is how long the server waits for what a client sends.
type patience struct {
	header time.Duration // for a whole header
	silent time.Duration // for anything of a body
	grace  time.Duration // before a body is measured against slowest
}

var usual = patience{header: 10 * time.Second, silent: 10 * time.Second, grace: 20 * time.Second}

// slowest is how many bytes a second of a body have to come on the whole.
const slowest = 16 << 10

// Bounds of one request.
const (
	maxURL      = 16 << 10         // bytes of path and query
	maxHeader   = 32 << 10         // bytes of all headers
	readTimeout = 20 * time.Second // of the store
	maxUploads  = 16               // bodies held in memory at once
	statusAge   = 7 * 24 * time.Hour
)

// Server answers requests. It is an http.Handler.
type Server struct {
	o       Options
	store   *store.Store
	config  atomic.Pointer[view]
	auth    *verifier
	limits  *limits
	pages   *pages
	audit   *audit
	reads   chan struct{} // slots for reading the store
	uploads chan struct{} // slots for bodies
	healthy atomic.Bool
	full    atomic.Bool // the store had no space at the last write
}

// New makes a server over a store, which the caller closes after it.
func New(ctx context.Context, st *store.Store, o Options) (*Server, error) {
	if o.Title == "" {
		o.Title = "Longwatch sharing centre"
	}
	if o.PageSize <= 0 {
		o.PageSize = 100
	}
	if o.MaxPage <= 0 {
		o.MaxPage = 1000
	}
	o.PageSize = min(o.PageSize, o.MaxPage)
	if o.Cache == 0 {
		o.Cache = 256 << 20
	}
	if o.Rate <= 0 {
		o.Rate = 50
	}
	if o.Burst <= 0 {
		o.Burst = 200
	}
	if o.MaxConns <= 0 {
		o.MaxConns = 4096
	}
	if o.PerAddress <= 0 {
		o.PerAddress = 256
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.patience == (patience{}) {
		o.patience = usual
	}
	s := &Server{
		o: o, store: st, auth: newVerifier(o.Now), limits: newLimits(o), pages: newPages(o.Cache), audit: &audit{w: o.Audit},
		reads: make(chan struct{}, 8), uploads: make(chan struct{}, maxUploads),
	}
	if err := s.Reload(ctx); err != nil {
		return nil, err
	}
	s.healthy.Store(true)
	return s, nil
}

// Reload reads what an administrator has set, if it has changed.
func (s *Server) Reload(ctx context.Context) error {
	generation, disturbed, err := s.store.Generation(ctx)
	if err != nil {
		return err
	}
	old := s.config.Load()
	if old != nil && old.Generation == generation {
		old.note(disturbed)
		return nil
	}
	c, err := s.store.Config(ctx)
	if err != nil {
		return err
	}
	s.config.Store(newView(c))
	return nil
}

// Watch follows changes that others make to the store, forgets old statuses
// and looks after its health, until ctx is done.
func (s *Server) Watch(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var swept time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := s.Reload(ctx)
		if err != nil && ctx.Err() == nil && s.healthy.Load() {
			s.o.Log.Error("the store does not answer", "error", err)
		}
		s.healthy.Store(err == nil)
		if now := s.o.Now(); err == nil && now.Sub(swept) > time.Hour {
			swept = now
			if err := s.store.Sweep(ctx, s.store.Time()-microseconds(statusAge)); err != nil && ctx.Err() == nil {
				s.o.Log.Warn("old statuses were not removed", "error", err)
			}
		}
		s.limits.sweep(s.o.Now())
	}
}

// ServeHTTP answers one request, and writes a line of the audit trail.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if r.URL.Path == "/health/" || r.URL.Path == "/health" {
		s.health(w)
		return
	}
	if r.ContentLength != 0 { // what of a body nobody reads net/http passes over, and may wait for
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.o.patience.grace)) // a recorder in a test has none
	}
	x := &exchange{s: s, w: w, r: r, began: s.o.Now(), id: newID(), remote: s.remote(r)}
	defer x.end()
	x.serve()
}

// health tells a load balancer whether to send requests here, and nothing else.
func (s *Server) health(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	state := map[string]string{"status": "ok"}
	switch {
	case !s.healthy.Load():
		state["status"] = "down"
		w.WriteHeader(http.StatusServiceUnavailable)
	case s.full.Load():
		state["status"] = "full" // it reads, and refuses writes
	case s.audit.failing.Load():
		state["status"] = "audit" // likewise
	}
	_ = json.NewEncoder(w).Encode(state)
}

// serve finds who asks for what. The order is that of what may be told to
// whom: nobody unknown learns what there is.
func (x *exchange) serve() {
	r := x.r
	if len(r.RequestURI) > maxURL {
		x.refuse(http.StatusRequestURITooLong, "URI Too Long", "the URL is longer than the server reads")
		return
	}
	if !x.authenticate() {
		return
	}
	if !acceptable(r.Header.Values("Accept")) {
		x.refuse(http.StatusNotAcceptable, "Not Acceptable", "the Accept header has to name application/taxii+json;version=2.1")
		return
	}
	if !strings.HasSuffix(r.URL.Path, "/") { // section 3.2: URLs end in a slash
		x.redirect()
		return
	}
	part := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(part) == 1 && part[0] == "taxii2":
		x.only(http.MethodGet, x.discovery)
	case len(part) == 0 || part[0] == "" || !x.findRoot(part[0]):
		x.refuse(http.StatusNotFound, "Not Found", "there is no such API root")
	case len(part) == 1:
		x.only(http.MethodGet, x.root1)
	case len(part) == 3 && part[1] == "status":
		x.only(http.MethodGet, func() { x.status(part[2]) })
	case part[1] != "collections" || len(part) > 6:
		x.refuse(http.StatusNotFound, "Not Found", "there is no such resource")
	case len(part) == 2:
		x.only(http.MethodGet, x.collections)
	case !x.findCollection(part[2]):
		x.refuse(http.StatusNotFound, "Not Found", "there is no such collection, or you have no access to it")
	default:
		x.inCollection(part[3:])
	}
}

// inCollection answers what is asked of a collection that was found.
func (x *exchange) inCollection(part []string) {
	switch {
	case len(part) == 0:
		x.only(http.MethodGet, func() { x.json(http.StatusOK, x.describe(x.c)) })
	case len(part) == 1 && part[0] == "manifest":
		x.only(http.MethodGet, x.manifest)
	case len(part) == 1 && part[0] == "objects" && x.r.Method == http.MethodPost:
		x.add()
	case len(part) == 1 && part[0] == "objects":
		x.only(http.MethodGet, x.objects, http.MethodPost)
	case len(part) == 2 && part[0] == "objects" && x.r.Method == http.MethodDelete:
		x.remove(part[1])
	case len(part) == 2 && part[0] == "objects":
		x.only(http.MethodGet, func() { x.object(part[1]) }, http.MethodDelete)
	case len(part) == 3 && part[0] == "objects" && part[2] == "versions":
		x.only(http.MethodGet, func() { x.versions(part[1]) })
	default:
		x.refuse(http.StatusNotFound, "Not Found", "there is no such resource")
	}
}

// only answers one method, and HEAD where it is GET.
func (x *exchange) only(method string, answer func(), also ...string) {
	if m := x.r.Method; m == method || m == http.MethodHead && method == http.MethodGet {
		answer()
		return
	}
	x.w.Header().Set("Allow", strings.Join(append([]string{method, http.MethodHead}, also...), ", "))
	x.refuse(http.StatusMethodNotAllowed, "Method Not Allowed", "this resource does not know the method")
}

// redirect sends a client to the same path with the slash it forgot.
func (x *exchange) redirect() {
	u := *x.r.URL
	u.Scheme, u.Host, u.User = "", "", nil
	u.Path = "/" + strings.TrimLeft(u.Path, "/") + "/" // never another host
	u.RawPath = ""
	x.w.Header().Set("Location", u.String())
	x.refuse(http.StatusPermanentRedirect, "Permanent Redirect", "the URLs of TAXII end in a slash")
}

// storeError turns what the store says into an answer.
func (x *exchange) storeError(err error) {
	switch {
	case errors.Is(err, store.ErrFull):
		x.s.full.Store(true)
		x.w.Header().Set("Retry-After", "300")
		x.refuse(http.StatusInsufficientStorage, "Insufficient Storage", "the server has no space left: nothing of this request was written")
	case errors.Is(err, store.ErrBusy):
		x.w.Header().Set("Retry-After", "5")
		x.refuse(http.StatusServiceUnavailable, "Service Unavailable", "the server is busy: ask again later, or for less")
	case errors.Is(err, store.ErrDown):
		x.w.Header().Set("Retry-After", "30")
		x.refuse(http.StatusServiceUnavailable, "Service Unavailable", "the server's database does not answer")
	case errors.Is(err, store.ErrFilter):
		x.refuse(http.StatusBadRequest, "Bad Request", "the filter names too many types")
	case errors.Is(err, context.Canceled):
		x.code = 499 // the client has gone; nobody reads an answer
	default:
		x.s.o.Log.Error("request failed", "error_id", x.id, "error", err)
		x.refuse(http.StatusInternalServerError, "Internal Server Error", "the server failed; its log has the reason under this error_id")
	}
	x.cause = err
}
