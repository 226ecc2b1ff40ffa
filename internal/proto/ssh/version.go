package ssh

import "longwatch/internal/record"

// A generation is what a version line says: the protocol that its sender
// speaks.
type generation uint8

const (
	genUnknown generation = iota
	gen1
	gen2
	genBoth // 1.99: old and new (RFC 4253 section 5.1)
)

func generationOf(line string) generation {
	switch {
	case len(line) < 5:
		return genUnknown
	case line[4] == '2':
		return gen2
	case line[4] != '1':
		return genUnknown
	case len(line) > 7 && line[6] == '9' && line[7] == '9':
		return genBoth
	}
	return gen1
}

// agree finds the version that both lines allow.
func (p *parser) agree() {
	r := p.rec
	if r.Client == "" || r.Server == "" {
		return
	}
	c, s := generationOf(r.Client), generationOf(r.Server)
	p.version = common(c, s)
	switch {
	case p.version != 0:
		r.Version = record.Some(uint64(p.version))
	case c == genUnknown || s == genUnknown:
		p.c.Weird("SSH_cannot_determine_version", r.Server+" vs "+r.Client)
	default:
		p.c.Weird("SSH_version_mismatch", r.Server+" vs "+r.Client)
	}
}

func common(a, b generation) uint8 {
	switch {
	case a == genUnknown || b == genUnknown:
		return 0
	case a == gen1 && b == gen2, a == gen2 && b == gen1:
		return 0
	case a == gen1 || b == gen1:
		return 1
	}
	return 2
}
