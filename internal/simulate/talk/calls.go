package talk

import (
	"strconv"
	"strings"

	"longwatch/internal/simulate/chance"
)

// Call is one remote procedure call: request and reply arguments in NDR.
type Call struct {
	Opnum          uint16
	Request, Reply []byte
}

// Opaque is a call over a sealed binding, of which only sizes can be seen.
func Opaque(opnum uint16, request, reply int) Call {
	return Call{opnum, make([]byte, request), make([]byte, reply)}
}

// Handle is a context handle.
type Handle [20]byte

// NewHandle draws a handle.
func NewHandle(r *chance.Rand) Handle {
	var h Handle
	r.Fill(h[4:])
	return h
}

// ndr builds arguments in network data representation, C706 chapter 14.
type ndr struct {
	b   []byte
	ref uint32
}

func (n *ndr) u32(v ...uint32) *ndr    { n.align(4); n.b = le32(n.b, v...); return n }
func (n *ndr) handle(h Handle) *ndr    { n.align(4); n.b = append(n.b, h[:]...); return n }
func (n *ndr) raw(b []byte) *ndr       { n.b = append(n.b, b...); return n }
func (n *ndr) pointer() *ndr           { n.ref += 4; return n.u32(0x00020000 + n.ref - 4) }
func (n *ndr) unique(s string) *ndr    { return n.pointer().text(s) }
func (n *ndr) align(to int)            { n.b = append(n.b, make([]byte, (to-len(n.b)%to)%to)...) }
func (n *ndr) status(code uint32) *ndr { return n.u32(code) }

// text is a conformant varying string with its terminator.
func (n *ndr) text(s string) *ndr {
	u := append(utf16le(s), 0, 0)
	c := uint32(len(u) / 2)
	return n.u32(c, 0, c).raw(u)
}

// counted is an RPC_UNICODE_STRING with its buffer; end counts the terminator.
func (n *ndr) counted(s string, end bool) *ndr {
	u := utf16le(s)
	if end {
		u = append(u, 0, 0)
	}
	n.align(4)
	n.b = le16(n.b, uint16(len(u)), uint16(len(u)))
	c := uint32(len(u) / 2)
	return n.pointer().u32(c, 0, c).raw(u)
}

func okHandle(h Handle) []byte { return new(ndr).handle(h).status(0).b }

// OpenSCManager is svcctl 15.
func OpenSCManager(machine string, h Handle) Call {
	return Call{15, new(ndr).unique(machine).u32(0).u32(0xf003f).b, okHandle(h)}
}

// OpenService is svcctl 16.
func OpenService(manager Handle, name string, h Handle) Call {
	return Call{16, new(ndr).handle(manager).text(name).u32(0xf01ff).b, okHandle(h)}
}

// CreateService is svcctl 12: an own-process service started on demand.
func CreateService(manager Handle, name, display, path string, h Handle) Call {
	n := new(ndr).handle(manager).text(name)
	n.unique(display).u32(0xf01ff, 0x10, 3, 1).text(path)
	return Call{12, n.u32(0, 0, 0, 0, 0, 0, 0).b, new(ndr).u32(0).handle(h).status(0).b}
}

// StartService is svcctl 19.
func StartService(h Handle) Call {
	return Call{19, new(ndr).handle(h).u32(0, 0).b, new(ndr).status(0).b}
}

// QueryService is svcctl 6; state 4 is running, 1 stopped.
func QueryService(h Handle, state uint32) Call {
	return Call{6, new(ndr).handle(h).b, new(ndr).u32(0x10, state, 1, 0, 0, 0, 0).status(0).b}
}

// ControlStop is svcctl 1 with SERVICE_CONTROL_STOP.
func ControlStop(h Handle) Call {
	return Call{1, new(ndr).handle(h).u32(1).b, new(ndr).u32(0x10, 3, 0, 0, 0, 1, 3000).status(0).b}
}

// DeleteService is svcctl 2.
func DeleteService(h Handle) Call {
	return Call{2, new(ndr).handle(h).b, new(ndr).status(0).b}
}

// CloseService is svcctl 0.
func CloseService(h Handle) Call { return Call{0, new(ndr).handle(h).b, okHandle(Handle{})} }

// ShareEnum is srvsvc 15 at level 1.
func ShareEnum(server string, shares []string) Call {
	request := new(ndr).unique(`\\`+server).u32(1, 1).pointer().u32(0, 0, 0xffffffff).pointer().u32(0)
	reply := new(ndr).u32(1, 1).pointer().u32(uint32(len(shares))).pointer().u32(uint32(len(shares)))
	for _, s := range shares {
		kind := uint32(0)
		if strings.HasSuffix(s, "$") {
			kind = 0x80000000
		}
		if s == "IPC$" {
			kind = 0x80000003
		}
		reply.pointer().u32(kind).pointer()
	}
	for _, s := range shares {
		reply.text(s).text("")
	}
	return Call{15, request.b, reply.u32(uint32(len(shares))).pointer().u32(0).status(0).b}
}

// OpenLocalMachine is winreg 2.
func OpenLocalMachine(h Handle) Call {
	n := new(ndr).pointer()
	n.b = le16(n.b, 0x2d4c, 0)
	return Call{2, n.u32(0x02000000).b, okHandle(h)}
}

// OpenKey is winreg 15.
func OpenKey(parent Handle, key string, h Handle) Call {
	return Call{15, new(ndr).handle(parent).counted(key, true).u32(0x4, 0x02000000).b, okHandle(h)}
}

// SaveKey is winreg 20.
func SaveKey(key Handle, file string) Call {
	return Call{20, new(ndr).handle(key).counted(file, true).u32(0).b, new(ndr).status(0).b}
}

// CloseKey is winreg 5.
func CloseKey(h Handle) Call { return Call{5, new(ndr).handle(h).b, okHandle(Handle{})} }

// SamConnect is samr 64 (SamrConnect5).
func SamConnect(server string, h Handle) Call {
	return Call{64, new(ndr).unique(`\\`+server).u32(0x30, 1, 1, 3, 0).b, new(ndr).u32(1, 1, 3, 0).handle(h).status(0).b}
}

// names is the reply of both SAM enumerations.
func names(list []string, first uint32) []byte {
	n := new(ndr).u32(uint32(len(list))).pointer().u32(uint32(len(list))).pointer().u32(uint32(len(list)))
	for i, s := range list {
		n.u32(first + uint32(i)*min(first, 1))
		u := utf16le(s)
		n.b = le16(n.b, uint16(len(u)), uint16(len(u)))
		n.pointer()
	}
	for _, s := range list {
		c := uint32(len(utf16le(s)) / 2)
		n.u32(c, 0, c).raw(utf16le(s))
	}
	return n.u32(uint32(len(list))).status(0).b
}

// SamEnumDomains is samr 6.
func SamEnumDomains(h Handle, domains ...string) Call {
	return Call{6, new(ndr).handle(h).u32(0, 8192).b, names(domains, 0)}
}

// SamLookupDomain is samr 5.
func SamLookupDomain(h Handle, domain, sid string) Call {
	reply := new(ndr).pointer()
	binary := binarySID(sid)
	return Call{5, new(ndr).handle(h).counted(domain, false).b, reply.u32(uint32(binary[1])).raw(binary).status(0).b}
}

// SamOpenDomain is samr 7.
func SamOpenDomain(h Handle, sid string, domain Handle) Call {
	binary := binarySID(sid)
	return Call{7, new(ndr).handle(h).u32(0x304, uint32(binary[1])).raw(binary).b, okHandle(domain)}
}

// SamEnumUsers is samr 13.
func SamEnumUsers(domain Handle, users []string) Call {
	return Call{13, new(ndr).handle(domain).u32(0, 0x10, 8192).b, names(users, 1104)}
}

// SamClose is samr 1.
func SamClose(h Handle) Call { return Call{1, new(ndr).handle(h).b, okHandle(Handle{})} }

func binarySID(s string) []byte {
	parts := strings.Split(s, "-")
	if len(parts) < 4 {
		parts = []string{"S", "1", "5", "32"}
	}
	b := []byte{1, byte(len(parts) - 3), 0, 0, 0, 0, 0, 5}
	for _, p := range parts[3:] {
		v, _ := strconv.ParseUint(p, 10, 32)
		b = le32(b, uint32(v))
	}
	return b
}

// EptMap is the end-point mapper's answer that an interface listens on a TCP
// port of an address (epm 3).
func EptMap(i Interface, port uint16, ip [4]byte) Call {
	tower := func(port uint16, ip [4]byte) []byte {
		floor := func(lhs, rhs []byte) []byte {
			return append(le16(append(le16(nil, uint16(len(lhs))), lhs...), uint16(len(rhs))), rhs...)
		}
		b := le16(nil, 5)
		b = append(b, floor(append([]byte{0x0d}, le16(guid(i.UUID), i.Major)...), le16(nil, i.Minor))...)
		b = append(b, floor(append([]byte{0x0d}, le16(guid(ndr32.UUID), 2)...), le16(nil, 0))...)
		b = append(b, floor([]byte{0x0b}, le16(nil, 0))...)
		b = append(b, floor([]byte{0x07}, []byte{byte(port >> 8), byte(port)})...)
		return append(b, floor([]byte{0x09}, ip[:])...)
	}
	ask, tell := tower(135, [4]byte{}), tower(port, ip)
	request := new(ndr).u32(1).raw(make([]byte, 16)).u32(2, uint32(len(ask)), uint32(len(ask))).raw(ask)
	request.align(4)
	request.handle(Handle{}).u32(4)
	reply := new(ndr).handle(Handle{}).u32(1, 4, 0, 1, 3, uint32(len(tell)), uint32(len(tell))).raw(tell)
	return Call{3, request.b, reply.status(0).b}
}
