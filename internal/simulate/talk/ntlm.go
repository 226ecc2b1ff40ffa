package talk

import (
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf16"

	"longwatch/internal/simulate/chance"
)

// Account is who authenticates to a server, and how.
type Account struct {
	User, Domain string // NetBIOS domain
	Workstation  string // NetBIOS name the client gives
	Realm        string // Kerberos realm; used when Kerberos is set
	Kerberos     bool
	Fail         bool // the server answers STATUS_LOGON_FAILURE
}

// Service is who is authenticated to.
type Service struct {
	Host   string // NetBIOS name
	DNS    string // full name
	Domain string // NetBIOS domain
	Zone   string // DNS domain
	Build  uint16 // Windows build number
}

func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func le32(b []byte, v ...uint32) []byte {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, x)
	}
	return b
}

func le16(b []byte, v ...uint16) []byte {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint16(b, x)
	}
	return b
}

func le64(b []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(b, v) }

func filetime(t time.Time) uint64 { return uint64(t.UnixNano()/100) + 116444736000000000 }

func version(build uint16) []byte { return []byte{10, 0, byte(build), byte(build >> 8), 0, 0, 0, 15} }

// negotiate, challenge and authenticate are the three messages of MS-NLMP 2.2.1.
func ntlmNegotiate() []byte {
	b := append([]byte("NTLMSSP\x00"), 1, 0, 0, 0)
	b = le32(b, 0xe2088297)
	b = append(b, make([]byte, 16)...)
	return append(b, version(19041)...)
}

func (s Service) targetInfo(at time.Time) []byte {
	var b []byte
	pair := func(id uint16, v []byte) { b = append(le16(b, id, uint16(len(v))), v...) }
	pair(2, utf16le(s.Domain))
	pair(1, utf16le(s.Host))
	pair(4, utf16le(s.Zone))
	pair(3, utf16le(s.DNS))
	pair(5, utf16le(s.Zone))
	pair(7, le64(nil, filetime(at)))
	pair(0, nil)
	return b
}

func (s Service) challenge(r *chance.Rand, at time.Time) []byte {
	name, info := utf16le(s.Domain), s.targetInfo(at)
	b := append([]byte("NTLMSSP\x00"), 2, 0, 0, 0)
	b = le32(le16(b, uint16(len(name)), uint16(len(name))), 56)
	b = le32(b, 0xe2898215)
	b = append(b, r.Bytes(8)...)
	b = append(b, make([]byte, 8)...)
	b = le32(le16(b, uint16(len(info)), uint16(len(info))), uint32(56+len(name)))
	b = append(b, version(s.Build)...)
	return append(append(b, name...), info...)
}

func (a Account) authenticate(r *chance.Rand, s Service, at time.Time) []byte {
	proof := append(r.Bytes(16), 1, 1, 0, 0, 0, 0, 0, 0)
	proof = append(le64(proof, filetime(at)), r.Bytes(8)...)
	proof = append(append(append(proof, 0, 0, 0, 0), s.targetInfo(at)...), 0, 0, 0, 0)
	const head = 88
	parts := [][]byte{make([]byte, 24), proof, utf16le(a.Domain), utf16le(a.User), utf16le(a.Workstation), r.Bytes(16)}
	order := []int{2, 3, 4, 0, 1, 5}
	var offset [6]int
	at0 := head
	for _, i := range order {
		offset[i] = at0
		at0 += len(parts[i])
	}
	b := append([]byte("NTLMSSP\x00"), 3, 0, 0, 0)
	for i, p := range parts {
		b = le32(le16(b, uint16(len(p)), uint16(len(p))), uint32(offset[i]))
	}
	b = append(le32(b, 0xe2888215), version(19041)...)
	b = append(b, r.Bytes(16)...)
	for _, i := range order {
		b = append(b, parts[i]...)
	}
	return b
}

var (
	oidSPNEGO   = []uint32{1, 3, 6, 1, 5, 5, 2}
	oidNTLM     = []uint32{1, 3, 6, 1, 4, 1, 311, 2, 2, 10}
	oidKerberos = []uint32{1, 2, 840, 113554, 1, 2, 2}
	oidMSKerb   = []uint32{1, 2, 840, 48018, 1, 2, 2}
)

// negInit and negResp wrap a token in SPNEGO (RFC 4178).
func negInit(token []byte, mechs ...[]uint32) []byte {
	var list [][]byte
	for _, m := range mechs {
		list = append(list, derOID(m...))
	}
	fields := [][]byte{derCtx(0, derSeq(list...))}
	if token != nil {
		fields = append(fields, derCtx(2, derOctets(token)))
	}
	return tlv(0x60, derOID(oidSPNEGO...), derCtx(0, derSeq(fields...)))
}

func negResp(state byte, mech []uint32, token []byte) []byte {
	fields := [][]byte{derCtx(0, tlv(0x0a, []byte{state}))}
	if mech != nil {
		fields = append(fields, derCtx(1, derOID(mech...)))
	}
	if token != nil {
		fields = append(fields, derCtx(2, derOctets(token)))
	}
	return derCtx(1, derSeq(fields...))
}

// tokens are the security blobs of a log-on, client and server in turn.
func (a Account) tokens(r *chance.Rand, s Service, at time.Time) [][]byte {
	if a.Kerberos {
		spn := []string{"cifs", strings.ToLower(s.DNS)}
		ap := tlv(0x60, derOID(oidKerberos...), []byte{1, 0}, apRequest(r, a.Realm, spn))
		reply := tlv(0x60, derOID(oidKerberos...), []byte{2, 0}, apReply(r))
		return [][]byte{negInit(ap, oidMSKerb, oidKerberos, oidNTLM), negResp(0, oidMSKerb, reply)}
	}
	return [][]byte{
		negInit(ntlmNegotiate(), oidNTLM),
		negResp(1, oidNTLM, s.challenge(r, at)),
		negResp(1, nil, a.authenticate(r, s, at)),
		negResp(0, nil, nil),
	}
}
