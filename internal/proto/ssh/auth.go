package ssh

import (
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// What the sizes of encrypted packets tell: SERVICE_ACCEPT is 16 bytes longer
// on the wire than USERAUTH_SUCCESS, whatever cipher and MAC are in use.
const (
	acceptMinusSuccess = 16
	// bannerMargin is how much longer than SERVICE_ACCEPT an answer has to be
	// to count as a banner rather than a refusal.
	bannerMargin = 256
)

// A segment is encrypted bytes of one direction that came with one packet. The
// inference needs the packets' sizes; the engine may hand one over in parts.
type segment struct {
	dir proto.Dir
	at  record.Time
	ref record.Ref
	n   int
}

// login is the state of the inference.
type login struct {
	client  bool // the client has sent something encrypted
	accept  int  // size of SERVICE_ACCEPT
	failure int  // size of USERAUTH_FAILURE
	banner  bool // a banner was passed over
}

// encrypted takes n encrypted bytes.
func (p *parser) encrypted(d proto.Dir, n int) {
	at, ref := p.c.Now(), p.c.Engine.Ref()
	if p.seg.n > 0 && (p.seg.dir != d || p.seg.at != at || p.seg.ref != ref) {
		p.judge()
		if p.done {
			return
		}
	}
	p.seg = segment{dir: d, at: at, ref: ref, n: p.seg.n + n}
}

// judge looks at the segment that is now known to be whole.
func (p *parser) judge() {
	s := p.seg
	p.seg.n = 0
	if s.n == 0 || p.done || p.version != 2 {
		return
	}
	if s.dir == proto.Orig {
		p.login.client = true
		return
	}
	l := &p.login
	switch {
	case !l.client: // extension info before the login
	case l.accept == 0:
		l.accept = s.n
	case s.n == l.failure:
		p.attempt(false)
	case s.n+acceptMinusSuccess == l.accept:
		p.attempt(true)
	case l.failure != 0: // rounds of some other method
	case !l.banner && s.n-l.accept > bannerMargin:
		l.banner = true
	default:
		l.failure = s.n
	}
}

// attempt notes an answered login. Compression, where it was agreed upon,
// makes sizes meaningless.
func (p *parser) attempt(success bool) {
	r := p.open()
	if r.Compression != "zlib" && r.Compression != "zlib@openssh.com" {
		r.AuthSuccess = record.Some(success)
		r.Attempts++
	}
	if success {
		p.finish()
	}
}
