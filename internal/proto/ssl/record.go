package ssl

import "longwatch/internal/record"

// Record is one SSL or TLS connection, written when the handshake is done or,
// failing that, when the connection ends. Specification: RFC 8446, RFC 5246,
// RFC 6347.
type Record struct {
	record.Conn
	Version      string           `rec:"version" ecs:"tls.version_protocol"`                    // that the server chose: TLSv12, TLSv13, SSLv3 ...
	Cipher       string           `rec:"cipher" ecs:"tls.cipher"`                               // that the server chose
	Curve        string           `rec:"curve" ecs:"tls.curve"`                                 // of the key exchange
	ServerName   string           `rec:"server_name" ecs:"tls.client.server_name" ent:"domain"` // that the client asked for (SNI)
	Resumed      bool             `rec:"resumed" ecs:"tls.resumed"`                             // with keys of an earlier connection
	LastAlert    string           `rec:"last_alert"`                                            // last one that was not encrypted
	NextProtocol string           `rec:"next_protocol" ecs:"tls.next_protocol"`                 // ALPN, that the server chose, unless encrypted
	Established  bool             `rec:"established" ecs:"tls.established"`                     // both sides went on to encrypt
	History      string           `rec:"ssl_history"`                                           // a letter per message, upper case from the client; see Zeek's ssl.log
	CertChain    []string         `rec:"cert_chain_fps" ent:"certificate"`                      // SHA-256 of the server's certificates
	ClientChain  []string         `rec:"client_cert_chain_fps" ent:"certificate,client"`        // SHA-256 of the client's certificates
	SNIMatches   record.Opt[bool] `rec:"sni_matches_cert"`                                      // unset without a server name or a certificate
	JA3          string           `rec:"ja3,extra" ecs:"tls.client.ja3" ent:"ja3"`              // MD5, of the first client hello
	JA3S         string           `rec:"ja3s,extra" ecs:"tls.server.ja3s" ent:"ja3s"`           // MD5, of the last server hello
	JA4          string           `rec:"ja4" ecs:"tls.client.ja4" ent:"ja4"`                    // of the first client hello
	Traits       []string         `rec:"traits,set,extra"`                                      // frp_first_byte: a byte 0x17 before the client hello, as FRP sends

	NotZeeks bool `rec:"-"` // see BeyondZeek
}

// Type is the schema of Record.
var Type = record.Of[Record]("ssl")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this row. It reads TLS in QUIC only
// when it was built with its Spicy parsers, and then quic.log says the same; and
// it reads no TLS in TCP connections whose beginning it did not see or of whose
// first messages a part is missing, and no DTLS before 1.0 (docs/adr/0008).
func (r *Record) BeyondZeek() bool { return r.NotZeeks }
