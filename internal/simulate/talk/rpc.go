package talk

import (
	"encoding/hex"
	"strings"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/packet"
)

// Interface is a DCE/RPC interface.
type Interface struct {
	UUID         string
	Major, Minor uint16
	Pipe         string // well-known pipe, for the secondary address
}

// Interfaces used in exercises; UUIDs from the MS-SCMR, MS-TSCH, MS-SRVS,
// MS-SAMR, MS-RRP, MS-DRSR, MS-DCOM, MS-WMI and C706 specifications.
var (
	SvcCtl        = Interface{"367abb81-9844-35f1-ad32-98f038001003", 2, 0, "svcctl"}
	TaskScheduler = Interface{"86d35949-83c9-4044-b424-db363231fd0c", 1, 0, "atsvc"}
	SrvSvc        = Interface{"4b324fc8-1670-01d3-1278-5a47bf6ee188", 3, 0, "srvsvc"}
	Samr          = Interface{"12345778-1234-abcd-ef00-0123456789ac", 1, 0, "samr"}
	WinReg        = Interface{"338cd001-2244-31f1-aaaa-900038001003", 1, 0, "winreg"}
	DrsUAPI       = Interface{"e3514235-4b06-11d1-ab04-00c04fc2dcd2", 4, 0, ""}
	Activator     = Interface{"000001a0-0000-0000-c000-000000000046", 0, 0, ""}
	WbemLogin     = Interface{"f309ad18-d86a-11d0-a075-00c04fb68820", 0, 0, ""}
	WbemServices  = Interface{"9556dc99-828c-11cf-a37e-00aa003240c7", 0, 0, ""}
	EventLog6     = Interface{"f6beaff7-1e19-4fbb-9f8f-b89e2018337c", 1, 0, "eventlog"}
	EndpointMap   = Interface{"e1af8308-5d1f-11c9-91a4-08002b14a0fa", 3, 0, ""}
)

var ndr32 = Interface{"8a885d04-1ceb-11c9-9fe8-08002b104860", 2, 0, ""}

// carrier moves protocol data units: a pipe or a TCP connection.
type carrier interface {
	bind(request, reply []byte)
	call(request, reply []byte)
	now() time.Time
}

func (p *Pipe) bind(request, reply []byte) { p.exchange(request, reply) }
func (p *Pipe) call(request, reply []byte) { p.transact(request, reply) }
func (p *Pipe) now() time.Time             { return p.t.m.k.Now() }

type stream struct{ k *packet.Conn }

func (s stream) now() time.Time             { return s.k.Now() }
func (s stream) bind(request, reply []byte) { s.call(request, reply) }
func (s stream) call(request, reply []byte) {
	s.k.Send(packet.Client, request)
	if reply != nil {
		s.k.Send(packet.Server, reply)
	}
}

// RPC is a bound interface.
type RPC struct {
	over   carrier
	r      *chance.Rand
	number uint32
	sealed bool
	object []byte
}

// Bind binds an interface over a pipe without RPC-level security.
func (p *Pipe) Bind(i Interface) *RPC {
	c := &RPC{over: p, r: p.t.m.r, number: 1}
	c.over.bind(c.bindPDU(i, nil), c.ackPDU(`\PIPE\`+i.Pipe, nil))
	return c
}

// BindSealed binds over a pipe with packet privacy: opnums stay readable,
// arguments do not.
func (p *Pipe) BindSealed(i Interface, a Account, s Service) *RPC {
	c := &RPC{over: p, r: p.t.m.r, number: 1, sealed: true}
	c.login(i, `\PIPE\`+i.Pipe, a, s)
	return c
}

// BindTCP binds over a TCP connection with packet privacy.
func BindTCP(k *packet.Conn, r *chance.Rand, i Interface, port string, a Account, s Service) *RPC {
	c := &RPC{over: stream{k}, r: r, number: 1, sealed: true}
	c.login(i, port, a, s)
	return c
}

// WithObject makes later calls carry an object identifier, as DCOM does.
func (c *RPC) WithObject() *RPC {
	c.object = c.r.Bytes(16)
	return c
}

func (c *RPC) login(i Interface, address string, a Account, s Service) {
	at := c.over.now()
	challenge := s.challenge(c.r, at)
	c.over.bind(c.bindPDU(i, ntlmNegotiate()), c.ackPDU(address, challenge))
	c.over.bind(pdu(16, c.number, []byte{0, 0, 0, 0}, verifier(a.authenticate(c.r, s, at))), nil)
	c.number++
}

func (c *RPC) bindPDU(i Interface, token []byte) []byte {
	b := le32(le16(nil, 4280, 4280), 0)
	b = append(b, 1, 0, 0, 0)
	b = append(le16(b, 0), 1, 0)
	b = append(append(b, i.syntax()...), ndr32.syntax()...)
	return pdu(11, c.number, b, verifier(token))
}

func (c *RPC) ackPDU(address string, token []byte) []byte {
	b := le32(le16(nil, 4280, 4280), 0x10000|c.r.Uint32()>>16)
	b = append(append(le16(b, uint16(len(address)+1)), address...), 0)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	b = append(b, 1, 0, 0, 0)
	b = append(le16(b, 0, 0), ndr32.syntax()...)
	reply := pdu(12, c.number, b, verifier(token))
	if token == nil {
		c.number++
	}
	return reply
}

// Call makes one call. For a sealed binding only the lengths of the stubs
// matter: their content is replaced by random bytes.
func (c *RPC) Call(x Call) {
	var tail []byte
	flags := byte(3)
	request, reply := x.Request, x.Reply
	if c.sealed {
		request, reply = c.r.Bytes(round(len(request), 16)), c.r.Bytes(round(len(reply), 16))
		tail = append(le32([]byte{10, 6, 0, 0}, 0), append([]byte{1, 0, 0, 0}, c.r.Bytes(12)...)...)
	}
	b := le16(le32(nil, uint32(len(request))), 0, x.Opnum)
	if c.object != nil {
		flags |= 0x80
		b = append(b, c.object...)
	}
	up := pdu(0, c.number, append(b, request...), tail)
	up[3] = flags
	b = append(le16(le32(nil, uint32(len(reply))), 0), 0, 0)
	c.over.call(up, pdu(2, c.number, append(b, reply...), tail))
	c.number++
}

func round(n, to int) int { return (n + to - 1) / to * to }

// pdu is a connection-oriented protocol data unit, C706 12.6. tail is an
// authentication verifier with its own 8-byte header, or nothing.
func pdu(kind byte, call uint32, body, tail []byte) []byte {
	auth := max(len(tail)-8, 0)
	b := []byte{5, 0, kind, 3, 0x10, 0, 0, 0}
	b = le16(b, uint16(16+len(body)+len(tail)), uint16(auth))
	return append(append(le32(b, call), body...), tail...)
}

// verifier is an NTLM token at level packet privacy.
func verifier(token []byte) []byte {
	if token == nil {
		return nil
	}
	return append(le32([]byte{10, 6, 0, 0}, 0), token...)
}

func (i Interface) syntax() []byte { return le16(guid(i.UUID), i.Major, i.Minor) }

func guid(s string) []byte {
	b, _ := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	for _, swap := range [][2]int{{0, 3}, {1, 2}, {4, 5}, {6, 7}} {
		b[swap[0]], b[swap[1]] = b[swap[1]], b[swap[0]]
	}
	return b
}
