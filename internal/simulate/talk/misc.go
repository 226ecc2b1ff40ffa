package talk

import (
	"encoding/binary"
	"strings"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/packet"
)

// StartSSH writes banners, key exchange and new keys (RFC 4253, RFC 8731).
// What follows is random.
func StartSSH(k *packet.Conn, r *chance.Rand, client, server string) {
	kex := func(extra string) []byte {
		b := append([]byte{20}, r.Bytes(16)...)
		for _, list := range []string{
			"curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,diffie-hellman-group14-sha256" + extra,
			"ssh-ed25519,rsa-sha2-512,rsa-sha2-256",
			"chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr,aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr,aes128-gcm@openssh.com",
			"umac-64-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-256", "umac-64-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-256",
			"none,zlib@openssh.com", "none,zlib@openssh.com", "", "",
		} {
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(list))), list...)
		}
		return sshPacket(r, append(b, 0, 0, 0, 0, 0))
	}
	k.Send(packet.Client, []byte(client+"\r\n"))
	k.Send(packet.Server, []byte(server+"\r\n"))
	k.Send(packet.Client, kex(",ext-info-c"))
	k.Send(packet.Server, kex(""))
	k.Send(packet.Client, sshPacket(r, append([]byte{30}, sshString(r.Bytes(32))...)))
	host := append(sshString([]byte("ssh-ed25519")), sshString(r.Bytes(32))...)
	signature := append(sshString([]byte("ssh-ed25519")), sshString(r.Bytes(64))...)
	reply := append(append(append([]byte{31}, sshString(host)...), sshString(r.Bytes(32))...), sshString(signature)...)
	k.Send(packet.Server, append(sshPacket(r, reply), sshPacket(r, []byte{21})...))
	k.Send(packet.Client, sshPacket(r, []byte{21}))
	for _, n := range []int{44, 60, 84, 52, 148, 36} { // service, user authentication
		k.Send(packet.Client, r.Bytes(n))
		k.Send(packet.Server, r.Bytes(n-8))
	}
}

func sshPacket(r *chance.Rand, payload []byte) []byte {
	pad := 8 - (5+len(payload))%8
	if pad < 4 {
		pad += 8
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(1+len(payload)+pad))
	return append(append(append(b, byte(pad)), payload...), r.Bytes(pad)...)
}

func sshString(s []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(s))), s...)
}

// StartRDP writes the X.224 negotiation of TLS security with the user's
// cookie, MS-RDPBCGR 2.2.1.1; a TLS handshake follows.
func StartRDP(k *packet.Conn, user string) {
	cookie := "Cookie: mstshash=" + user + "\r\n"
	body := append([]byte{0xe0, 0, 0, 0, 0, 0}, cookie...)
	body = append(body, 1, 0, 8, 0, 3, 0, 0, 0)
	k.Send(packet.Client, tpkt(body))
	k.Send(packet.Server, tpkt([]byte{0xd0, 0, 0, 0x12, 0x34, 0, 2, 0x1f, 8, 0, 2, 0, 0, 0}))
}

func tpkt(body []byte) []byte {
	n := len(body) + 5
	return append([]byte{3, 0, byte(n >> 8), byte(n), byte(len(body))}, body...)
}

// NTP is a client request and a server reply (RFC 5905).
func NTP(r *chance.Rand, at time.Time) (request, reply []byte) {
	stamp := func(t time.Time) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(t.Unix()+2208988800))
		return binary.BigEndian.AppendUint32(b, uint32(uint64(t.Nanosecond())<<32/1e9))
	}
	request = make([]byte, 48)
	copy(request, []byte{0xe3, 3, 10, 0xe9, 0, 0, 0x0a, 0x20, 0, 0, 0x0b, 0x80})
	r.Fill(request[12:16])
	copy(request[16:], stamp(at.Add(-17*time.Minute)))
	copy(request[40:], stamp(at))
	reply = make([]byte, 48)
	copy(reply, []byte{0x24, 2, 10, 0xe9, 0, 0, 0x01, 0x20, 0, 0, 0x02, 0x80})
	r.Fill(reply[12:16])
	copy(reply[16:], stamp(at.Add(-3*time.Minute)))
	copy(reply[24:], request[40:])
	copy(reply[32:], stamp(at.Add(8*time.Millisecond)))
	copy(reply[40:], stamp(at.Add(8100*time.Microsecond)))
	return request, reply
}

// ReadRegisters is a Modbus/TCP poll of holding registers and its answer.
func ReadRegisters(r *chance.Rand, transaction uint16, unit byte, first, count uint16) (request, reply []byte) {
	request = modbus(transaction, unit, []byte{3, byte(first >> 8), byte(first), byte(count >> 8), byte(count)})
	values := []byte{3, byte(2 * count)}
	for range count {
		values = binary.BigEndian.AppendUint16(values, uint16(r.Between(180, 4095)))
	}
	return request, modbus(transaction, unit, values)
}

// WriteRegister is a Modbus/TCP write of one register, which is echoed.
func WriteRegister(transaction uint16, unit byte, register, value uint16) (request, reply []byte) {
	m := modbus(transaction, unit, []byte{6, byte(register >> 8), byte(register), byte(value >> 8), byte(value)})
	return m, m
}

// ReadDeviceID is Modbus/TCP function 43/14 and its answer.
func ReadDeviceID(transaction uint16, unit byte, vendor, product, revision string) (request, reply []byte) {
	request = modbus(transaction, unit, []byte{43, 14, 1, 0})
	b := []byte{43, 14, 1, 1, 0, 0, 3}
	for i, s := range []string{vendor, product, revision} {
		b = append(append(b, byte(i), byte(len(s))), s...)
	}
	return request, modbus(transaction, unit, b)
}

func modbus(transaction uint16, unit byte, pdu []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, transaction)
	b = append(b, 0, 0, 0, byte(len(pdu)+1), unit)
	return append(b, pdu...)
}

// Discover is an SSDP search, as browsers and desktops send.
func Discover() []byte {
	return []byte(strings.Join([]string{"M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", `MAN: "ssdp:discover"`, "MX: 1",
		"ST: urn:dial-multiscreen-org:service:dial:1", "USER-AGENT: Microsoft Edge/134.0.3124.51 Windows", "", ""}, "\r\n"))
}
