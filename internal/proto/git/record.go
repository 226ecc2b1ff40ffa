package git

import "longwatch/internal/record"

// Request is what a client asks of a Git daemon. Specification: git-scm.com,
// gitprotocol-pack.
type Request struct {
	record.Conn
	Service  string `rec:"service" ecs:"event.action"`                 // upload-pack (fetch, clone), receive-pack (push) or upload-archive
	Path     string `rec:"path" ecs:"url.path"`                        // of the repository
	Host     string `rec:"host" ecs:"url.domain" ent:"domain,queried"` // as the client names the server
	Version  string `rec:"version"`                                    // of the protocol, that the client asks for
	Error    string `rec:"error" ecs:"error.message"`                  // what the server says in place of an answer
	Answered bool   `rec:"answered"`                                   // the server spoke
}

// Type is the schema of Request.
var Type = record.Of[Request]("git")

// RecordType returns Type.
func (*Request) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Request) BeyondZeek() bool { return true }
