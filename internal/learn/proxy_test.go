package learn

import (
	"net/netip"
	"testing"
	"time"

	"longwatch/internal/baseline"
	"longwatch/internal/proto/http"
	"longwatch/internal/record"
	"longwatch/internal/record/web"
)

// What a client asks a proxy for is its site, as a server's name would be;
// requests to a server of one's own are none.
func TestProxiedSites(t *testing.T) {
	home := func(a netip.Addr) bool { return a.Is4() && a.As4()[0] == 10 }
	l := New(nil, 16<<20, home, func(record.Record) {})
	ts := record.TimeOf(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC))
	client, proxy := netip.MustParseAddr("10.0.0.7"), netip.MustParseAddr("10.0.0.3")
	ask := func(method, target string) {
		r := &http.Request{Method: method, URI: target}
		r.TS, r.OrigH, r.RespH = ts, client, proxy
		l.Observe(r)
	}
	ask("CONNECT", "api.vendor.example:443")
	ask("GET", "http://updates.maker.example/feed?x=http://other.example/")
	ask("CONNECT", "203.0.113.9:8443")
	ask("GET", "/intranet/page")
	a := &web.Access{ClientIP: client, Method: "CONNECT", Stem: "logged.example:443"}
	a.TS = ts
	l.Observe(a)
	for value, want := range map[string]bool{"api.vendor.example": true, "updates.maker.example": true, "logged.example": true, "other.example": false, "/intranet/page": false} {
		if _, got := l.Learned().Pair(baseline.Site, baseline.Host("10.0.0.7"), baseline.Normal(baseline.Site, value)); got != want {
			t.Errorf("site %q learned: %v, want %v", value, got, want)
		}
	}
	if _, got := l.Learned().Pair(baseline.Peer, baseline.Host("10.0.0.7"), "203.0.113.9"); !got {
		t.Error("an address that a proxy was asked for is not learned")
	}
}
