package http2

import (
	"testing"

	"longwatch/internal/flow/flowtest"
	"longwatch/internal/proto"
	"longwatch/internal/proto/http"
)

// TestUpgrade: the answer to the request that asked for HTTP/2 comes as its
// first stream (RFC 7540 section 3.2), and the client goes on with others.
func TestUpgrade(t *testing.T) {
	path := flowtest.Corpus(t, "suricata/pcaps/http2-keywords2/input.pcap")
	var got []*http.Request
	for _, r := range flowtest.Records(t, path, []proto.Spec{http.Protocol, Protocol}) {
		if r, ok := r.(*http.Request); ok {
			got = append(got, r)
		}
	}
	if len(got) < 3 {
		t.Fatalf("%d requests", len(got))
	}
	for i, want := range []struct {
		version string
		code    uint64
	}{{"1.1", 101}, {"2", 200}, {"2", 404}} {
		if r := got[i]; r.Version != want.version || r.StatusCode.V != want.code || r.URI == "" || r.Host != "nghttp2.org" {
			t.Errorf("request %d: version %q, status %d, %q of %q", i, r.Version, r.StatusCode.V, r.URI, r.Host)
		}
	}
}
