package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"longwatch/internal/taxii/server"
	"longwatch/internal/taxii/store"
)

// serveFlags are those of taxii serve.
type serveFlags struct {
	store                        storeFlag
	listen, cert, key, ca, audit string
	plain                        bool
	maxStore, cache              int64 // MiB
	options                      server.Options
}

func newTAXIIServe() *cobra.Command {
	var o serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "be a TAXII 2.1 server",
		Long: `Serves the collections of the store over TAXII 2.1 until it is told to stop
(SIGTERM or SIGINT); then it finishes what it has begun. What it acknowledged is
on the disk. Changes by the other taxii commands take effect within a second;
new certificates when their files change; SIGHUP opens the audit trail anew.

Without --tls-cert it listens on loopback only, unless --plain-http says that a
proxy before it does the TLS. Every request is a line of the audit trail; while
that cannot be written, nothing is changed. GET /health/ tells a load balancer
whether to come here.`,
		Example: `  longwatch taxii collection add "High value" --alias high
  longwatch taxii user add ann --password-file -
  longwatch taxii user grant ann high --read --write
  longwatch taxii serve --listen :443 --tls-cert cert.pem --tls-key key.pem
  longwatch taxii serve --store postgres://taxii@db/taxii --listen :8480 --plain-http --trust-proxy`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serveTAXII(cmd, o) },
	}
	o.store.add(cmd)
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8480", "address and port to listen on")
	f.StringVar(&o.cert, "tls-cert", "", "certificate chain of the server, PEM")
	f.StringVar(&o.key, "tls-key", "", "its key, PEM")
	f.StringVar(&o.ca, "client-ca", "", "PEM of who signs the certificates of clients (default: those that are known by their fingerprint)")
	f.BoolVar(&o.plain, "plain-http", false, "serve without TLS on other addresses than loopback: only behind a proxy")
	f.StringVar(&o.audit, "audit", "taxii-audit.jsonl", "file of the audit trail, JSON lines")
	f.Int64Var(&o.maxStore, "max-store", 0, "MiB that the SQLite store may take (default: as the disk allows)")
	f.StringVar(&o.options.Title, "title", "Longwatch sharing centre", "title of the server")
	f.StringVar(&o.options.Description, "description", "", "what it is for")
	f.StringVar(&o.options.Contact, "contact", "", "whom to ask")
	f.StringVar(&o.options.BaseURL, "base-url", "", "URL that clients use, when it is not what they ask for")
	f.IntVar(&o.options.PageSize, "page-size", 100, "objects of a page when the client names no limit")
	f.IntVar(&o.options.MaxPage, "max-page", 1000, "objects of a page at most")
	f.Float64Var(&o.options.Rate, "rate", 50, "requests a second of one user")
	f.IntVar(&o.options.Burst, "burst", 200, "requests of one user at once")
	f.IntVar(&o.options.MaxConns, "max-connections", 4096, "connections in all")
	f.IntVar(&o.options.PerAddress, "max-per-address", 256, "connections from one address")
	f.Int64Var(&o.cache, "cache", 256, "MiB of pages kept in memory")
	f.BoolVar(&o.options.TrustProxy, "trust-proxy", false, "a client's address is the last of X-Forwarded-For")
	return cmd
}

func serveTAXII(cmd *cobra.Command, o serveFlags) error {
	ctx := cmd.Context()
	log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
	if (o.cert == "") != (o.key == "") {
		return usageError{errors.New("--tls-cert and --tls-key go together")}
	}
	if o.ca != "" && o.cert == "" {
		return usageError{errors.New("--client-ca needs --tls-cert")}
	}
	if o.cert == "" && !o.plain && !loopback(o.listen) {
		return usageError{fmt.Errorf("--listen %s would serve passwords in the clear: add --tls-cert and --tls-key, or --plain-http behind a proxy that does TLS", o.listen)}
	}
	st, err := store.Open(ctx, string(o.store), store.Options{MaxBytes: o.maxStore << 20})
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	trail, err := openTrail(o.audit)
	if err != nil {
		return err
	}
	defer func() { _ = trail.Close() }()
	o.options.Audit, o.options.Log, o.options.Cache = trail, log, o.cache<<20
	if o.cache == 0 {
		o.options.Cache = -1
	}
	if o.cert != "" {
		if o.options.TLS, err = serverTLS(o.cert, o.key, o.ca); err != nil {
			return err
		}
	}
	s, err := server.New(ctx, st, o.options)
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	go trail.reopen(ctx, log)
	log.Info("serving TAXII 2.1", "address", l.Addr().String(), "tls", o.cert != "")
	err = s.Serve(ctx, l)
	log.Info("stopped")
	return errors.Join(err, st.Close())
}

// loopback says whether an address reaches this machine only.
func loopback(addr string) bool {
	h, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(h)
	return strings.EqualFold(h, "localhost") || ip != nil && ip.IsLoopback()
}

// serverTLS reads a certificate, and reads it again when its file changes.
func serverTLS(cert, key, ca string) (*tls.Config, error) {
	k := &keyPair{cert: cert, key: key}
	if _, err := k.get(nil); err != nil {
		return nil, err
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: k.get, ClientAuth: tls.RequestClientCert}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		c.ClientCAs = x509.NewCertPool()
		if !c.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate in it", ca)
		}
		c.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return c, nil
}

// keyPair is a certificate with its key in two files.
type keyPair struct {
	cert, key string

	mu      sync.Mutex
	looked  time.Time
	changed time.Time
	pair    *tls.Certificate
}

// get reads the files if they have changed, looking no more than once in ten
// seconds. While new ones cannot be read the old ones stay.
func (k *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pair != nil && time.Since(k.looked) < 10*time.Second {
		return k.pair, nil
	}
	k.looked = time.Now()
	info, err := os.Stat(k.cert)
	if err == nil && k.pair != nil && info.ModTime().Equal(k.changed) {
		return k.pair, nil
	}
	pair, err2 := tls.LoadX509KeyPair(k.cert, k.key)
	if err = errors.Join(err, err2); err != nil {
		if k.pair != nil {
			return k.pair, nil
		}
		return nil, err
	}
	k.pair, k.changed = &pair, info.ModTime()
	return k.pair, nil
}

// trail is the file of the audit trail.
type trail struct {
	name string
	mu   sync.Mutex
	f    *os.File
}

func openTrail(name string) (*trail, error) {
	t := &trail{name: name}
	var err error
	t.f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	return t, err
}

func (t *trail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.f.Write(b)
}

func (t *trail) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.f.Close()
}

// reopen opens the file anew at SIGHUP, after it was moved away.
func (t *trail) reopen(ctx context.Context, log *slog.Logger) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
		}
		next, err := openTrail(t.name)
		if err != nil {
			log.Error("the audit trail was not opened anew", "error", err)
			continue
		}
		t.mu.Lock()
		_ = t.f.Close()
		t.f = next.f
		t.mu.Unlock()
	}
}
