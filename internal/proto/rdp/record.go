package rdp

import "longwatch/internal/record"

// Session is one Remote Desktop connection, with Zeek's names: what could be
// read before it went on encrypted. It is written when the connection ends.
// The time is that of the first request. Specification: MS-RDPBCGR.
type Session struct {
	record.Conn
	Cookie             string             `rec:"cookie" ent:"user"`                 // user's name as the client gives it, cut to nine characters
	Result             string             `rec:"result" ecs:"event.outcome"`        // of the negotiation: a failure's name, Success, or encrypted
	SecurityProtocol   string             `rec:"security_protocol"`                 // RDP, SSL, HYBRID (CredSSP) or HYBRID_EX
	ClientChannels     []string           `rec:"client_channels"`                   // rdpdr: drives, cliprdr: clipboard, drdynvc: dynamic ones
	KeyboardLayout     string             `rec:"keyboard_layout"`                   // language of the client's keyboard
	ClientBuild        string             `rec:"client_build"`                      // version of the client, by its build number
	ClientName         string             `rec:"client_name" ent:"host,originator"` // what the client calls itself
	ClientProductID    string             `rec:"client_dig_product_id"`             // identifies the client's installation
	DesktopWidth       record.Opt[uint16] `rec:"desktop_width"`                     // of the client's screen, in pixels
	DesktopHeight      record.Opt[uint16] `rec:"desktop_height"`                    // of the client's screen, in pixels
	ColorDepth         string             `rec:"requested_color_depth"`             // as 16bit, 32bit
	CertType           string             `rec:"cert_type"`                         // RSA (Microsoft's own format) or X.509, of native encryption
	CertCount          uint64             `rec:"cert_count"`                        // certificates sent for native encryption
	CertPermanent      record.Opt[bool]   `rec:"cert_permanent"`                    // false: from a server in its licensing grace period
	EncryptionLevel    string             `rec:"encryption_level"`                  // None, Low, Client compatible, High, FIPS
	EncryptionMethod   string             `rec:"encryption_method"`                 // None, 40bit, 56bit, 128bit, FIPS
	RequestedProtocols []string           `rec:"requested_protocols,set,extra"`     // security protocols that the client offers, with Zeek's names
	RestrictedAdmin    record.Opt[bool]   `rec:"restricted_admin,extra"`            // the client wants to log on without handing over credentials
	RoutingToken       string             `rec:"routing_token,extra"`               // of a load balancer, after "msts="
}

// Type is the schema of Session.
var Type = record.Of[Session]("rdp")

// RecordType returns Type.
func (*Session) RecordType() *record.Type { return Type }
