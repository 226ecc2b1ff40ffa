package ntlm

import "longwatch/internal/record"

// Auth is one NTLM authentication, with Zeek's names. It is written when the
// protocol around it accepts or refuses it, or when the connection ends.
// Specification: MS-NLMP.
type Auth struct {
	record.Conn
	Username       string           `rec:"username" ecs:"user.name" ent:"user"`                                    // who logs on; empty for nobody
	Hostname       string           `rec:"hostname" ecs:"source.domain" ent:"host,originator"`                     // what the client calls itself
	Domain         string           `rec:"domainname" ecs:"user.domain"`                                           // domain that the account is of
	ServerNetBIOS  string           `rec:"server_nb_computer_name" ent:"host,responder"`                           // NetBIOS name of the server, as its challenge says
	ServerDNS      string           `rec:"server_dns_computer_name" ecs:"destination.domain" ent:"host,responder"` // DNS name of the server, as its challenge says
	ServerTreeName string           `rec:"server_tree_name"`                                                       // DNS name of the forest
	Success        record.Opt[bool] `rec:"success"`                                                                // by what the negotiation of GSS-API said; absent without one
	ClientVersion  string           `rec:"client_version,extra"`                                                   // version of Windows that the client's messages bear, as 10.0.19041; others write what they like
	ServerVersion  string           `rec:"server_version,extra"`                                                   // likewise the server's
	Accepted       record.Opt[bool] `rec:"accepted,extra"`                                                         // likewise, or by what the protocol around did

	beyond bool `rec:"-"`
}

// Type is the schema of Auth.
var Type = record.Of[Auth]("ntlm")

// RecordType returns Type.
func (*Auth) RecordType() *record.Type { return Type }

// PutAside marks a logon where Zeek does not look.
func (a *Auth) PutAside() { a.beyond = true }

// BeyondZeek tells that Zeek would not write this logon: it writes the first of
// a connection.
func (a *Auth) BeyondZeek() bool { return a.beyond }
