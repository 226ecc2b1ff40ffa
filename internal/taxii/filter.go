package taxii

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxFilter bounds the values of one filter; the URL is bounded by the server.
const maxFilter = 200

// Filter says which objects of a collection are asked for (section 3.4). Lists
// that are empty ask for anything.
type Filter struct {
	AddedAfter Time     // only what was added later; 0: any
	IDs        []string // match[id]
	Types      []string // match[type]
	Specs      []string // match[spec_version]; empty: the newest of each object
	First      bool     // match[version]: the oldest of each object,
	Last       bool     // its newest (what is asked for when nothing is said),
	All        bool     // all of them,
	Versions   []Time   // or these
	Limit      int      // objects of a page; 0: as the server likes
	Next       string   // where an earlier page ended
}

// Allowed are the match fields an endpoint has; others are ignored.
type Allowed struct{ ID, Type, Version, Spec bool }

// ParseFilter reads the query of a request. What an endpoint does not know is
// ignored, what it knows and cannot read is an error that the client should
// see.
func ParseFilter(q url.Values, allowed Allowed) (Filter, error) {
	var f Filter
	var err error
	if v, ok := one(q, "added_after"); ok {
		if f.AddedAfter, err = ParseTime(v); err != nil {
			return Filter{}, fmt.Errorf("added_after: %w", err)
		}
	}
	if v, ok := one(q, "limit"); ok {
		n, err := strconv.Atoi(v)
		if err != nil || n <= 0 {
			return Filter{}, fmt.Errorf("taxii: limit: want a positive number, not %q", v)
		}
		f.Limit = n
	}
	f.Next, _ = one(q, "next")
	if allowed.ID {
		f.IDs, err = list(q, "match[id]", err)
	}
	if allowed.Type {
		f.Types, err = list(q, "match[type]", err)
	}
	if allowed.Spec {
		f.Specs, err = list(q, "match[spec_version]", err)
	}
	f.Last = true
	if allowed.Version {
		var versions []string
		versions, err = list(q, "match[version]", err)
		if err == nil {
			err = f.setVersions(versions)
		}
	}
	if err != nil {
		return Filter{}, err
	}
	return f, nil
}

// setVersions reads the values of match[version].
func (f *Filter) setVersions(values []string) error {
	if len(values) == 0 {
		return nil
	}
	f.Last = false
	for _, v := range values {
		switch v {
		case "first":
			f.First = true
		case "last":
			f.Last = true
		case "all":
			f.All = true
		default:
			t, err := ParseTime(v)
			if err != nil {
				return fmt.Errorf("match[version]: %q is neither first, last, all nor a timestamp", v)
			}
			f.Versions = append(f.Versions, t)
		}
	}
	slices.Sort(f.Versions)
	return nil
}

// Query writes the filter as the query of a request.
func (f Filter) Query() url.Values {
	q := url.Values{}
	set := func(k string, v []string) {
		if len(v) > 0 {
			q.Set(k, strings.Join(v, ","))
		}
	}
	if f.AddedAfter != 0 {
		q.Set("added_after", f.AddedAfter.String())
	}
	if f.Limit > 0 {
		q.Set("limit", strconv.Itoa(f.Limit))
	}
	if f.Next != "" {
		q.Set("next", f.Next)
	}
	set("match[id]", f.IDs)
	set("match[type]", f.Types)
	set("match[spec_version]", f.Specs)
	var versions []string
	if f.First {
		versions = append(versions, "first")
	}
	if f.Last {
		versions = append(versions, "last")
	}
	if f.All {
		versions = append(versions, "all")
	}
	for _, v := range f.Versions {
		versions = append(versions, v.String())
	}
	set("match[version]", versions)
	return q
}

// one is the single value of a parameter; empty is as good as none.
func one(q url.Values, key string) (string, bool) {
	v := strings.TrimSpace(q.Get(key))
	return v, v != ""
}

// list is a parameter's values, comma-separated, sorted and without doubles.
func list(q url.Values, key string, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	var out []string
	for _, all := range q[key] {
		for v := range strings.SplitSeq(all, ",") {
			if v = strings.TrimSpace(v); v != "" {
				out = append(out, v)
			}
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if len(out) > maxFilter {
		return nil, fmt.Errorf("taxii: %s: at most %d values", key, maxFilter)
	}
	return out, nil
}
