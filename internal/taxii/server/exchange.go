package server

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/store"
)

// exchange is one request and its answer.
type exchange struct {
	s      *Server
	w      http.ResponseWriter
	r      *http.Request
	began  time.Time
	id     string // also the error_id
	remote string // address of the client
	cfg    *view
	member *store.Member
	how    string // how the member proved who it is
	root   store.Root
	c      store.Collection
	grant  store.Grant

	code    int // status of the answer; 0: none yet
	count   int // read or written
	written int // bytes of the answer
	cause   error
}

// json answers with a resource.
func (x *exchange) json(code int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		x.storeError(err)
		return
	}
	x.send(code, b)
}

// send answers with JSON of TAXII.
func (x *exchange) send(code int, b []byte) {
	h := x.w.Header()
	h.Set("Content-Type", taxii.Media21)
	h.Set("Content-Length", strconv.Itoa(len(b)))
	x.code = code
	x.w.WriteHeader(code)
	n, _ := x.w.Write(b) // a client that has gone is no concern of ours
	x.written = n
}

// refuse answers with an error of TAXII (section 3.6.1).
func (x *exchange) refuse(code int, title, description string) {
	b, _ := json.Marshal(taxii.Error{Title: title, Description: description, ID: x.id, Status: strconv.Itoa(code)}) // texts cannot fail
	x.send(code, b)
}

// remote is the address of the client, without a port.
func (s *Server) remote(r *http.Request) string {
	if s.o.TrustProxy {
		all := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
		if a := strings.TrimSpace(all[strings.LastIndexByte(all, ',')+1:]); a != "" {
			return a
		}
	}
	return host(r.RemoteAddr)
}

// audit writes the audit trail: one line of JSON a request, in one write.
type audit struct {
	mu      sync.Mutex
	w       io.Writer
	failing atomic.Bool // the last line was not written
}

// line is one line of the audit trail.
type line struct {
	Time    string `json:"time"`
	ID      string `json:"id"` // the error_id that the client was given
	Member  string `json:"member,omitempty"`
	How     string `json:"how,omitempty"` // password, token, certificate
	Remote  string `json:"remote"`
	Method  string `json:"method"`
	Path    string `json:"path"`
	Query   string `json:"query,omitempty"`
	Status  int    `json:"status"`
	Objects int    `json:"objects,omitempty"` // read or written
	Bytes   int    `json:"bytes,omitempty"`   // of the answer
	Micros  int64  `json:"us"`                // time it took
	Error   string `json:"error,omitempty"`
}

func (a *audit) put(l line) {
	if a.w == nil {
		return
	}
	b, _ := json.Marshal(l) // texts and numbers cannot fail
	a.mu.Lock()
	_, err := a.w.Write(append(b, '\n'))
	a.mu.Unlock()
	a.failing.Store(err != nil)
}

// end notes the exchange.
func (x *exchange) end() {
	l := line{
		Time: x.began.UTC().Format(time.RFC3339Nano), ID: x.id, How: x.how, Remote: x.remote, Method: x.r.Method,
		Path: cut(x.r.URL.Path), Query: cut(x.r.URL.RawQuery), Status: x.code, Objects: x.count, Bytes: x.written,
		Micros: x.s.o.Now().Sub(x.began).Microseconds(),
	}
	if x.member != nil {
		l.Member = x.member.Name
	}
	if x.cause != nil {
		l.Error = cut(x.cause.Error())
	}
	x.s.audit.put(l)
}

// cut bounds what a stranger may write into the trail.
func cut(s string) string {
	const most = 2048
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

// newID is 128 random bits.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// microseconds is a span in the units of the store.
func microseconds(d time.Duration) taxii.Time { return taxii.Time(d.Microseconds()) }
