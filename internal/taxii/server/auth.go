package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/access"
	"longwatch/internal/taxii/store"
)

// view is the configuration as requests look at it. It does not change but for
// disturbed.
type view struct {
	*store.Config
	roots     map[string]store.Root
	byRoot    map[string][]store.Collection
	disturbed map[int64]*atomic.Int64 // by number of collection
}

func newView(c *store.Config) *view {
	v := &view{Config: c, roots: map[string]store.Root{}, byRoot: map[string][]store.Collection{}, disturbed: map[int64]*atomic.Int64{}}
	for _, r := range c.Roots {
		v.roots[r.Name] = r
	}
	for _, x := range c.Collections {
		v.byRoot[x.Root] = append(v.byRoot[x.Root], x)
		v.disturbed[x.Num] = &atomic.Int64{}
		v.disturbed[x.Num].Store(x.Disturbed)
	}
	return v
}

// note takes over what others have changed in the store.
func (v *view) note(disturbed map[int64]int64) {
	for num, n := range disturbed {
		if d := v.disturbed[num]; d != nil {
			d.Store(max(n, d.Load()))
		}
	}
}

// grant is what a member may do with a collection: its own grant and that of
// everyone.
func (v *view) grant(m *store.Member, num int64) store.Grant {
	g := m.Grants[num]
	if all := v.Members[store.Everyone]; all != nil {
		g.Read = g.Read || all.Grants[num].Read
		g.Write = g.Write || all.Grants[num].Write
	}
	return g
}

// verifier checks passwords, and remembers for a while those that were right:
// argon2id is meant to cost more than a page may take.
type verifier struct {
	now   func() time.Time
	key   [32]byte      // of this process: what is remembered is of no use elsewhere
	slots chan struct{} // checks at once, each of which takes 19 MiB

	mu    sync.Mutex
	right map[[32]byte]time.Time // until when
}

const (
	rememberFor = 10 * time.Minute
	maxRight    = 8192
)

func newVerifier(now func() time.Time) *verifier {
	v := &verifier{now: now, slots: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))), right: map[[32]byte]time.Time{}}
	_, _ = rand.Read(v.key[:]) // never fails
	return v
}

// verify says whether a password is right.
func (v *verifier) verify(r *http.Request, hash, password string) bool {
	mac := hmac.New(sha256.New, v.key[:])
	mac.Write([]byte(hash + "\x00" + password)) // a new hash is a new key
	var k [32]byte
	mac.Sum(k[:0])
	now := v.now()
	v.mu.Lock()
	until, known := v.right[k]
	v.mu.Unlock()
	if known && now.Before(until) {
		return true
	}
	select {
	case v.slots <- struct{}{}:
		defer func() { <-v.slots }()
	case <-r.Context().Done():
		return false
	}
	if hash == "" {
		access.Waste(password)
		return false
	}
	if !access.Verify(hash, password) {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.right) >= maxRight {
		clear(v.right)
	}
	v.right[k] = now.Add(rememberFor)
	return true
}

// authenticate finds the member, or answers 401 or 429.
func (x *exchange) authenticate() bool {
	x.cfg = x.s.config.Load()
	now := x.began
	if wait := x.s.limits.strangers.wait(x.remote, now); wait > 0 && x.presents() {
		x.slow(wait, "too many failed attempts from this address")
		return false
	}
	name, how := x.identify()
	m := x.cfg.Members[name]
	if name == "" || m == nil || m.Disabled {
		if x.presents() {
			x.s.limits.strangers.take(x.remote, now)
		}
		x.w.Header().Add("WWW-Authenticate", `Basic realm="taxii", charset="UTF-8"`)
		x.w.Header().Add("WWW-Authenticate", `Bearer realm="taxii"`)
		x.refuse(http.StatusUnauthorized, "Unauthorized", "the server needs a user and a password, a bearer token or a client certificate that it knows")
		return false
	}
	x.member, x.how = m, how
	if wait := x.s.limits.members.take(m.Name, now); wait > 0 {
		x.slow(wait, "too many requests")
		return false
	}
	return true
}

// presents says whether the request tries to prove anything.
func (x *exchange) presents() bool {
	return x.r.Header.Get("Authorization") != "" || x.r.TLS != nil && len(x.r.TLS.PeerCertificates) > 0
}

// slow answers 429 (RFC 6585).
func (x *exchange) slow(wait time.Duration, why string) {
	x.w.Header().Set("Retry-After", seconds(wait))
	x.refuse(http.StatusTooManyRequests, "Too Many Requests", why)
}

// identify reads what the request proves itself with: a password or a token if
// there is one, else the client certificate.
func (x *exchange) identify() (name, how string) {
	if user, password, ok := x.r.BasicAuth(); ok {
		m := x.cfg.Members[user]
		hash := ""
		if m != nil {
			hash = m.Password
		}
		if x.s.auth.verify(x.r, hash, password) {
			return user, "password"
		}
		return "", ""
	}
	if kind, token, ok := strings.Cut(x.r.Header.Get("Authorization"), " "); ok && strings.EqualFold(kind, "bearer") {
		return x.credential("token", access.Digest(strings.TrimSpace(token))), "token"
	}
	if x.r.Header.Get("Authorization") != "" {
		return "", ""
	}
	if t := x.r.TLS; t != nil && len(t.PeerCertificates) > 0 {
		// The handshake proved that the client has its key; who it is says the list of fingerprints.
		if c := t.PeerCertificates[0]; x.began.Before(c.NotBefore) || x.began.After(c.NotAfter) {
			return "", ""
		}
		return x.credential("certificate", access.Fingerprint(t.PeerCertificates[0])), "certificate"
	}
	return "", ""
}

// credential is whose a token or certificate is, unless it is over.
func (x *exchange) credential(kind, digest string) string {
	c, ok := x.cfg.Credentials[kind+":"+digest]
	if !ok || c.Expires != 0 && c.Expires < taxii.Now(x.began) {
		return ""
	}
	return c.Member
}

// findRoot finds an API root of which the member sees a collection, or which
// has none.
func (x *exchange) findRoot(name string) bool {
	r, ok := x.cfg.roots[name]
	x.root = r
	return ok && x.sees(name)
}

func (x *exchange) sees(root string) bool {
	all := x.cfg.byRoot[root]
	for _, c := range all {
		if x.cfg.grant(x.member, c.Num) != (store.Grant{}) {
			return true
		}
	}
	return len(all) == 0
}

// findCollection finds a collection by id or alias that the member may read or
// write.
func (x *exchange) findCollection(id string) bool {
	for _, c := range x.cfg.byRoot[x.root.Name] {
		if c.ID == id || c.Alias == id && id != "" {
			x.c, x.grant = c, x.cfg.grant(x.member, c.Num)
			return x.grant != (store.Grant{})
		}
	}
	return false
}
