package pop3

import "longwatch/internal/sasl"

// credential takes from a line of an authentication exchange who it is for. The
// rest is forgotten.
func (p *parser) credential(line []byte) {
	p.step++
	if who := sasl.Identity(p.auth, p.step, line); who != "" {
		p.open().User = who
	}
}
