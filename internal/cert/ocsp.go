package cert

import (
	"errors"

	"longwatch/internal/record"
)

// ErrOCSP says that bytes are not an OCSP response with certificate states.
var ErrOCSP = errors.New("cert: not an OCSP response")

// maxAnswers bounds the certificate states taken from one response.
const maxAnswers = 64

// OCSPRecord is what an OCSP response says of one certificate. Specification:
// RFC 6960.
type OCSPRecord struct {
	record.Head
	ID             string      `rec:"id"`                          // the file that carried the response
	HashAlgorithm  string      `rec:"hashAlgorithm"`               // that the issuer is named with
	IssuerNameHash string      `rec:"issuerNameHash"`              // upper-case hex
	IssuerKeyHash  string      `rec:"issuerKeyHash"`               // upper-case hex
	Serial         string      `rec:"serialNumber" match:"serial"` // as in x509
	Status         string      `rec:"certStatus"`                  // good, revoked or unknown
	RevokeTime     record.Time `rec:"revoketime"`                  // when it was revoked
	RevokeReason   string      `rec:"revokereason"`                // why it was revoked
	ThisUpdate     record.Time `rec:"thisUpdate"`                  // when the status was known to be right
	NextUpdate     record.Time `rec:"nextUpdate"`                  // when to ask again
}

// OCSPType is the schema of OCSPRecord.
var OCSPType = record.Of[OCSPRecord]("ocsp")

// RecordType returns OCSPType.
func (*OCSPRecord) RecordType() *record.Type { return OCSPType }

// Answer is one SingleResponse.
type Answer struct {
	HashAlgorithm              string
	IssuerName, IssuerKey      string // hashes, upper-case hex
	Serial                     string
	Status                     string
	RevokeReason               string
	RevokeTime, This, NextTime record.Time
}

// Record is the ocsp record of a, seen at the time and place of head in the
// file of that identifier.
func (a *Answer) Record(head record.Head, fuid string) *OCSPRecord {
	return &OCSPRecord{
		Head: head, ID: fuid, HashAlgorithm: a.HashAlgorithm, IssuerNameHash: a.IssuerName, IssuerKeyHash: a.IssuerKey,
		Serial: a.Serial, Status: a.Status, RevokeTime: a.RevokeTime, RevokeReason: a.RevokeReason,
		ThisUpdate: a.This, NextUpdate: a.NextTime,
	}
}

// ParseOCSP reads an OCSPResponse (RFC 6960 section 4.2.1). A response that
// carries an error status has no answers. On ErrOCSP the answers read before
// the damage are returned.
func ParseOCSP(der []byte) ([]Answer, error) {
	outer := reader{rest: der}
	resp := outer.enter(tagSequence)
	resp.expect(tagEnumerated)
	bytes, ok := resp.optional(0xa0)
	if !ok {
		if resp.bad {
			return nil, ErrOCSP
		}
		return nil, nil
	}
	r := reader{rest: bytes}
	seq := r.enter(tagSequence)
	if string(seq.expect(tagOID)) != oidOCSPBasic {
		return nil, ErrOCSP
	}
	basicBytes := reader{rest: seq.expect(tagOctetString)}
	basic := basicBytes.enter(tagSequence)
	data := basic.enter(tagSequence)
	data.optional(0xa0) // version
	data.next()         // responder
	data.expect(tagGenTime)
	list := data.enter(tagSequence)
	var out []Answer
	for list.more() && len(out) < maxAnswers {
		single := list.enter(tagSequence)
		a, ok := answer(&single)
		if !ok {
			return out, ErrOCSP
		}
		out = append(out, a)
	}
	if seq.bad || data.bad || list.bad {
		return out, ErrOCSP
	}
	return out, nil
}

func answer(r *reader) (a Answer, ok bool) {
	id := r.enter(tagSequence)
	alg := id.enter(tagSequence)
	a.HashAlgorithm = digestName(alg.expect(tagOID))
	a.IssuerName = upperHex(id.expect(tagOctetString))
	a.IssuerKey = upperHex(id.expect(tagOctetString))
	a.Serial = serialText(id.expect(tagInteger))
	status := r.next()
	switch status.tag {
	case 0x80:
		a.Status = "good"
	case 0xa1:
		a.Status = "revoked"
		info := reader{rest: status.body}
		a.RevokeTime, _ = timeOf(info.next())
		if reason, has := info.optional(0xa0); has {
			v := reader{rest: reason}
			a.RevokeReason = reasonName(small(v.expect(tagEnumerated)))
		}
	case 0x82:
		a.Status = "unknown"
	default:
		return a, false
	}
	a.This, _ = timeOf(r.next())
	if next, has := r.optional(0xa0); has {
		v := reader{rest: next}
		a.NextTime, _ = timeOf(v.next())
	}
	return a, !r.bad && !id.bad && !alg.bad
}

func digestName(oid []byte) string {
	switch string(oid) {
	case oidSHA1:
		return "sha1"
	case oidSHA256:
		return "sha256"
	case oidSHA384:
		return "sha384"
	case oidSHA512:
		return "sha512"
	case oidMD5:
		return "md5"
	}
	return string(appendOID(nil, oid))
}

// reasonName is a CRLReason (RFC 5280 section 5.3.1), as OpenSSL spells it.
func reasonName(n uint64) string {
	names := [...]string{
		"unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded",
		"cessationOfOperation", "certificateHold", "", "removeFromCRL", "privilegeWithdrawn", "aACompromise",
	}
	if n < uint64(len(names)) && names[n] != "" {
		return names[n]
	}
	return "(UNKNOWN)"
}
