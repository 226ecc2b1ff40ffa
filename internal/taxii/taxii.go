// Package taxii holds the words of TAXII 2.1 (OASIS Standard, 10 June 2021):
// resources, media types, times and filters, as both a server and a client use
// them. TAXII carries STIX objects between organisations over HTTPS: a server
// has API roots, a root has collections, a collection has objects in the order
// in which they were added.
//
//	GET /taxii2/                                       Discovery
//	GET /{root}/                                       Root
//	GET /{root}/status/{id}/                           Status
//	GET /{root}/collections/                           Collections
//	GET /{root}/collections/{id}/                      Collection
//	GET /{root}/collections/{id}/manifest/             Manifest
//	GET, POST /{root}/collections/{id}/objects/        Envelope, Status
//	GET, DELETE /{root}/collections/{id}/objects/{id}/ Envelope
//	GET /{root}/collections/{id}/objects/{id}/versions/ Versions
package taxii

import "encoding/json"

// Media types (sections 1.6.8 and 3.3).
const (
	MediaAny   = "application/taxii+json"
	Media21    = "application/taxii+json;version=2.1"
	MediaSTIX  = "application/stix+json;version="                // and the version of STIX
	Media20    = "application/vnd.oasis.taxii+json; version=2.0" // TAXII 2.0
	MediaSTIX0 = "application/vnd.oasis.stix+json; version=2.0"  // objects of TAXII 2.0
	HeadFirst  = "X-TAXII-Date-Added-First"                      // date_added of a page's first object
	HeadLast   = "X-TAXII-Date-Added-Last"                       // and of its last
	Discovery2 = "/taxii2/"                                      // well-known path of TAXII 2.1
	Discovery0 = "/taxii/"                                       // and of 2.0
)

// Discovery is what a server says of itself (section 4.1.1).
type Discovery struct {
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Contact     string   `json:"contact,omitempty"`
	Default     string   `json:"default,omitempty"`   // the URL of the API root to use when none is named
	Roots       []string `json:"api_roots,omitempty"` // URLs
}

// Root is one API root (section 4.2.1).
type Root struct {
	Title            string   `json:"title"`
	Description      string   `json:"description,omitempty"`
	Versions         []string `json:"versions"`
	MaxContentLength int64    `json:"max_content_length"` // bytes of a request body
}

// Collection is one collection as one user sees it (section 5.2.1).
type Collection struct {
	ID          string   `json:"id"` // a UUID
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Alias       string   `json:"alias,omitempty"` // a name usable instead of the id
	CanRead     bool     `json:"can_read"`
	CanWrite    bool     `json:"can_write"`
	MediaTypes  []string `json:"media_types,omitempty"`
}

// Collections is the list of a root's collections (section 5.1.1).
type Collections struct {
	Collections []Collection `json:"collections,omitempty"`
}

// Envelope carries objects (section 3.7). An empty one is {}.
type Envelope struct {
	More    bool              `json:"more,omitempty"`
	Next    string            `json:"next,omitempty"` // where the next page begins
	Objects []json.RawMessage `json:"objects,omitempty"`
}

// Entry describes one version of an object without its content (section 5.3.1).
type Entry struct {
	ID        string `json:"id"`
	DateAdded string `json:"date_added"`
	Version   string `json:"version"`
	MediaType string `json:"media_type"`
}

// Manifest is one page of entries (section 5.3.1).
type Manifest struct {
	More    bool    `json:"more"`
	Next    string  `json:"next,omitempty"` // not of the specification: medallion and we give it
	Objects []Entry `json:"objects,omitempty"`
}

// Versions lists the versions of one object (section 5.8.1).
type Versions struct {
	More     bool     `json:"more"`
	Next     string   `json:"next,omitempty"` // not of the specification, as in Manifest
	Versions []string `json:"versions,omitempty"`
}

// Detail is what became of one object of a request (section 4.3.1).
type Detail struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Message string `json:"message,omitempty"`
}

// Status is what became of a request to add objects (section 4.3.1).
type Status struct {
	ID        string   `json:"id"`
	Status    string   `json:"status"` // complete or pending
	Requested string   `json:"request_timestamp,omitempty"`
	Total     int      `json:"total_count"`
	Success   int      `json:"success_count"`
	Successes []Detail `json:"successes,omitempty"`
	Failure   int      `json:"failure_count"`
	Failures  []Detail `json:"failures,omitempty"`
	Pending   int      `json:"pending_count"`
	Pendings  []Detail `json:"pendings,omitempty"`
}

// Error is the answer to a request that was refused (section 3.6.1).
type Error struct {
	Title       string            `json:"title"`
	Description string            `json:"description,omitempty"`
	ID          string            `json:"error_id,omitempty"` // also in the audit trail
	Code        string            `json:"error_code,omitempty"`
	Status      string            `json:"http_status,omitempty"`
	External    string            `json:"external_details,omitempty"`
	Details     map[string]string `json:"details,omitempty"`
}
