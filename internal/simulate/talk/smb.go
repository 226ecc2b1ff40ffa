package talk

import (
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/packet"
)

// SMB2 commands, MS-SMB2 2.2.1.2.
const (
	cmdNegotiate      = 0
	cmdSessionSetup   = 1
	cmdLogoff         = 2
	cmdTreeConnect    = 3
	cmdTreeDisconnect = 4
	cmdCreate         = 5
	cmdClose          = 6
	cmdRead           = 8
	cmdWrite          = 9
	cmdIoctl          = 11
)

const (
	statusMore         = 0xc0000016
	statusLogonFailure = 0xc000006d
	statusDenied       = 0xc0000022
	statusNotFound     = 0xc0000034
)

// SMB is one SMB2 session.
type SMB struct {
	k       *packet.Conn
	r       *chance.Rand
	session uint64
	message uint64
	tree    uint32
	trees   uint32
	signed  bool
	Failed  bool // authentication was refused
}

// StartSMB negotiates dialect 3.1.1 and sets a session up.
func StartSMB(k *packet.Conn, r *chance.Rand, a Account, s Service) *SMB {
	m := &SMB{k: k, r: r}
	m.negotiate(s)
	m.session = uint64(0x0000400000000000) | uint64(r.Uint32())<<2 | 1
	tokens := a.tokens(r, s, k.Now())
	session := m.session
	m.session = 0
	for i := 0; i < len(tokens); i += 2 {
		m.send(packet.Client, cmdSessionSetup, 0, sessionSetup(tokens[i]))
		m.session = session
		status := uint32(0)
		switch last := i+2 >= len(tokens); {
		case !last:
			status = statusMore
		case a.Fail:
			status, m.Failed = statusLogonFailure, true
		default:
			m.signed = true
		}
		if m.Failed {
			m.send(packet.Server, cmdSessionSetup, status, errorBody())
			break
		}
		m.send(packet.Server, cmdSessionSetup, status, append(le16(nil, 9, 0, 72, uint16(len(tokens[i+1]))), tokens[i+1]...))
	}
	return m
}

func sessionSetup(token []byte) []byte {
	b := le16(nil, 25)
	b = append(b, 0, 1)
	b = le32(b, 1, 0)
	b = le16(b, 88, uint16(len(token)))
	return append(le64(b, 0), token...)
}

func errorBody() []byte { return []byte{9, 0, 0, 0, 0, 0, 0, 0, 0} }

func (m *SMB) negotiate(s Service) {
	context := func(b []byte, kind uint16, data []byte) []byte {
		for len(b)%8 != 0 {
			b = append(b, 0)
		}
		return append(le32(le16(b, kind, uint16(len(data))), 0), data...)
	}
	contexts := func(picked bool) []byte {
		b := context(nil, 1, append(le16(nil, 1, 32, 1), m.r.Bytes(32)...))
		ciphers := []uint16{4, 2, 1, 4, 3}
		if picked {
			ciphers = []uint16{1, 2}
		}
		return context(b, 2, le16(nil, ciphers...))
	}
	dialects := []uint16{0x0202, 0x0210, 0x0300, 0x0302, 0x0311}
	b := le16(nil, 36, uint16(len(dialects)), 1, 0)
	b = append(le32(b, 0x7f), m.r.Bytes(16)...)
	b = le16(le32(b, 112), 2, 0)
	b = le16(b, dialects...)
	b = append(b, make([]byte, 112-64-len(b))...)
	m.send(packet.Client, cmdNegotiate, 0, append(b, contexts(false)...))

	blob := negInit(nil, oidMSKerb, oidKerberos, oidNTLM)
	b = append(le16(nil, 65, 1, 0x0311, 2), m.r.Bytes(16)...)
	b = le32(b, 0x2f, 8<<20, 8<<20, 8<<20)
	b = le64(le64(b, filetime(m.k.Now())), 0)
	b = le16(b, 128, uint16(len(blob)))
	offset := 128 + len(blob)
	pad := (8 - offset%8) % 8
	b = append(le32(b, uint32(offset+pad)), blob...)
	b = append(b, make([]byte, pad)...)
	m.send(packet.Server, cmdNegotiate, 0, append(b, contexts(true)...))
}

// send writes one message with its header. The message number moves on after
// each answer.
func (m *SMB) send(who int, command uint16, status uint32, body []byte) {
	flags := uint32(0)
	if who == packet.Server {
		flags |= 1
	}
	h := []byte{0xfe, 'S', 'M', 'B'}
	h = le16(h, 64, 1)
	h = le16(le32(h, status), command, uint16(m.r.Between(1, 33)))
	var signature [16]byte
	if m.signed {
		flags |= 8
		m.r.Fill(signature[:])
	}
	h = le32(h, flags, 0)
	h = le64(h, m.message)
	h = le32(h, 0xfeff, m.tree)
	h = le64(h, m.session)
	h = append(append(h, signature[:]...), body...)
	m.k.Send(who, append([]byte{0, byte(len(h) >> 16), byte(len(h) >> 8), byte(len(h))}, h...))
	if who == packet.Server {
		m.message++
	}
}

// Share is a connected tree.
type Share struct {
	m    *SMB
	id   uint32
	pipe bool
}

// Connect connects to \\server\share; IPC$ gives a pipe share.
func (m *SMB) Connect(server, share string) *Share {
	path := utf16le(`\\` + server + `\` + share)
	m.tree = 0
	m.send(packet.Client, cmdTreeConnect, 0, append(le16(nil, 9, 0, 72, uint16(len(path))), path...))
	m.trees += uint32(1 + 4*m.r.IntN(2))
	m.tree = m.trees
	t := &Share{m: m, id: m.trees, pipe: share == "IPC$"}
	kind, flags, access := byte(1), uint32(0x800), uint32(0x001f01ff)
	if t.pipe {
		kind, flags = 2, 0x30
		access = 0x0011f1ff
	}
	m.send(packet.Server, cmdTreeConnect, 0, le32(append(le16(nil, 16), kind, 0), flags, 0, access))
	return t
}

// Logoff ends the session and the connection.
func (m *SMB) Logoff() {
	m.tree = 0
	m.send(packet.Client, cmdLogoff, 0, le16(nil, 4, 0))
	m.send(packet.Server, cmdLogoff, 0, le16(nil, 4, 0))
	m.k.Close(packet.Client)
}

// Now is the time of the last frame.
func (m *SMB) Now() time.Time { return m.k.Now() }

// Wait lets time pass on the connection.
func (m *SMB) Wait(d time.Duration) { m.k.Wait(d) }

// Conn is the connection below.
func (m *SMB) Conn() *packet.Conn { return m.k }
