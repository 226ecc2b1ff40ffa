package kerberos

import "longwatch/internal/record"

// Exchange is one request and what became of it, with Zeek's names. The times
// are those the client asked for. Specification: RFC 4120, RFC 4556.
type Exchange struct {
	record.Conn
	RequestType string                  `rec:"request_type"`      // AS, TGS or AP
	Client      string                  `rec:"client" ent:"user"` // name/REALM; of an AP only /REALM is in the clear
	Service     string                  `rec:"service"`           // as krbtgt/REALM or cifs/host
	Success     record.Opt[bool]        `rec:"success"`           // a ticket was given, or the application accepted one
	ErrorMsg    string                  `rec:"error_msg"`         // the error's text, else its name in RFC 4120
	From        record.Opt[record.Time] `rec:"from"`              // when the ticket shall begin
	Till        record.Opt[record.Time] `rec:"till"`              // when it shall end
	Cipher      string                  `rec:"cipher"`            // that the ticket is encrypted with
	Forwardable record.Opt[bool]        `rec:"forwardable"`       // the ticket may be forwarded
	Renewable   record.Opt[bool]        `rec:"renewable"`         // the ticket may be renewed
	// Of the last certificate that the client and the KDC sent (PKINIT).
	ClientSubject string `rec:"client_cert_subject"` // of the client's certificate (PKINIT)
	ClientFUID    string `rec:"client_cert_fuid"`    // that certificate in files
	ServerSubject string `rec:"server_cert_subject"` // of the server's certificate (PKINIT)
	ServerFUID    string `rec:"server_cert_fuid"`    // that certificate in files

	Offered   []string          `rec:"offered_ciphers,extra"`  // that the client can do, best first: rc4-hmac alone is how service tickets are asked for to be cracked
	PreAuth   record.Opt[bool]  `rec:"preauthenticated,extra"` // of an AS request: it proves that the client knows the key; an answer without is open to cracking
	ErrorCode record.Opt[int64] `rec:"error_code,extra"`       // RFC 4120 section 7.5.9

	beyond bool `rec:"-"`
}

// Type is the schema of Exchange.
var Type = record.Of[Exchange]("kerberos")

// RecordType returns Type.
func (*Exchange) RecordType() *record.Type { return Type }

// PutAside marks an exchange where Zeek does not look.
func (x *Exchange) PutAside() { x.beyond = true }

// AsZeek leaves out of an AP exchange what Zeek does not write of it.
func (x *Exchange) AsZeek() record.Record {
	if x.RequestType != "AP" {
		return x
	}
	z := Exchange{Conn: x.Conn, beyond: x.beyond}
	if x.ErrorMsg != "" {
		z.Service, z.Success, z.ErrorMsg = x.Service, x.Success, x.ErrorMsg
	}
	return &z
}

// BeyondZeek tells that Zeek would not write this exchange: it writes the first
// of a connection.
func (x *Exchange) BeyondZeek() bool { return x.beyond }
