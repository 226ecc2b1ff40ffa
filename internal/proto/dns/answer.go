package dns

import (
	"net/netip"
	"strconv"
	"strings"

	"longwatch/internal/wire"
)

// rr is one resource record of a message.
type rr struct {
	owner string
	typ   uint16
	class uint16
	ttl   uint32
	off   int // of the data within the message
	data  []byte
}

// target reads a name within the record's data, which may point elsewhere in
// the message.
func (r *rr) target(msg []byte, skip int) string {
	if skip > len(r.data) {
		return ""
	}
	var scratch [maxName]byte
	name, _, ok := readName(msg, r.off+skip, scratch[:])
	if !ok {
		return ""
	}
	return string(name)
}

// text is the record's data as Zeek writes it in answers; "" leaves it out.
func (r *rr) text(msg []byte) string {
	c := wire.At(r.data)
	switch r.typ {
	case 1: // A
		if len(r.data) == 4 {
			return netip.AddrFrom4([4]byte(r.data)).String()
		}
	case 28: // AAAA
		if len(r.data) == 16 {
			return netip.AddrFrom16([16]byte(r.data)).String()
		}
	case 38: // A6, RFC 2874, with the whole address in it
		if len(r.data) == 17 && r.data[0] == 0 {
			return netip.AddrFrom16([16]byte(r.data[1:])).String()
		}
	case 2, 5, 12, 39: // NS, CNAME, PTR, DNAME
		return r.target(msg, 0)
	case 6: // SOA: the primary server
		return r.target(msg, 0)
	case 15: // MX
		return r.target(msg, 2)
	case 33: // SRV; in NetBIOS the same number is NBSTAT
		return r.target(msg, 6)
	case 16, 99:
		return strings.Join(texts(&c, typeNames[r.typ]), " ")
	case 13:
		cpu, os := text(&c), text(&c)
		return "HINFO " + cpu + " " + os
	case 35: // NAPTR, RFC 3403
		order, pref := c.U16(), c.U16()
		flags, service, regex := text(&c), text(&c), text(&c)
		out := []string{"NAPTR", strconv.Itoa(int(order)), strconv.Itoa(int(pref))}
		for _, s := range []string{flags, service, regex, r.target(msg, c.Off())} {
			if s != "" {
				out = append(out, s)
			}
		}
		return strings.Join(out, " ")
	case 257: // CAA, RFC 8659
		flags := c.U8()
		tag := text(&c)
		return "CAA " + strconv.Itoa(int(flags)) + " " + tag + " " + string(c.Rest())
	case 44: // SSHFP, RFC 4255
		alg, kind := c.U8(), c.U8()
		return "SSHFP " + strconv.Itoa(int(alg)) + " " + strconv.Itoa(int(kind)) + " " + hexText(c.Rest())
	case 46: // RRSIG, RFC 4034 section 3
		covered := c.U16()
		signer := r.target(msg, 18)
		if signer == "" {
			signer = "<Root>"
		}
		return "RRSIG " + strconv.Itoa(int(covered)) + " " + signer
	case 48: // DNSKEY: its algorithm
		c.Skip(3)
		return "DNSKEY " + strconv.Itoa(int(c.U8()))
	case 43: // DS
		c.Skip(2)
		alg, digest := c.U8(), c.U8()
		return "DS " + strconv.Itoa(int(alg)) + " " + strconv.Itoa(int(digest))
	case 47:
		return "NSEC " + orRoot(r.owner) + " " + orRoot(r.target(msg, 0))
	case 50:
		return "NSEC3"
	case 51:
		return "NSEC3PARAM"
	case 29, 64, 65, 41, 32: // LOC, SVCB, HTTPS, OPT, NB: not written
		return ""
	case 11, 10, 14, 17, 18: // old types Zeek has no words for
	}
	return "<unknown type=" + strconv.Itoa(int(r.typ)) + ">"
}

func orRoot(s string) string {
	if s == "" {
		return "<Root>"
	}
	return s
}

// text reads one character-string (RFC 1035 section 3.3).
func text(c *wire.Cursor) string {
	n := int(c.U8())
	return string(c.Take(n))
}

// maxTexts bounds the strings of one TXT record.
const maxTexts = 256

// texts reads all character-strings, each as "TXT length text".
func texts(c *wire.Cursor, name string) []string {
	var out []string
	for c.Len() > 0 && len(out) < maxTexts {
		s := text(c)
		if !c.OK() {
			break
		}
		out = append(out, name+" "+strconv.Itoa(len(s))+" "+s)
	}
	return out
}

const hexDigits = "0123456789abcdef"

func hexText(b []byte) string {
	out := make([]byte, 0, 2*len(b))
	for _, x := range b {
		out = append(out, hexDigits[x>>4], hexDigits[x&15])
	}
	return string(out)
}
