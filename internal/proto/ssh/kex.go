package ssh

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

// The messages that are read (RFC 4253 section 12 and, from 30 on, the key
// exchange's own).
const (
	msgKexInit   = 20
	msgNewKeys   = 21
	msgReply     = 31 // KEXDH_REPLY, KEX_ECDH_REPLY
	msgReplyLate = 33 // KEX_DH_GEX_REPLY, KEXGSS_HOSTKEY
)

const (
	// maxAlgorithms bounds the names of one list that are compared.
	maxAlgorithms = 100
	// zeekFingerprint is how much of a host key's fingerprint Zeek 8 logs.
	zeekFingerprint = 32
)

// An offer is what one side proposes in its KEXINIT; empty when not seen. The
// lists are comma-separated, best first.
type offer struct {
	seen    bool
	kex     string
	hostKey string
	cipher  [2]string // client to server, server to client
	mac     [2]string
	comp    [2]string
}

// kexKind is the family of the key exchange, by where the host key is.
type kexKind uint8

const (
	kexUnknown kexKind = iota
	kexReply           // in message 31
	kexLate            // in message 33
	kexHidden          // nowhere in the clear
)

func kindOf(alg string) kexKind {
	switch {
	case alg == "":
		return kexUnknown
	case strings.HasPrefix(alg, "diffie-hellman-group-exchange-"), strings.HasPrefix(alg, "gss-"):
		return kexLate
	case strings.HasPrefix(alg, "rsa"):
		return kexHidden
	}
	return kexReply
}

// message reads one packet of the key exchange.
func (p *parser) message(d proto.Dir, kind uint8, b []byte) {
	switch kind {
	case msgKexInit:
		p.kexInit(d, b)
	case msgNewKeys:
		p.stage[d] = stageEncrypted
		p.c.Confirm()
	case msgReply:
		if p.kex == kexReply && d == proto.Resp {
			p.hostKey(b)
		}
	case msgReplyLate:
		if p.kex == kexLate && d == proto.Resp {
			p.hostKey(b)
		}
	}
}

// kexInit reads KEXINIT (RFC 4253 section 7.1); the first of each side counts.
func (p *parser) kexInit(d proto.Dir, b []byte) {
	o := &p.offers[d]
	if o.seen {
		return
	}
	c := wire.At(b)
	c.Skip(16) // cookie
	for _, list := range []*string{
		&o.kex, &o.hostKey, &o.cipher[0], &o.cipher[1], &o.mac[0], &o.mac[1], &o.comp[0], &o.comp[1],
	} {
		*list = string(c.Take(int(c.U32())))
	}
	if !c.OK() {
		*o = offer{}
		p.c.Weird("ssh_malformed_kexinit", "")
		return
	}
	o.seen = true
	r := p.open()
	if d == proto.Orig {
		r.HASSH = o.hassh(0)
	} else {
		r.HASSHServer = o.hassh(1)
	}
	p.negotiate()
}

// hassh is the HASSH of one direction's algorithms
// (https://github.com/salesforce/hassh).
func (o *offer) hassh(way int) string {
	sum := md5.Sum([]byte(strings.Join([]string{o.kex, o.cipher[way], o.mac[way], o.comp[way]}, ";")))
	return hex.EncodeToString(sum[:])
}

// negotiate finds the algorithms that both sides know, by the client's
// preference.
func (p *parser) negotiate() {
	client, server := &p.offers[proto.Orig], &p.offers[proto.Resp]
	if !client.seen || !server.seen {
		return
	}
	r := p.rec
	r.Cipher = chooseBoth(client.cipher, server.cipher)
	r.MAC = chooseBoth(client.mac, server.mac)
	r.Compression = chooseBoth(client.comp, server.comp)
	r.KeyExchange = orFailed(choose(client.kex, server.kex))
	r.HostKeyAlg = orFailed(choose(client.hostKey, server.hostKey))
	p.kex = kindOf(choose(client.kex, server.kex))
}

func choose(client, server string) string {
	n := 0
	for want := range strings.SplitSeq(client, ",") {
		if n++; n > maxAlgorithms {
			break
		}
		m := 0
		for have := range strings.SplitSeq(server, ",") {
			if m++; m > maxAlgorithms {
				break
			}
			if want == have {
				return want
			}
		}
	}
	return ""
}

func orFailed(alg string) string {
	if alg == "" {
		return "Algorithm negotiation failed"
	}
	return alg
}

func chooseBoth(client, server [2]string) string {
	to, from := orFailed(choose(client[0], server[0])), orFailed(choose(client[1], server[1]))
	if to == from {
		return to
	}
	return "To server: " + to + ", to client: " + from
}

// hostKey takes the host key, the first string of a reply.
func (p *parser) hostKey(b []byte) {
	c := wire.At(b)
	key := c.Take(int(c.U32()))
	if !c.OK() {
		p.c.Weird("ssh_malformed_kex_reply", "")
		return
	}
	p.fingerprint(key)
}

func (p *parser) fingerprint(key ...[]byte) {
	h := sha256.New()
	for _, k := range key {
		h.Write(k)
	}
	sum := base64.RawStdEncoding.EncodeToString(h.Sum(nil))
	r := p.open()
	r.HostKeyFull = "SHA256:" + sum
	r.HostKey = "SHA256:" + sum[:zeekFingerprint]
}
