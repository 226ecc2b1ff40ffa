package talk

import (
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/packet"
)

// TLSServer is the other end: what it selects and shows.
type TLSServer struct {
	TLS13 bool
	Chain [][]byte // DER, leaf first; sent in clear only below TLS 1.3
	ALPN  string
}

// TLS is an established session over a connection.
type TLS struct {
	k *packet.Conn
	r *chance.Rand
}

// StartTLS writes a full handshake. Version and cipher are the best both ends
// have; everything after the hellos of TLS 1.3 is random.
func StartTLS(k *packet.Conn, r *chance.Rand, a Agent, name string, s TLSServer) *TLS {
	k.Send(packet.Client, a.ClientHello(r, name))
	t := &TLS{k, r}
	modern := a.TLS13 && s.TLS13
	hello := append([]byte{3, 3}, r.Bytes(32)...)
	if modern {
		hello = append(append(hello, 32), r.Bytes(32)...)
		hello = append(hello, 0x13, byte(1+r.IntN(2)), 0)
		hello = vector16(hello, append(append([]byte{0, 51, 0, 36, 0, 0x1d, 0, 32}, r.Bytes(32)...), 0, 43, 0, 2, 3, 4))
		flight := tlsRecord(22, 0x0303, handshake(2, hello))
		flight = append(flight, 20, 3, 3, 0, 1, 1)
		flight = append(flight, t.sealed(r.Between(60, 120))...)
		flight = append(flight, t.sealed(r.Between(2200, 4200))...)
		flight = append(flight, t.sealed(r.Between(280, 300))...)
		flight = append(flight, t.sealed(69)...)
		k.Send(packet.Server, flight)
		k.Send(packet.Client, append([]byte{20, 3, 3, 0, 1, 1}, t.sealed(69)...))
		return t
	}
	hello = append(append(hello, 32), r.Bytes(32)...)
	suite := []byte{0xc0, 0x2f}
	if a.Name == "schannel" {
		suite = []byte{0xc0, 0x30}
	}
	hello = append(append(hello, suite...), 0)
	ext := []byte{0xff, 0x01, 0, 1, 0}
	for _, id := range a.Extensions {
		switch {
		case id == 23:
			ext = append(ext, 0, 23, 0, 0)
		case id == 16 && s.ALPN != "" && len(a.ALPN) > 0:
			ext = append(ext, 0, 16)
			ext = vector16(ext, vector16(nil, append([]byte{byte(len(s.ALPN))}, s.ALPN...)))
		}
	}
	hello = vector16(hello, ext)
	var list []byte
	for _, der := range s.Chain {
		list = append(append(list, byte(len(der)>>16), byte(len(der)>>8), byte(len(der))), der...)
	}
	certs := append([]byte{byte(len(list) >> 16), byte(len(list) >> 8), byte(len(list))}, list...)
	exchange := append(append([]byte{3, 0, 0x17, 65, 4}, r.Bytes(64)...), 0x08, 0x04)
	exchange = vector16(exchange, r.Bytes(256))
	flight := tlsRecord(22, 0x0303, handshake(2, hello))
	flight = append(flight, tlsRecord(22, 0x0303, handshake(11, certs))...)
	flight = append(flight, tlsRecord(22, 0x0303, handshake(12, exchange))...)
	flight = append(flight, tlsRecord(22, 0x0303, handshake(14, nil))...)
	k.Send(packet.Server, flight)
	k.Wait(r.Duration(time.Millisecond, 4*time.Millisecond))
	reply := tlsRecord(22, 0x0303, handshake(16, append([]byte{65, 4}, r.Bytes(64)...)))
	reply = append(reply, 20, 3, 3, 0, 1, 1)
	k.Send(packet.Client, append(reply, tlsRecord(22, 0x0303, r.Bytes(40))...))
	k.Send(packet.Server, append([]byte{20, 3, 3, 0, 1, 1}, tlsRecord(22, 0x0303, r.Bytes(40))...))
	return t
}

// Resume stands for a session whose handshake was not captured.
func Resume(k *packet.Conn, r *chance.Rand) *TLS { return &TLS{k, r} }

func (t *TLS) sealed(n int) []byte { return tlsRecord(23, 0x0303, t.r.Bytes(n+22)) }

// Send writes n bytes of protected application data.
func (t *TLS) Send(who, n int) {
	var b []byte
	for n > 0 {
		piece := min(n, 16384-64)
		b = append(b, t.sealed(piece)...)
		n -= piece
	}
	t.k.Send(who, b)
}

// Exchange is one request and its answer.
func (t *TLS) Exchange(up, down int, think time.Duration) {
	t.Send(packet.Client, up)
	t.k.Wait(think)
	t.Send(packet.Server, down)
}

// Close sends the alert and ends the connection.
func (t *TLS) Close(who int) {
	t.k.Send(who, tlsRecord(21, 0x0303, t.r.Bytes(26)))
	t.k.Close(who)
}
