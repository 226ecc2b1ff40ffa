// Package cert reads X.509 certificates (RFC 5280) and OCSP responses
// (RFC 6960) as they come from the wire, and declares the records about them,
// x509 and ocsp, with the names and the spelling that Zeek gives them:
//
//	c, err := cert.Parse(der)
//	emit(c.Record(now, true, false))
//
// crypto/x509 refuses certificates that attackers and old devices present and
// that OpenSSL, and so Zeek, reads without complaint. This package walks the
// DER itself, bounded by the input's length, takes what is there and never
// panics. It verifies nothing.
package cert

import (
	"net/netip"

	"longwatch/internal/record"
)

// Record is one certificate seen on the wire. Specification: RFC 5280.
type Record struct {
	record.Head
	Fingerprint string             `rec:"fingerprint" ecs:"tls.server.hash.sha256" ent:"certificate"`  // SHA-256 of the DER, in hex
	Version     uint64             `rec:"certificate.version" ecs:"x509.version_number"`               // 1 to 3
	Serial      string             `rec:"certificate.serial" ecs:"x509.serial_number" match:"serial"`  // hex, as OpenSSL prints it
	Subject     string             `rec:"certificate.subject" ecs:"x509.subject.distinguished_name"`   // RFC 2253, most specific first
	Issuer      string             `rec:"certificate.issuer" ecs:"x509.issuer.distinguished_name"`     // RFC 2253, most specific first
	NotBefore   record.Time        `rec:"certificate.not_valid_before" ecs:"x509.not_before"`          // clipped to what record.Time can hold
	NotAfter    record.Time        `rec:"certificate.not_valid_after" ecs:"x509.not_after"`            // clipped to what record.Time can hold
	KeyAlg      string             `rec:"certificate.key_alg" ecs:"x509.public_key_algorithm"`         // OpenSSL's long name, or the dotted OID
	SigAlg      string             `rec:"certificate.sig_alg" ecs:"x509.signature_algorithm"`          // OpenSSL's long name; empty when it has none
	KeyType     string             `rec:"certificate.key_type"`                                        // rsa, dsa, ecdsa, ED25519 ...
	KeyLength   record.Opt[uint64] `rec:"certificate.key_length" ecs:"x509.public_key_size"`           // bits
	Exponent    string             `rec:"certificate.exponent" ecs:"x509.public_key_exponent"`         // of RSA keys, decimal
	Curve       string             `rec:"certificate.curve" ecs:"x509.public_key_curve"`               // OpenSSL's short name
	DNS         []string           `rec:"san.dns" ecs:"x509.alternative_names" ent:"domain,certified"` // names that it is for
	URI         []string           `rec:"san.uri"`                                                     // URIs that it is for
	Email       []string           `rec:"san.email" ent:"email,certified"`                             // mailboxes that it is for
	IP          []netip.Addr       `rec:"san.ip"`                                                      // addresses that it is for
	CA          record.Opt[bool]   `rec:"basic_constraints.ca"`                                        // it may sign other certificates
	PathLen     record.Opt[uint64] `rec:"basic_constraints.path_len"`                                  // authorities that may stand between it and a leaf
	HostCert    bool               `rec:"host_cert"`                                                   // first of its chain
	ClientCert  bool               `rec:"client_cert"`                                                 // sent by the client
	Traits      []string           `rec:"traits,set,extra"`                                            // no_expiry: RFC 5280's 99991231235959Z; self_issued: subject and issuer are the same

	NotZeeks bool `rec:"-"` // see BeyondZeek
}

// BeyondZeek tells that Zeek would not write this row, as it would not that of
// the TLS connection.
func (r *Record) BeyondZeek() bool { return r.NotZeeks }

// Type is the schema of Record.
var Type = record.Of[Record]("x509")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }

// Record is the x509 record of c, seen at the time and place of head. host
// says that c was the first of its chain, client that the client sent it.
func (c *Certificate) Record(head record.Head, host, client bool) *Record {
	r := &Record{
		Head: head, Fingerprint: c.Fingerprint, Version: c.Version, Serial: c.Serial,
		Subject: c.Subject, Issuer: c.Issuer, NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		KeyAlg: c.KeyAlg, SigAlg: c.SigAlg, KeyType: c.Key.Type, Exponent: c.Key.Exponent, Curve: c.Key.Curve,
		DNS: c.DNS, URI: c.URI, Email: c.Email, IP: c.IP, CA: c.CA, PathLen: c.PathLen,
		HostCert: host, ClientCert: client,
	}
	if c.Key.Bits > 0 {
		r.KeyLength = record.Some(uint64(c.Key.Bits))
	}
	if c.NoExpiry {
		r.Traits = append(r.Traits, "no_expiry")
	}
	if c.SelfIssued {
		r.Traits = append(r.Traits, "self_issued")
	}
	return r
}
