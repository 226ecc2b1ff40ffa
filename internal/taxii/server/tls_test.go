package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/access"
	"longwatch/internal/taxii/store"
)

// certificate makes one that signs itself.
func certificate(t *testing.T, name string, from, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// TestClientCertificates: over TLS a client is known by the fingerprint of its
// certificate, while that is valid; any other has to prove itself otherwise.
func TestClientCertificates(t *testing.T) {
	// The server's clock in this test is of March 2026.
	begin, end := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	own := certificate(t, "server", begin, end)
	known, over, unknown := certificate(t, "bob", begin, end), certificate(t, "bob", begin, begin.AddDate(0, 1, 0)), certificate(t, "bob", begin, end)
	c := newCentre(t, Options{TLS: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{own}, ClientAuth: tls.RequestClientCert}})
	for _, x := range []tls.Certificate{known, over} {
		c.must(c.st.PutCredential(t.Context(), store.Credential{Kind: "certificate", Digest: access.Fingerprint(x.Leaf), Member: "bob", Label: "c"}))
	}
	c.must(c.s.Reload(t.Context()))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	c.must(err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.s.Serve(ctx, l) }()
	pool := x509.NewCertPool()
	pool.AddCert(own.Leaf)
	for name, tt := range map[string]struct {
		certificates []tls.Certificate
		want         int
	}{
		"known": {[]tls.Certificate{known}, 200}, "over": {[]tls.Certificate{over}, 401}, "unknown": {[]tls.Certificate{unknown}, 401}, "none": {nil, 401},
	} {
		tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: tt.certificates, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
		r, err := http.NewRequest(http.MethodGet, "https://"+l.Addr().String()+"/taxii2/", nil)
		c.must(err)
		r.Header.Set("Accept", taxii.Media21)
		res, err := (&http.Client{Transport: tr}).Do(r)
		c.must(err)
		var d taxii.Discovery
		_ = json.NewDecoder(res.Body).Decode(&d)
		_ = res.Body.Close()
		tr.CloseIdleConnections()
		if res.StatusCode != tt.want || res.ProtoMajor != 2 {
			t.Errorf("%s: status %d over HTTP/%d, want %d", name, res.StatusCode, res.ProtoMajor, tt.want)
		}
		if tt.want == http.StatusOK && (len(d.Roots) != 1 || !strings.HasPrefix(d.Roots[0], "https://") || res.Header.Get("Strict-Transport-Security") == "") {
			t.Errorf("%s: %+v", name, d)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if !strings.Contains(c.trail.String(), `"member":"bob","how":"certificate"`) {
		t.Error("the audit trail does not say how bob proved who it is")
	}
}
