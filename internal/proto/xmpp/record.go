package xmpp

import "longwatch/internal/record"

// Session sums up one connection. It is written when TLS begins, or when the
// connection ends. Specification: RFC 6120.
type Session struct {
	record.Conn
	Kind       string           `rec:"kind"`                                             // client, server, or component, by the namespace of the stream
	From       string           `rec:"from" ecs:"user.email"`                            // who the stream comes from, as the client says
	To         string           `rec:"to" ecs:"destination.domain" ent:"domain,queried"` // the domain that is asked for
	Server     string           `rec:"server"`                                           // the domain that answers
	Version    string           `rec:"version"`                                          // of XMPP, by the client
	Mechanisms []string         `rec:"mechanisms"`                                       // of SASL, that the server offers
	Mechanism  string           `rec:"mechanism"`                                        // of SASL, that the client chose
	User       string           `rec:"user" ecs:"user.name" ent:"user"`                  // who logs in, where the mechanism says it in the clear
	Success    record.Opt[bool] `rec:"success" ecs:"event.outcome"`                      // of the login; unset when it was not seen
	JID        string           `rec:"jid"`                                              // the address that the server gave to the client
	TLS        bool             `rec:"tls"`                                              // client and server changed to TLS
	Messages   uint64           `rec:"messages"`                                         // seen in either direction
	Presences  uint64           `rec:"presences"`                                        // likewise
	Queries    uint64           `rec:"queries"`                                          // iq stanzas, likewise
	Client     string           `rec:"client_software" ecs:"user_agent.original"`        // that the client names, in the answer to a version query
	Error      string           `rec:"error"`                                            // condition of a stream error, or why the login failed
}

// Type is the schema of Session.
var Type = record.Of[Session]("xmpp")

// RecordType returns Type.
func (*Session) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Session) BeyondZeek() bool { return true }
