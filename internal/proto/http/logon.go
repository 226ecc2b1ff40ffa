package http

import (
	"bytes"
	"encoding/base64"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/spnego"
)

// maxLogons bounds the security tokens of a connection that are looked at: some
// clients send one with every request.
const maxLogons = 16

// schemes are the registered ones of RFC 9110 section 16.4, and NTLM. Others
// may be anything, and are not kept.
var schemes = map[string]bool{
	"basic": true, "bearer": true, "digest": true, "dpop": true, "gnap": true, "hoba": true, "kerberos": true, "mutual": true,
	"negotiate": true, "ntlm": true, "oauth": true, "privatetoken": true, "scram-sha-1": true, "scram-sha-256": true,
	"vapid": true, "aws4-hmac-sha256": true,
}

// logon looks at what a request authorises itself with, or at a server's
// challenge: tokens of NTLM and Negotiate (RFC 4559, MS-NTHT) go to spnego.
// Zeek does not read them, so what comes of them stays out of its formats.
func (h *half) logon(value []byte) {
	scheme, rest, _ := bytes.Cut(value, []byte(" "))
	if len(scheme) > maxName {
		return
	}
	name := strings.ToLower(string(scheme))
	if h.d == proto.Orig && schemes[name] {
		h.x.rec.AuthScheme = name
	}
	if name != "ntlm" && name != "negotiate" && name != "kerberos" {
		return
	}
	token, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(rest)))
	if err != nil || len(token) == 0 || h.p.logons == maxLogons {
		return
	}
	h.p.logons++
	if h.d == proto.Orig {
		h.x.authorized = true
	} else {
		h.x.challenged = true
	}
	if h.p.auth == nil {
		h.p.auth = spnego.NewAside(h.p.c, false)
	}
	h.p.auth.Token(h.d, token)
}

// loggedOn says how a logon ended: a refusal with a token in it goes on.
func (p *parser) loggedOn(x *exchange) {
	refused := x.rec.StatusCode.V == 401 || x.rec.StatusCode.V == 407
	if p.auth != nil && x.authorized && (!refused || !x.challenged) {
		p.auth.Done(!refused)
	}
}

// management recognises WS-Management, with which WinRM works: SOAP to /wsman,
// or the encrypted multiparts of MS-WSMV section 2.2.9.1.
func management(r *Request, kind string) {
	kind = strings.ToLower(kind)
	sealed := strings.HasPrefix(kind, "multipart/") && strings.Contains(kind, "session-encrypted")
	soap := strings.HasPrefix(kind, "application/soap+xml") && strings.HasPrefix(strings.ToLower(r.URI), "/wsman")
	if sealed || soap {
		addTrait(r, TraitManagement)
	}
	if sealed {
		addTrait(r, TraitSealed)
	}
}
