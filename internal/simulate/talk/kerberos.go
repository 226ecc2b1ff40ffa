package talk

import (
	"encoding/binary"
	"time"

	"longwatch/internal/simulate/chance"
)

// Kerberos encryption types.
const (
	AES256 = 18
	RC4    = 23
)

func encrypted(r *chance.Rand, etype int64, n int) []byte {
	return derSeq(derCtx(0, derInt(etype)), derCtx(2, derOctets(r.Bytes(n))))
}

func principal(kind int64, names []string) []byte {
	var list [][]byte
	for _, n := range names {
		list = append(list, derGeneral(n))
	}
	return derSeq(derCtx(0, derInt(kind)), derCtx(1, derSeq(list...)))
}

func ticket(r *chance.Rand, realm string, service []string, etype int64) []byte {
	return tlv(0x61, derSeq(derCtx(0, derInt(5)), derCtx(1, derGeneral(realm)), derCtx(2, principal(2, service)),
		derCtx(3, derSeq(derCtx(0, derInt(etype)), derCtx(1, derInt(2)), derCtx(2, derOctets(r.Bytes(1050)))))))
}

func apRequest(r *chance.Rand, realm string, service []string) []byte {
	return tlv(0x6e, derSeq(derCtx(0, derInt(5)), derCtx(1, derInt(14)), derCtx(2, tlv(0x03, []byte{0, 0x20, 0, 0, 0})),
		derCtx(3, ticket(r, realm, service, AES256)), derCtx(4, encrypted(r, AES256, 300))))
}

func apReply(r *chance.Rand) []byte {
	return tlv(0x6f, derSeq(derCtx(0, derInt(5)), derCtx(1, derInt(15)), derCtx(2, encrypted(r, AES256, 120))))
}

// Kerberos is a client's conversation with a domain controller; each method
// returns request and reply with the length prefix TCP needs (RFC 4120, 7.2.2).
type Kerberos struct {
	R     *chance.Rand
	Realm string
	User  string
}

func (k Kerberos) body(user []string, service []string, at time.Time, etypes ...int64) []byte {
	var list [][]byte
	for _, e := range etypes {
		list = append(list, derInt(e))
	}
	fields := [][]byte{derCtx(0, tlv(0x03, []byte{0, 0x40, 0x81, 0x00, 0x10}))}
	if user != nil {
		fields = append(fields, derCtx(1, principal(1, user)))
	}
	fields = append(fields, derCtx(2, derGeneral(k.Realm)), derCtx(3, principal(2, service)),
		derCtx(5, derTime(time.Date(2037, 9, 13, 2, 48, 5, 0, time.UTC), true)), derCtx(7, derInt(int64(k.R.Uint32()>>1))), derCtx(8, derSeq(list...)))
	return derCtx(4, derSeq(fields...))
}

// PreauthRequired is an AS-REQ without proof and the error it gets.
func (k Kerberos) PreauthRequired(at time.Time) (request, reply []byte) {
	service := []string{"krbtgt", k.Realm}
	pac := derSeq(derCtx(1, derInt(128)), derCtx(2, derOctets(derSeq(derCtx(0, tlv(0x01, []byte{0xff}))))))
	request = tlv(0x6a, derSeq(derCtx(1, derInt(5)), derCtx(2, derInt(10)), derCtx(3, derSeq(pac)), k.body([]string{k.User}, service, at, AES256, 17, RC4)))
	info := derSeq(derSeq(derCtx(0, derInt(AES256)), derCtx(1, derGeneral(k.Realm+k.User))))
	data := derSeq(derSeq(derCtx(1, derInt(19)), derCtx(2, derOctets(info))), derSeq(derCtx(1, derInt(2)), derCtx(2, derOctets(nil))))
	reply = tlv(0x7e, derSeq(derCtx(0, derInt(5)), derCtx(1, derInt(30)), derCtx(4, derTime(at, true)), derCtx(5, derInt(int64(k.R.IntN(999999)))),
		derCtx(6, derInt(25)), derCtx(9, derGeneral(k.Realm)), derCtx(10, principal(2, service)), derCtx(12, derOctets(data))))
	return framed(request), framed(reply)
}

// Ticket is an AS exchange with proof: the user's ticket-granting ticket.
func (k Kerberos) Ticket(at time.Time) (request, reply []byte) {
	service := []string{"krbtgt", k.Realm}
	proof := derSeq(derCtx(1, derInt(2)), derCtx(2, derOctets(encrypted(k.R, AES256, 56))))
	pac := derSeq(derCtx(1, derInt(128)), derCtx(2, derOctets(derSeq(derCtx(0, tlv(0x01, []byte{0xff}))))))
	request = tlv(0x6a, derSeq(derCtx(1, derInt(5)), derCtx(2, derInt(10)), derCtx(3, derSeq(proof, pac)), k.body([]string{k.User}, service, at, AES256, 17, RC4)))
	reply = k.grant(0x6b, 11, service, AES256)
	return framed(request), framed(reply)
}

// Access is a TGS exchange: a ticket for one service, such as cifs/host.
func (k Kerberos) Access(at time.Time, etype int64, service ...string) (request, reply []byte) {
	tgt := derSeq(derCtx(1, derInt(1)), derCtx(2, derOctets(apRequest(k.R, k.Realm, []string{"krbtgt", k.Realm}))))
	request = tlv(0x6c, derSeq(derCtx(1, derInt(5)), derCtx(2, derInt(12)), derCtx(3, derSeq(tgt)), k.body(nil, service, at, AES256, 17, RC4)))
	return framed(request), framed(k.grant(0x6d, 13, service, etype))
}

func (k Kerberos) grant(tag byte, kind int64, service []string, etype int64) []byte {
	return tlv(tag, derSeq(derCtx(0, derInt(5)), derCtx(1, derInt(kind)), derCtx(3, derGeneral(k.Realm)), derCtx(4, principal(1, []string{k.User})),
		derCtx(5, ticket(k.R, k.Realm, service, etype)), derCtx(6, encrypted(k.R, etype, 320))))
}

func framed(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}
