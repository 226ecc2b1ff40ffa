package lookup

import (
	"slices"
	"strings"
)

// requests are the fields of host and path in records of HTTP requests, which
// package intel joins to a URL.
var requests = [...][2]string{{"host", "uri"}, {"cs_host", "cs_uri_stem"}}

// OfRequest tells whether a field is a part of a request's URL.
func OfRequest(field string) bool {
	return slices.ContainsFunc(requests[:], func(r [2]string) bool { return r[0] == field || r[1] == field })
}

// Request calls put with the keys of the URL that the fields of a record are
// joined to, if they are those of a request; get is the text of a field.
func Request(get func(field string) string, put func(key string)) {
	for _, names := range requests {
		host, path := get(names[0]), get(names[1])
		if host == "" || path == "" || len(path) > maxValue {
			continue
		}
		if strings.Contains(path, "://") { // a request to a proxy names the whole URL
			host = ""
		}
		URL(host+path, put)
	}
}
