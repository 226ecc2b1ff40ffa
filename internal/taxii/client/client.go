// Package client speaks TAXII 2.1, and reads TAXII 2.0, to servers it does not
// trust: answers are bounded in size, number and time, pages that never end or
// repeat themselves are noticed, and objects that cannot be read are reported
// and passed over. Only the server that was named is spoken to.
//
//	c, err := client.New(client.Options{User: "ann", Password: "..."})
//	server, err := c.Discover(ctx, "https://centre.example/taxii2/")
//	report, err := c.Pull(ctx, client.Source{Root: server.Roots[0].URL, Collection: id}, "feeds")
package client

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/taxii"
)

// Options are how a client behaves; zero values are what suits most.
type Options struct {
	User, Password string
	Token          string        // instead of user and password
	TLS            *tls.Config   // with a client certificate, or who signs the server's
	Version        string        // 2.1, 2.0, or empty: what the server speaks
	AllowHosts     []string      // hosts, beside the one named, that may get the credentials
	PlainHTTP      bool          // credentials may go over http to other machines
	MaxPage        int64         // bytes of one answer; 64 MiB
	MaxObject      int64         // bytes of one object; 8 MiB
	Timeout        time.Duration // of one request; 2 minutes
	Retries        int           // of one request; 5
	Log            *slog.Logger
	Now            func() time.Time
	Sleep          func(context.Context, time.Duration) error
}

// maxWait bounds what a server may ask us to wait.
const maxWait = 5 * time.Minute

// Client may be used for many requests, one after the other.
type Client struct {
	o    Options
	http *http.Client
	host string // the one named, with its port
}

// Errors that a caller may want to know.
var (
	ErrElsewhere = errors.New("client: the server points to another host")
	ErrPlain     = errors.New("client: credentials would go over http in the clear")
	errSize      = errors.New("client: the answer is too large")
	errBroken    = errors.New("client: the answer cannot be read")
)

// StatusError is an answer that is no success.
type StatusError struct {
	Code int
	Said taxii.Error // the error of TAXII, if there was one
	Path string
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("client: %s: %d %s", e.Path, e.Code, http.StatusText(e.Code))
	if d := e.Said.Description; d != "" {
		s += fmt.Sprintf(": %.300q", d)
	}
	if id := e.Said.ID; id != "" {
		s += fmt.Sprintf(" (error_id %.80q)", id)
	}
	return s
}

// New makes a client.
func New(o Options) (*Client, error) {
	if o.MaxPage <= 0 {
		o.MaxPage = 64 << 20
	}
	if o.MaxObject <= 0 {
		o.MaxObject = 8 << 20
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Minute
	}
	if o.Retries == 0 {
		o.Retries = 5
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	switch o.Version {
	case "", "2.0", "2.1":
	default:
		return nil, fmt.Errorf("client: TAXII %q: want 2.1 or 2.0", o.Version)
	}
	if o.Token != "" && o.User != "" {
		return nil, errors.New("client: a token or a user, not both")
	}
	c := &Client{o: o}
	c.http = &http.Client{
		Timeout: o.Timeout,
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
			TLSClientConfig:        o.TLS,
			TLSHandshakeTimeout:    15 * time.Second,
			ResponseHeaderTimeout:  o.Timeout,
			MaxResponseHeaderBytes: 64 << 10,
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) >= 5 {
				return errors.New("client: too many redirects")
			}
			return c.allowed(r.URL)
		},
	}
	return c, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// allowed says whether a URL may be asked: on the host that was named, or one
// that the user allows, and not with credentials in the clear.
func (c *Client) allowed(u *url.URL) error {
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return fmt.Errorf("client: %.200q is not a URL of a TAXII server", u.Redacted())
	}
	if c.host == "" {
		c.host = u.Host
	}
	if u.Host != c.host && !slices.Contains(c.o.AllowHosts, u.Host) && !slices.Contains(c.o.AllowHosts, u.Hostname()) {
		return fmt.Errorf("%w: %.200q", ErrElsewhere, u.Host)
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme == "http" && !local && !c.o.PlainHTTP && (c.o.Password != "" || c.o.Token != "") {
		return fmt.Errorf("%w: to %.200q", ErrPlain, u.Host)
	}
	return nil
}

// request is one question.
type request struct {
	method string
	url    string
	query  url.Values
	accept string
	body   []byte
	rng    string // Range, of TAXII 2.0
}

// answer is what came back; the body is the caller's to close.
type answer struct {
	code   int
	header http.Header
	body   io.ReadCloser
}

// do asks, and asks again what may succeed later: connections that fail, 429,
// 5xx, waiting as long as the server says within bounds.
func (c *Client) do(ctx context.Context, q request) (*answer, error) {
	u, err := url.Parse(q.url)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if err := c.allowed(u); err != nil {
		return nil, err
	}
	if len(q.query) > 0 {
		u.RawQuery = q.query.Encode()
	}
	var last error
	for try := 0; try <= c.o.Retries; try++ {
		a, wait, err := c.once(ctx, u, q, try)
		if err == nil {
			return a, nil
		}
		last = err
		if wait < 0 || ctx.Err() != nil || try == c.o.Retries {
			break
		}
		c.o.Log.Warn("asking again", "in", wait, "because", err)
		if err := c.o.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
	return nil, last
}

// once asks once. The wait is negative if there is no use in asking again.
func (c *Client) once(ctx context.Context, u *url.URL, q request, try int) (*answer, time.Duration, error) {
	wait := min(time.Second<<try, time.Minute)
	var body io.Reader
	if q.body != nil {
		body = strings.NewReader(string(q.body))
	}
	r, err := http.NewRequestWithContext(ctx, q.method, u.String(), body)
	if err != nil {
		return nil, -1, fmt.Errorf("client: %w", err)
	}
	r.Header.Set("Accept", q.accept)
	r.Header.Set("User-Agent", "longwatch")
	if q.rng != "" {
		r.Header.Set("Range", q.rng)
	}
	if q.body != nil {
		r.Header.Set("Content-Type", taxii.Media21)
	}
	switch {
	case c.o.Token != "":
		r.Header.Set("Authorization", "Bearer "+c.o.Token)
	case c.o.User != "":
		r.SetBasicAuth(c.o.User, c.o.Password)
	}
	res, err := c.http.Do(r)
	if err != nil {
		if errors.Is(err, ErrElsewhere) || errors.Is(err, ErrPlain) {
			wait = -1
		}
		return nil, wait, fmt.Errorf("client: %w", err)
	}
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return &answer{res.StatusCode, res.Header, res.Body}, 0, nil
	}
	e := &StatusError{Code: res.StatusCode, Path: u.Path}
	if b, err := io.ReadAll(io.LimitReader(res.Body, 64<<10)); err == nil {
		_ = json.Unmarshal(b, &e.Said) // or it stays empty
	}
	_ = res.Body.Close()
	switch {
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500 && res.StatusCode != http.StatusNotImplemented:
		if after, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && after >= 0 {
			wait = time.Duration(min(after, int(maxWait/time.Second))) * time.Second
		}
		return nil, wait, e
	default:
		return nil, -1, e
	}
}

// get asks for a resource that is small enough to be read at once. It says
// which version of TAXII the answer is of.
func (c *Client) get(ctx context.Context, address string, v any) (version string, err error) {
	versions := []string{"2.1", "2.0"}
	if c.o.Version != "" {
		versions = []string{c.o.Version}
	}
	for i, version := range versions {
		accept := taxii.Media21
		if version == "2.0" {
			accept = taxii.Media20
		}
		a, err := c.do(ctx, request{method: http.MethodGet, url: address, accept: accept})
		var status *StatusError
		if errors.As(err, &status) && i+1 < len(versions) && slices.Contains([]int{http.StatusNotAcceptable, http.StatusUnsupportedMediaType, http.StatusNotFound, http.StatusBadRequest}, status.Code) {
			continue
		}
		if err != nil {
			return "", err
		}
		if kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type")); err == nil && strings.HasPrefix(kind, "application/vnd.oasis.") {
			version = "2.0"
		}
		return version, c.whole(a, v)
	}
	return "", errors.New("client: the server speaks neither TAXII 2.1 nor 2.0")
}

// whole reads an answer as one value.
func (c *Client) whole(a *answer, v any) error {
	defer func() { _ = a.body.Close() }()
	const most = 8 << 20
	b, err := io.ReadAll(io.LimitReader(a.body, most+1))
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", errBroken, err)
	case len(b) > most:
		return errSize
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	return nil
}
