package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"longwatch/internal/taxii"
)

// maxRoots and maxCollections bound what a server may list.
const (
	maxRoots       = 500
	maxCollections = 10_000
)

// Server is what a discovery found.
type Server struct {
	Title, Description, Contact string
	Version                     string // of TAXII: 2.1 or 2.0
	Default                     string // URL of the root to use when none is named
	Roots                       []Root
}

// Root is one API root with its collections.
type Root struct {
	URL         string
	Version     string // of TAXII
	Info        taxii.Root
	Collections []taxii.Collection
	Err         error // why there is no more of it
}

// Discover asks a server what it has. The URL is that of its discovery, of one
// API root, or of the host only.
func (c *Client) Discover(ctx context.Context, address string) (*Server, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if u.Host == "" {
		return nil, fmt.Errorf("client: %q is no URL: want https://host/taxii2/", address)
	}
	tries := []string{withSlash(address)}
	if strings.Trim(u.Path, "/") == "" {
		tries = []string{u.ResolveReference(&url.URL{Path: taxii.Discovery2}).String(), u.ResolveReference(&url.URL{Path: taxii.Discovery0}).String()}
	}
	var both struct {
		taxii.Discovery
		Versions []string `json:"versions"`
		Max      int64    `json:"max_content_length"`
	}
	var version string
	for _, try := range tries {
		if version, err = c.get(ctx, try, &both); err == nil {
			address = try
			break
		}
	}
	if err != nil {
		return nil, err
	}
	s := &Server{Title: both.Title, Description: both.Description, Contact: both.Contact, Version: version}
	if len(both.Versions) > 0 && len(both.Roots) == 0 {
		s.Roots = []Root{c.root(ctx, address)}
		s.Default = address
		return s, s.Roots[0].Err
	}
	base, _ := url.Parse(address) // it was parsed before
	for i, r := range both.Roots {
		if i == maxRoots {
			c.o.Log.Warn("the server lists more API roots than are looked at", "roots", len(both.Roots))
			break
		}
		full, err := base.Parse(r) // roots may be relative (section 4.1.1)
		if err != nil {
			s.Roots = append(s.Roots, Root{URL: r, Err: fmt.Errorf("client: %w", err)})
			continue
		}
		s.Roots = append(s.Roots, c.root(ctx, withSlash(full.String())))
	}
	if d, err := base.Parse(both.Default); err == nil && both.Default != "" {
		s.Default = withSlash(d.String())
	}
	return s, nil
}

// root reads one API root; what goes wrong is part of it.
func (c *Client) root(ctx context.Context, address string) Root {
	r := Root{URL: address}
	r.Version, r.Err = c.get(ctx, address, &r.Info)
	if r.Err != nil {
		return r
	}
	// Each is read by itself, so that one that is odd does not hide the others.
	var list struct {
		Collections []json.RawMessage `json:"collections"`
	}
	if _, r.Err = c.get(ctx, address+"collections/", &list); r.Err != nil {
		return r
	}
	for i, raw := range list.Collections {
		var x taxii.Collection
		if json.Unmarshal(raw, &x) != nil || x.ID == "" {
			r.Err = errors.Join(r.Err, fmt.Errorf("client: collection %d of %s cannot be read", i, address))
			continue
		}
		if r.Collections = append(r.Collections, x); len(r.Collections) == maxCollections {
			break
		}
	}
	return r
}

// withSlash is a URL whose path ends in a slash, as those of TAXII do.
func withSlash(address string) string {
	u, err := url.Parse(address)
	if err != nil || strings.HasSuffix(u.Path, "/") {
		return address
	}
	u.Path += "/"
	return u.String()
}

// Find finds a collection by id, alias or title among the roots of a server.
func (s *Server) Find(name string) (Root, taxii.Collection, error) {
	type hit struct {
		r Root
		c taxii.Collection
	}
	var hits []hit
	for _, r := range s.Roots {
		for _, x := range r.Collections {
			if x.ID == name || x.Alias == name && name != "" || strings.EqualFold(x.Title, name) {
				hits = append(hits, hit{r, x})
			}
		}
	}
	switch len(hits) {
	case 0:
		return Root{}, taxii.Collection{}, fmt.Errorf("client: the server shows no collection %q", name)
	case 1:
		return hits[0].r, hits[0].c, nil
	}
	return Root{}, taxii.Collection{}, fmt.Errorf("client: %d collections are called %q: give the id, or the URL of the API root", len(hits), name)
}
