package ssl

import (
	"fmt"
	"strings"

	"longwatch/internal/cert"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/tlshello"
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
	rec      *Record // nil until something was understood
	logged   bool
	datagram bool // DTLS
	traits   []string
	flipped  bool // the responder is the client
	unclear  bool // flipped more than once
	unread   bool // Zeek would not have read it, or not to here

	version uint16            // of the server hello; 0 before it
	cipher  string            // the server's choice, by name
	id      [sessionLen]byte  // that the client offers to resume
	offered bool              // id is set
	ticket  bool              // the client sent a ticket and no id
	psk     bool              // the client offered a pre-shared key
	keySent bool              // the client sent a key exchange
	leaf    *cert.Certificate // the server's own, nil when it could not be read
}

// carrier is what JA4 calls the transport. Where TLS's stream parser is asked to
// read what came in datagrams, they were QUIC's.
func (s *session) carrier(c *proto.Conn) byte {
	switch {
	case s.datagram:
		return 'd'
	case c.Transport == proto.UDP:
		return 'q'
	}
	return 't'
}

// beyond tells whether a row would be one that Zeek does not write.
func (s *session) beyond(c *proto.Conn) bool {
	_, unseen := c.Arranged.(proto.Unseen)
	return unseen || s.unread || c.Partial || s.carrier(c) == 'q'
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
	s.rec.NotZeeks = s.beyond(c)
	if s.leaf != nil && s.rec.ServerName != "" {
		s.rec.SNIMatches = record.Some(s.leaf.MatchesHost(s.rec.ServerName))
	}
	c.Emit(s.rec)
}

// is13 tells whether TLS 1.3 or a draft of it was agreed upon.
func (s *session) is13() bool { return s.version == tlshello.TLS13 || tlshello.IsDraft13(s.version) }

// classic tells whether a version before TLS 1.3 was agreed upon. People use
// odd numbers for their own TLS 1.3, so that everything else counts as such.
func (s *session) classic() bool {
	return s.version == tlshello.SSL2 || s.version >= tlshello.SSL3 && s.version <= tlshello.TLS12
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

func (s *session) clientHello(c *proto.Conn, b []byte) error {
	h, bad, ok := tlshello.ParseClient(b, s.datagram)
	if bad > 0 {
		c.Weird("ssl_malformed_extension", fmt.Sprint(bad))
	}
	if h.HasExtensions || ok {
		r := s.open(c)
		if h.ServerName != nil {
			r.ServerName = string(h.ServerName)
		}
		s.ticket = s.ticket || h.HasTicket
		s.psk = s.psk || h.HasPSK
	}
	if !ok {
		return fmt.Errorf("%w: client hello", errShort)
	}
	if id := padded(h.Session); id != [sessionLen]byte{} {
		s.id, s.offered, s.ticket = id, true, false
	}
	if r := s.open(c); r.JA4 == "" {
		r.JA3, r.JA4 = h.JA3(), h.JA4(s.carrier(c))
	}
	if !tlshello.Known(h.Version) {
		return fmt.Errorf("%w: %#04x in the client hello", errVersion, h.Version)
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
	h, ok := tlshello.ParseServer(b)
	if h.Random == nil {
		return false, fmt.Errorf("%w: server hello", errShort)
	}
	r := s.open(c)
	if s.version == 0 {
		s.version = h.Version
		if h.Selected != 0 {
			s.version = h.Selected
		}
	}
	if h.Selected != 0 {
		r.Version = versionName(h.Selected)
	}
	if h.HasGroup {
		r.Curve = groupName(h.Group)
	}
	if len(h.Protocol) > 0 {
		r.NextProtocol = string(h.Protocol)
	}
	if h.HasPSK && s.psk {
		r.Resumed = true
	}
	if !ok {
		return false, fmt.Errorf("%w: server hello", errShort)
	}
	if !tlshello.Known(h.Version) {
		return false, fmt.Errorf("%w: %#04x in the server hello", errVersion, h.Version)
	}
	if r.Version == "" {
		r.Version = versionName(h.Version)
	}
	if !strings.ContainsAny(r.History, "cC") {
		c.Confirm() // the client was not captured
	}
	r.Cipher = cipherName(uint32(h.Cipher))
	r.JA3S = h.JA3S()
	s.cipher = r.Cipher
	if s.offered && s.id == padded(h.Session) && !s.is13() {
		r.Resumed = true
	}
	return h.Retry(), nil
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
	x := crt.Record(c.Head().Head, i == 0, client)
	x.NotZeeks = s.beyond(c)
	c.Emit(x)
}
