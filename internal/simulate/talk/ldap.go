package talk

import (
	"encoding/binary"
	"strings"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/packet"
)

// StartLDAP is how a member opens its directory session: a search of the root
// entry in clear, a SASL bind with Kerberos, and sealed messages after.
func StartLDAP(k *packet.Conn, r *chance.Rand, realm, server string, searches int) {
	message := func(id int64, op []byte) []byte { return derSeq(derInt(id), op) }
	flag := tlv(0x01, []byte{0})
	attributes := derSeq(derOctets([]byte("subschemaSubentry")), derOctets([]byte("defaultNamingContext")), derOctets([]byte("supportedSASLMechanisms")))
	k.Send(packet.Client, message(1, tlv(0x63, derOctets(nil), tlv(0x0a, []byte{0}), tlv(0x0a, []byte{0}), derInt(0), derInt(120), flag, tlv(0x87, []byte("objectClass")), attributes)))
	var parts []string
	for label := range strings.SplitSeq(strings.ToLower(realm), ".") {
		parts = append(parts, "DC="+label)
	}
	context := strings.Join(parts, ",")
	attribute := func(name string, values ...string) []byte {
		var list [][]byte
		for _, v := range values {
			list = append(list, derOctets([]byte(v)))
		}
		return derSeq(derOctets([]byte(name)), derSet(list...))
	}
	entry := tlv(0x64, derOctets(nil), derSeq(attribute("subschemaSubentry", "CN=Aggregate,CN=Schema,CN=Configuration,"+context), attribute("defaultNamingContext", context), attribute("supportedSASLMechanisms", "GSSAPI", "GSS-SPNEGO", "EXTERNAL", "DIGEST-MD5")))
	done := func(tag byte, more ...[]byte) []byte {
		return tlv(tag, append([][]byte{tlv(0x0a, []byte{0}), derOctets(nil), derOctets(nil)}, more...)...)
	}
	k.Send(packet.Server, append(message(1, entry), message(1, done(0x65))...))
	ap := tlv(0x60, derOID(oidKerberos...), []byte{1, 0}, apRequest(r, realm, []string{"ldap", server, strings.ToLower(realm)}))
	k.Send(packet.Client, message(2, tlv(0x60, derInt(3), derOctets(nil), tlv(0xa3, derOctets([]byte("GSS-SPNEGO")), derOctets(negInit(ap, oidMSKerb, oidKerberos, oidNTLM))))))
	reply := negResp(0, oidMSKerb, tlv(0x60, derOID(oidKerberos...), []byte{2, 0}, apReply(r)))
	k.Send(packet.Server, message(2, done(0x61, tlv(0x87, reply))))
	sealed := func(n int) []byte {
		token := append([]byte{5, 4, 6, 0xff, 0, 0, 0, 28}, r.Bytes(max(n, 120))...) // RFC 4121, 4.2.6.2
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(token))), token...)
	}
	for range searches {
		k.Send(packet.Client, sealed(r.Between(200, 420)))
		k.Send(packet.Server, sealed(r.Size(700, 4000)))
	}
	k.Send(packet.Client, sealed(80))
	k.Close(packet.Client)
}
