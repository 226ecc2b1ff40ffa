// Package web holds what web servers and web roots say: requests as the server
// logged them, and script files as they lie on disk.
package web

import (
	"net/netip"
	"time"

	"longwatch/internal/record"
)

// Access is one request in a web server's log (IIS W3C, HTTPERR, Apache and
// nginx combined). Names follow the W3C extended log format. Specification:
// W3C Extended Log File Format.
type Access struct {
	record.Head
	Server     string                    `rec:"server" ecs:"host.name" ent:"host"`                        // s-computername, s-sitename or virtual host
	ServerIP   netip.Addr                `rec:"s_ip" ecs:"destination.ip" ent:"address,responder"`        // address of the server
	ServerPort uint16                    `rec:"s_port,port" ecs:"destination.port"`                       // port of the server
	ClientIP   netip.Addr                `rec:"c_ip" ecs:"source.ip" ent:"address,originator"`            // address of the client, or of a proxy before it
	User       string                    `rec:"cs_username" ecs:"user.name" ent:"user"`                   // who logged in
	Method     string                    `rec:"cs_method" ecs:"http.request.method"`                      // GET, POST ...
	Host       string                    `rec:"cs_host" ecs:"url.domain"`                                 // Host header
	Stem       string                    `rec:"cs_uri_stem" ecs:"url.path"`                               // path that was asked for
	Query      string                    `rec:"cs_uri_query" ecs:"url.query"`                             // what stood after the question mark
	Status     uint16                    `rec:"sc_status" ecs:"http.response.status_code"`                // status of the reply
	Substatus  uint16                    `rec:"sc_substatus"`                                             // IIS: refines the status
	Win32      uint32                    `rec:"sc_win32_status"`                                          // IIS: error of Windows, 0 for success
	SentBytes  record.Opt[uint64]        `rec:"sc_bytes" ecs:"http.response.bytes"`                       // of the reply
	RecvBytes  record.Opt[uint64]        `rec:"cs_bytes" ecs:"http.request.bytes"`                        // of the request
	TimeTaken  record.Opt[time.Duration] `rec:"time_taken" ecs:"event.duration"`                          // until the reply was sent
	UserAgent  string                    `rec:"cs_user_agent" ecs:"user_agent.original" ent:"user_agent"` // User-Agent header
	Referer    string                    `rec:"cs_referer" ecs:"http.request.referrer"`                   // Referer header
	Cookie     string                    `rec:"cs_cookie,secret"`                                         // Cookie header
	Forwarded  string                    `rec:"x_forwarded_for"`                                          // client that a proxy names, as it says
	Reason     string                    `rec:"reason"`                                                   // HTTPERR's s-reason
	Product    string                    `rec:"product"`                                                  // iis, httperr or combined
	Has        []string                  `rec:"has"`                                                      // fields the log carries, so that a rule can tell empty from not logged; nil for combined
	Site       string                    `rec:"s_sitename"`                                               // IIS: W3SVC and the number of the site, lower case
}

// AccessType is the schema of Access.
var AccessType = record.Of[Access]("web_access")

// RecordType returns AccessType.
func (*Access) RecordType() *record.Type { return AccessType }

// Script is a server-side script, module or configuration found on disk, with
// what its text can do, judged by structure. Its TS is the modification time.
type Script struct {
	record.Head
	Host     string      `rec:"host" ecs:"host.name" ent:"host"`          // machine whose folder it lies in, where the path shows one
	Path     string      `rec:"path" ecs:"file.path" ent:"file"`          // in the evidence, with forward slashes
	Language string      `rec:"language"`                                 // aspx, ashx, asmx, asax, cshtml, asp, config, php, jsp, cfm, cgi, pe
	Size     uint64      `rec:"size" ecs:"file.size"`                     // in bytes
	SHA256   string      `rec:"sha256" ecs:"file.hash.sha256" ent:"hash"` // of the content, in hexadecimal
	Modified record.Time `rec:"modified" ecs:"file.mtime"`                // when its content was last written
	Created  record.Time `rec:"created" ecs:"file.created"`               // 0 where the evidence does not keep it
	Can      []string    `rec:"can,set"`                                  // capabilities: see package script
	Score    int64       `rec:"score"`                                    // structural suspicion; 8 and more is a web shell by OP-21's scale
	Why      []string    `rec:"why"`                                      // one reason for each part of the score
	Tokens   string      `rec:"tokens"`                                   // hash of the token stream with identifiers and literals normalised
}

// ScriptType is the schema of Script.
var ScriptType = record.Of[Script]("web_script")

// RecordType returns ScriptType.
func (*Script) RecordType() *record.Type { return ScriptType }

// File is any other file found on disk.
type File struct {
	record.Head
	Host     string      `rec:"host" ecs:"host.name" ent:"host"`          // machine whose folder it lies in, where the path shows one
	Path     string      `rec:"path" ecs:"file.path" ent:"file"`          // below the evidence, or within an archive
	Size     uint64      `rec:"size" ecs:"file.size"`                     // in bytes
	MIMEType string      `rec:"mime_type" ecs:"file.mime_type"`           // by content
	MD5      string      `rec:"md5" ecs:"file.hash.md5" ent:"hash"`       // of the content, in hexadecimal
	SHA1     string      `rec:"sha1" ecs:"file.hash.sha1" ent:"hash"`     // likewise
	SHA256   string      `rec:"sha256" ecs:"file.hash.sha256" ent:"hash"` // likewise
	Modified record.Time `rec:"modified" ecs:"file.mtime"`                // when its content was last written, as the disk or archive says
	Created  record.Time `rec:"created" ecs:"file.created"`               // when it was made, likewise
	Traits   []string    `rec:"traits,set"`                               // what the content is, beyond its type: see package content
	Members  []string    `rec:"members"`                                  // names inside an archive, at most 64
}

// FileType is the schema of File.
var FileType = record.Of[File]("file")

// RecordType returns FileType.
func (*File) RecordType() *record.Type { return FileType }
