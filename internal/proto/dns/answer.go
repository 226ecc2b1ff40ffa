package dns

import (
	"encoding/hex"
	"fmt"
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

// text is the record's data as Zeek writes it in answers. ok is false for
// types that Zeek leaves out of dns.log.
func (r *rr) text(msg []byte) (text string, ok bool) {
	c := wire.At(r.data)
	switch r.typ {
	case typeA, typeAAAA, typeA6:
		a, ok := r.address()
		return a.String(), ok
	case typeNS, typeCNAME, typePTR, typeSOA, typeMX, typeSRV:
		return r.target(msg, r.nameAt()), true
	case typeTXT, typeSPF:
		return strings.Join(texts(&c, typeNames[r.typ]), " "), true
	case typeNAPTR:
		return r.naptr(msg), true
	case typeSSHFP: // RFC 4255
		c.Skip(2)
		return "SSHFP: " + hex.EncodeToString(c.Rest()), true
	case typeLOC: // RFC 1876: size and precisions as they are encoded
		c.Skip(1)
		size, across, up := c.U8(), c.U8(), c.U8()
		return fmt.Sprintf("LOC:  %d %d %d", size, across, up), c.OK()
	case typeRRSIG: // RFC 4034 section 3
		covered := c.U16()
		signer := r.target(msg, 18)
		if signer == "" {
			signer = "<Root>"
		}
		return "RRSIG " + strconv.Itoa(int(covered)) + " " + signer, true
	case typeDNSKEY:
		c.Skip(3)
		return "DNSKEY " + strconv.Itoa(int(c.U8())), true
	case typeDS:
		c.Skip(2)
		alg, digest := c.U8(), c.U8()
		return "DS " + strconv.Itoa(int(alg)) + " " + strconv.Itoa(int(digest)), true
	case typeNSEC:
		return "NSEC " + r.owner + " " + r.target(msg, 0), true
	case typeNSEC3:
		return "NSEC3", true
	case typeNSEC3PARAM:
		return "NSEC3PARAM", true
	case typeBIND:
		return "BIND9 signing signal", true
	case typeWKS:
		return "", true
	case typeHINFO, typeNB, typeOPT, typeSVCB, typeHTTPS, typeTKEY, typeTSIG, typeCAA:
		return "", false
	}
	return "<unknown type=" + strconv.Itoa(int(r.typ)) + ">", true
}

// nameAt is where the name is in the data of types that hold one.
func (r *rr) nameAt() int {
	switch r.typ {
	case typeMX: // behind the preference
		return 2
	case typeSRV: // behind priority, weight and port
		return 6
	}
	return 0
}

// address is the address in A, AAAA and, if it is there whole, A6 (RFC 2874).
func (r *rr) address() (netip.Addr, bool) {
	switch {
	case r.typ == typeA && len(r.data) == 4:
		return netip.AddrFrom4([4]byte(r.data)), true
	case r.typ == typeAAAA && len(r.data) == 16:
		return netip.AddrFrom16([16]byte(r.data)), true
	case r.typ == typeA6 && len(r.data) == 17 && r.data[0] == 0:
		return netip.AddrFrom16([16]byte(r.data[1:])), true
	}
	return netip.Addr{}, false
}

// naptr is RFC 3403: order, preference, flags, service, regular expression
// and replacement.
func (r *rr) naptr(msg []byte) string {
	c := wire.At(r.data)
	order, pref := c.U16(), c.U16()
	flags, service, regex := text(&c), text(&c), text(&c)
	replacement := r.target(msg, c.Off())
	if regex != "" && replacement != "" {
		regex += " "
	}
	return fmt.Sprintf("NAPTR %d %d %s %s %s", order, pref, flags, service, regex+replacement)
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
