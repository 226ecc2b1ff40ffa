package frp

import "longwatch/internal/record"

// Message is the beginning of one connection or stream of FRP: what the client
// said and what the server answered. Zeek knows no FRP. Specification:
// github.com/fatedier/frp, pkg/msg.
type Message struct {
	record.Conn
	Kind       string             `rec:"kind"`                                    // login, work or visitor
	Version    string             `rec:"version"`                                 // of the client
	Hostname   string             `rec:"hostname" ecs:"host.hostname" ent:"host"` // of the client, as it says
	OS         string             `rec:"os" ecs:"host.os.type"`                   // likewise
	Arch       string             `rec:"arch" ecs:"host.architecture"`            // likewise
	User       string             `rec:"user" ecs:"user.name"`                    // likewise; FRP puts it before the names of its proxies
	RunID      string             `rec:"run_id"`                                  // joins a client's connections
	Proxy      string             `rec:"proxy_name"`                              // which of the client's services is asked for
	Auth       string             `rec:"auth"`                                    // how the client proves itself: token (MD5 of token and time), oidc or none
	PoolCount  record.Opt[uint64] `rec:"pool_count"`                              // work connections opened in advance
	Source     string             `rec:"src_addr"`                                // who came to the server to be let in
	SourcePort record.Opt[uint16] `rec:"src_port,port"`                           // likewise
	Answered   bool               `rec:"answered"`                                // the server spoke FRP too
	Error      string             `rec:"error" ecs:"error.message"`               // that the server reports
}

// Type is the schema of Message.
var Type = record.Of[Message]("frp")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// BeyondZeek keeps the record out of Zeek's formats.
func (*Message) BeyondZeek() bool { return true }
