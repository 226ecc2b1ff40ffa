package ssl

import (
	"fmt"
	"strings"

	"longwatch/internal/cert"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

const (
	// maxHistory bounds ssl_history, as Zeek does.
	maxHistory = 100
	// sessionLen is the longest session identifier (RFC 5246 section 7.4.1.2).
	sessionLen = 32
)

// A session is what the handshake has shown so far, and the record made of it.
type session struct {
	rec     *Record // nil until something was understood
	logged  bool
	traits  []string
	flipped bool // the responder is the client
	unclear bool // flipped more than once

	version uint16            // of the server hello; 0 before it
	cipher  string            // the server's choice, by name
	id      [sessionLen]byte  // that the client offers to resume
	offered bool              // id is set
	ticket  bool              // the client sent a ticket and no id
	psk     bool              // the client offered a pre-shared key
	keySent bool              // the client sent a key exchange
	leaf    *cert.Certificate // the server's own, nil when it could not be read
}

// open returns the record, begun at the first call.
func (s *session) open(c *proto.Conn) *Record {
	if s.rec == nil {
		s.rec = &Record{Conn: c.Head(), Traits: s.traits}
	}
	return s.rec
}

func (s *session) finish(c *proto.Conn) {
	if s.rec == nil || s.logged {
		return
	}
	s.logged = true
	if s.leaf != nil && s.rec.ServerName != "" {
		s.rec.SNIMatches = record.Some(s.leaf.MatchesHost(s.rec.ServerName))
	}
	c.Emit(s.rec)
}

// is13 tells whether TLS 1.3 or a draft of it was agreed upon.
func (s *session) is13() bool { return s.version == tls13 || isDraft13(s.version) }

// classic tells whether a version before TLS 1.3 was agreed upon. People use
// odd numbers for their own TLS 1.3, so that everything else counts as such.
func (s *session) classic() bool {
	return s.version == ssl2 || s.version >= ssl3 && s.version <= tls12
}

func (s *session) fromClient(d proto.Dir) bool { return (d == proto.Orig) != s.flipped }

// letter adds a message to the history.
func (s *session) letter(c *proto.Conn, d proto.Dir, l byte) {
	r := s.open(c)
	if len(r.History) >= maxHistory {
		return
	}
	if s.fromClient(d) {
		l -= 'a' - 'A'
	}
	r.History += string(rune(l))
}

// expect notes that a message came from d that the client (Orig) or the server
// (Resp) sends, and turns the connection around when it has to.
func (s *session) expect(c *proto.Conn, d, from proto.Dir) {
	if (d == from) != s.flipped {
		return
	}
	s.flipped = !s.flipped
	s.open(c).History += "^"
	if !s.flipped && !s.unclear {
		s.unclear = true
		c.Weird("SSL_unclear_connection_direction", "")
	}
}

func (s *session) clientHello(c *proto.Conn, b []byte, datagram bool) error {
	h, bad, ok := parseClientHello(b, datagram)
	if bad > 0 {
		c.Weird("ssl_malformed_extension", fmt.Sprint(bad))
	}
	if h.hasExtensions || ok {
		r := s.open(c)
		if h.serverName != nil {
			r.ServerName = string(h.serverName)
		}
		s.ticket = s.ticket || h.hasTicket
		s.psk = s.psk || h.hasPSK
	}
	if !ok {
		return fmt.Errorf("%w: client hello", errShort)
	}
	if id := padded(h.session); id != [sessionLen]byte{} {
		s.id, s.offered, s.ticket = id, true, false
	}
	if r := s.open(c); r.JA4 == "" {
		carrier := byte('t')
		if datagram {
			carrier = 'd'
		}
		r.JA3, r.JA4 = h.ja3(), h.ja4(carrier)
	}
	if !knownVersion(h.version) {
		return fmt.Errorf("%w: %#04x in the client hello", errVersion, h.version)
	}
	c.Confirm()
	return nil
}

// padded is a session identifier at full length; one that is too long is none.
func padded(id []byte) (out [sessionLen]byte) {
	if len(id) <= sessionLen {
		copy(out[:], id)
	}
	return out
}

func (s *session) serverHello(c *proto.Conn, b []byte) (retry bool, err error) {
	h, ok := parseServerHello(b)
	if h.random == nil {
		return false, fmt.Errorf("%w: server hello", errShort)
	}
	r := s.open(c)
	if s.version == 0 {
		s.version = h.version
		if h.selected != 0 {
			s.version = h.selected
		}
	}
	if h.selected != 0 {
		r.Version = versionName(h.selected)
	}
	if h.hasGroup {
		r.Curve = groupName(h.group)
	}
	if len(h.protocol) > 0 {
		r.NextProtocol = string(h.protocol)
	}
	if h.hasPSK && s.psk {
		r.Resumed = true
	}
	if !ok {
		return false, fmt.Errorf("%w: server hello", errShort)
	}
	if !knownVersion(h.version) {
		return false, fmt.Errorf("%w: %#04x in the server hello", errVersion, h.version)
	}
	if r.Version == "" {
		r.Version = versionName(h.version)
	}
	r.Cipher = cipherName(uint32(h.cipher))
	r.JA3S = h.ja3s()
	s.cipher = r.Cipher
	if s.offered && s.id == padded(h.session) && !s.is13() {
		r.Resumed = true
	}
	return h.retry(), nil
}

// keyExchange finds the curve in a ServerKeyExchange message (RFC 8422
// section 5.4); only elliptic curves chosen by name have one.
func (s *session) keyExchange(c *proto.Conn, b []byte) {
	if !strings.Contains(s.cipher, "_ECDHE_") && !strings.Contains(s.cipher, "_ECDH_ANON_") {
		return
	}
	const named = 3
	m := wire.At(b)
	if kind, group := m.U8(), m.U16(); kind == named && m.OK() {
		s.open(c).Curve = groupName(group)
	}
}

// changeCipher notes a ChangeCipherSpec. A client that sent a ticket, no
// session identifier and no key resumes a session (RFC 5077 section 3.1).
func (s *session) changeCipher(c *proto.Conn, d proto.Dir) {
	s.letter(c, d, 'i')
	if s.fromClient(d) && s.ticket && !s.keySent {
		s.rec.Resumed = true
	}
}

// certificate takes the i-th certificate of a chain.
func (s *session) certificate(c *proto.Conn, d proto.Dir, der []byte, i int) {
	if len(der) == 0 {
		c.Weird("zero_length_certificate", "")
		return
	}
	r := s.open(c)
	crt, err := cert.Parse(der)
	client := s.fromClient(d)
	if client {
		r.ClientChain = append(r.ClientChain, crt.Fingerprint)
	} else {
		r.CertChain = append(r.CertChain, crt.Fingerprint)
	}
	if err != nil {
		c.Weird("x509_cert_parse_error", err.Error())
	}
	if crt.Version == 0 {
		return
	}
	if !client && len(r.CertChain) == 1 {
		s.leaf = &crt
	}
	c.Emit(crt.Record(c.Head().Head, i == 0, client))
}
