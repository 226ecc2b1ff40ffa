package http

import "longwatch/internal/record"

// Request is one request with its reply, or either alone. Names and meanings
// are those of Zeek's http.log; what follows resp_mime_types is our own.
// Specification: RFC 9110, RFC 9112, RFC 9113.
type Request struct {
	record.Conn
	Depth        uint64              `rec:"trans_depth"`                                           // place of the pair in the connection, from 1
	Method       string              `rec:"method" ecs:"http.request.method"`                      // GET, POST ...
	Host         string              `rec:"host" ecs:"url.domain" ent:"domain"`                    // Host header of the request, without its port
	URI          string              `rec:"uri" ecs:"url.original"`                                // as in the request line
	Referrer     string              `rec:"referrer" ecs:"http.request.referrer"`                  // Referer header of the request
	Version      string              `rec:"version" ecs:"http.version"`                            // of the reply
	UserAgent    string              `rec:"user_agent" ecs:"user_agent.original" ent:"user_agent"` // User-Agent header of the request
	Origin       string              `rec:"origin"`                                                // Origin header of the request
	ReqBodyLen   uint64              `rec:"request_body_len" ecs:"http.request.body.bytes"`        // decoded
	RespBodyLen  uint64              `rec:"response_body_len" ecs:"http.response.body.bytes"`      // decoded
	StatusCode   record.Opt[uint64]  `rec:"status_code" ecs:"http.response.status_code"`           // of the last reply
	StatusMsg    string              `rec:"status_msg"`                                            // reason phrase of the reply
	InfoCode     record.Opt[uint64]  `rec:"info_code"`                                             // last 1xx reply
	InfoMsg      string              `rec:"info_msg"`                                              // its reason phrase
	Tags         []string            `rec:"tags,set"`                                              // as Zeek writes it: always empty
	Username     string              `rec:"username" ecs:"user.name" ent:"user"`                   // of basic authentication
	Password     string              `rec:"password,secret"`                                       // never kept, as in Zeek's default
	Proxied      []string            `rec:"proxied,set"`                                           // headers that proxies add
	OrigFUIDs    []string            `rec:"orig_fuids"`                                            // files that the request carried
	OrigNames    []string            `rec:"orig_filenames"`                                        // their names, of those that have one
	OrigMIME     []string            `rec:"orig_mime_types"`                                       // their types, by content
	RespFUIDs    []string            `rec:"resp_fuids"`                                            // files that the reply carried
	RespNames    []string            `rec:"resp_filenames"`                                        // their names, of those that have one
	RespMIME     []string            `rec:"resp_mime_types"`                                       // their types, by content
	ReqType      string              `rec:"req_content_type,extra"`                                // Content-Type header of the request
	RespType     string              `rec:"resp_content_type,extra"`                               // Content-Type header of the reply
	Server       string              `rec:"server,extra"`                                          // Server header of the reply, cut at 200 bytes: the software that answers
	ReqEntropy   record.Opt[float64] `rec:"req_entropy,extra"`                                     // bits per byte of the decoded body's first 64 KiB
	RespEntropy  record.Opt[float64] `rec:"resp_entropy,extra"`                                    // likewise
	ReqBodyHead  string              `rec:"req_body_head,extra"`                                   // first 64 bytes of the request's body, as they are
	RespBodyHead string              `rec:"resp_body_head,extra"`                                  // first 64 bytes of the reply's body, as they are
	AuthScheme   string              `rec:"auth_scheme,extra"`                                     // of a request that authorises itself: basic, bearer, negotiate ...
	Partial      bool                `rec:"partial,extra"`                                         // the capture begins within the connection, or lost what came before
	BodyTraits   []string            `rec:"body_traits,set,extra"`                                 // see the Trait constants
}

// The values of BodyTraits: framings of request and reply that dossier OP-512
// names. They describe bytes; detectors judge them.
const (
	// OP-10: the body of the request is one Base64 token of 256 characters or
	// more, its decoded bytes random.
	TraitBase64Token    = "base64-token-encrypted" //nolint:gosec // no credential
	TraitEncryptedReply = "encrypted-reply"        // OP-11: a reply that says it is HTML or plain octets, and is random
	TraitGodzillaReply  = "godzilla-reply"         // OP-26: Base64 between two halves of an upper-case MD5
	TraitAESBlocks      = "aes-blocks"             // OP-27: a request's body of whole 16-byte blocks of random bytes
	TraitTunnelCommand  = "regeorg-command"        // OP-29: cmd=connect, read, forward, disconnect, or the X-CMD header
	TraitBase64Whoami   = "base64-whoami"          // OP-15: "whoami" in Base64, as ASCII or UTF-16
	TraitManagement     = "ws-management"          // TH-15: a request of WinRM
	TraitSealed         = "ws-management-sealed"   // whose contents are encrypted
	TraitKeyCookie      = "cookie-rsa-block"       // the cookie has no name and is Base64 of 128 or 256 bytes: a block of RSA, as Cobalt Strike's beacon names itself
	TraitHavocHeader    = "havoc-header"           // X-Havoc, which Havoc's teamserver answers with, or X-Havoc-Agent
	TraitRelayAgent     = "gost-agent"             // Proxy-Agent: gost/…
)

// Type is the schema of Request.
var Type = record.Of[Request]("http")

// BeyondZeek tells that Zeek would not write this row: it reads no HTTP in
// connections whose beginning it did not see, none behind a hole, and no HTTP/2.
func (r *Request) BeyondZeek() bool { return r.Partial || r.Version == "2" }

// RecordType returns Type.
func (*Request) RecordType() *record.Type { return Type }
