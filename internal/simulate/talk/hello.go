package talk

import (
	"encoding/binary"

	"longwatch/internal/simulate/chance"
)

// Agent is a TLS client: what its hello looks like.
type Agent struct {
	Name       string
	Ciphers    []uint16
	Groups     []uint16
	Signatures []uint16
	Extensions []uint16 // in order; see extensionBody for what each holds
	ALPN       []string
	Grease     bool // Chromium: random reserved values, shuffled extensions
	TLS13      bool
}

// The hellos of common clients, from their public behaviour.
var (
	Chromium = Agent{Name: "chromium", Grease: true, TLS13: true, ALPN: []string{"h2", "http/1.1"},
		Ciphers:    []uint16{0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035},
		Groups:     []uint16{0x11ec, 0x001d, 0x0017, 0x0018},
		Signatures: []uint16{0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601},
		Extensions: []uint16{0, 23, 0xff01, 10, 11, 35, 16, 5, 13, 18, 51, 45, 43, 27, 17613, 0xfe0d}}
	Firefox = Agent{Name: "firefox", TLS13: true, ALPN: []string{"h2", "http/1.1"},
		Ciphers:    []uint16{0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030, 0xc00a, 0xc009, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035},
		Groups:     []uint16{0x11ec, 0x001d, 0x0017, 0x0018, 0x0019, 0x0100, 0x0101},
		Signatures: []uint16{0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201},
		Extensions: []uint16{0, 23, 0xff01, 10, 11, 35, 16, 5, 34, 18, 51, 43, 13, 45, 28, 27, 0xfe0d}}
	Schannel = Agent{Name: "schannel", ALPN: []string{"h2", "http/1.1"},
		Ciphers:    []uint16{0xc02c, 0xc02b, 0xc030, 0xc02f, 0x009f, 0x009e, 0xc024, 0xc023, 0xc028, 0xc027, 0xc00a, 0xc009, 0xc014, 0xc013, 0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x000a},
		Groups:     []uint16{0x001d, 0x0017, 0x0018},
		Signatures: []uint16{0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0201, 0x0403, 0x0503, 0x0203, 0x0202, 0x0601, 0x0603},
		Extensions: []uint16{0, 5, 10, 11, 13, 35, 16, 23, 0xff01}}
	OpenSSL = Agent{Name: "openssl", TLS13: true,
		Ciphers:    []uint16{0x1302, 0x1303, 0x1301, 0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc02b, 0xc02f, 0x009e, 0xc024, 0xc028, 0x006b, 0xc023, 0xc027, 0x0067, 0xc00a, 0xc014, 0x0039, 0xc009, 0xc013, 0x0033, 0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x00ff},
		Groups:     []uint16{0x001d, 0x0017, 0x001e, 0x0019, 0x0018},
		Signatures: []uint16{0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601},
		Extensions: []uint16{0, 11, 10, 35, 22, 23, 13, 43, 45, 51}}
	GoClient = Agent{Name: "go", TLS13: true, ALPN: []string{"h2", "http/1.1"},
		Ciphers:    []uint16{0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009, 0xc013, 0xc00a, 0xc014, 0x1301, 0x1302, 0x1303},
		Groups:     []uint16{0x11ec, 0x001d, 0x0017, 0x0018, 0x0019},
		Signatures: []uint16{0x0804, 0x0403, 0x0807, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0503, 0x0603},
		Extensions: []uint16{0, 11, 0xff01, 23, 18, 5, 10, 13, 50, 16, 43, 51}}
	Java = Agent{Name: "java", TLS13: true,
		Ciphers:    []uint16{0x1302, 0x1301, 0x1303, 0xc02c, 0xc02b, 0xcca9, 0xc030, 0xcca8, 0xc02f, 0x009f, 0xccaa, 0x009e, 0xc024, 0xc028, 0xc023, 0xc027, 0xc00a, 0xc014, 0xc009, 0xc013, 0x00ff},
		Groups:     []uint16{0x001d, 0x0017, 0x0018, 0x0019, 0x001e, 0x0100},
		Signatures: []uint16{0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601},
		Extensions: []uint16{0, 5, 10, 11, 17, 23, 35, 13, 43, 45, 50, 51, 0xff01}}
	Legacy = Agent{Name: "legacy",
		Ciphers:    []uint16{0xc02f, 0xc030, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035, 0x000a},
		Groups:     []uint16{0x0017, 0x0018, 0x0019},
		Signatures: []uint16{0x0601, 0x0603, 0x0501, 0x0503, 0x0401, 0x0403, 0x0301, 0x0303, 0x0201, 0x0203},
		Extensions: []uint16{0, 11, 10, 13}}
)

// ClientHello encodes a TLS ClientHello handshake message in its record.
// name may be empty: no server name is sent.
func (a Agent) ClientHello(r *chance.Rand, name string) []byte {
	grease := func() uint16 { v := uint16(r.IntN(16))<<4 | 0x0a; return v<<8 | v }
	b := append([]byte{3, 3}, r.Bytes(32)...)
	if a.TLS13 {
		b = append(append(b, 32), r.Bytes(32)...)
	} else {
		b = append(b, 0)
	}
	ciphers := a.Ciphers
	groups := a.Groups
	extensions := a.Extensions
	if a.Grease {
		ciphers = append([]uint16{grease()}, ciphers...)
		groups = append([]uint16{grease()}, groups...)
		extensions = chance.Some(r, extensions, len(extensions))
		first, second := grease(), grease()
		for second == first {
			second = grease()
		}
		extensions = append(append([]uint16{first}, extensions...), second)
	}
	b = vector16(b, list16(ciphers))
	b = append(b, 1, 0)
	var ext []byte
	for _, id := range extensions {
		body, ok := a.extensionBody(r, id, name, groups)
		if !ok {
			continue
		}
		ext = binary.BigEndian.AppendUint16(ext, id)
		ext = vector16(ext, body)
	}
	b = vector16(b, ext)
	return tlsRecord(22, 0x0301, handshake(1, b))
}

func (a Agent) extensionBody(r *chance.Rand, id uint16, name string, groups []uint16) ([]byte, bool) {
	switch id {
	case 0:
		if name == "" {
			return nil, false
		}
		return vector16(nil, vector16([]byte{0}, []byte(name))), true
	case 5:
		return []byte{1, 0, 0, 0, 0}, true
	case 10:
		return vector16(nil, list16(groups)), true
	case 11:
		return []byte{1, 0}, true
	case 13, 50:
		return vector16(nil, list16(a.Signatures)), true
	case 16:
		if len(a.ALPN) == 0 {
			return nil, false
		}
		var list []byte
		for _, p := range a.ALPN {
			list = append(append(list, byte(len(p))), p...)
		}
		return vector16(nil, list), true
	case 17:
		return []byte{0, 7, 2, 0, 4, 0, 0, 0, 0}, true
	case 17613:
		return []byte{0, 3, 2, 'h', '2'}, true
	case 27:
		return []byte{2, 0, 2}, true
	case 28:
		return []byte{0x40, 0x01}, true
	case 34:
		return vector16(nil, list16([]uint16{0x0403, 0x0503, 0x0603, 0x0203})), true
	case 43:
		return []byte{4, 3, 4, 3, 3}, true
	case 45:
		return []byte{1, 1}, true
	case 51:
		return vector16(nil, vector16([]byte{0, 0x1d}, r.Bytes(32))), true
	case 0xff01:
		return []byte{0}, true
	case 0xfe0d:
		body := append([]byte{0, 0, 1, 0, 1, byte(r.IntN(256))}, vector16(nil, r.Bytes(32))...)
		return append(body, vector16(nil, r.Bytes(144+32*r.IntN(4)))...), true
	}
	return nil, true // session ticket, extended master secret, SCT, EtM, GREASE
}

func list16(v []uint16) []byte {
	var b []byte
	for _, x := range v {
		b = binary.BigEndian.AppendUint16(b, x)
	}
	return b
}

func vector16(b, v []byte) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(v))), v...)
}

func handshake(kind byte, body []byte) []byte {
	return append([]byte{kind, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
}

func tlsRecord(kind byte, version uint16, body []byte) []byte {
	return vector16(binary.BigEndian.AppendUint16([]byte{kind}, version), body)
}
