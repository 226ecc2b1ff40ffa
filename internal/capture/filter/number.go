package filter

import "strconv"

// numeral reads a number as C writes it.
func numeral(s string) (uint32, bool) {
	v, err := strconv.ParseUint(s, 0, 32)
	return uint32(v), err == nil && s != "" && s[0] >= '0' && s[0] <= '9'
}

// names of offsets and values that the language has.
var names = map[string]uint32{
	"tcpflags": 13, "tcp-fin": 1, "tcp-syn": 2, "tcp-rst": 4, "tcp-push": 8, "tcp-ack": 16, "tcp-urg": 32, "tcp-ece": 64, "tcp-cwr": 128,
	"icmptype": 0, "icmpcode": 1, "icmp6type": 0, "icmp6code": 1,
	"icmp-echoreply": 0, "icmp-unreach": 3, "icmp-sourcequench": 4, "icmp-redirect": 5, "icmp-echo": 8, "icmp-routeradvert": 9,
	"icmp-routersolicit": 10, "icmp-timxceed": 11, "icmp-paramprob": 12, "icmp-tstamp": 13, "icmp-tstampreply": 14,
	"icmp-ireq": 15, "icmp-ireqreply": 16, "icmp-maskreq": 17, "icmp-maskreply": 18,
	"icmp6-destinationunreach": 1, "icmp6-packettoobig": 2, "icmp6-timeexceeded": 3, "icmp6-parameterproblem": 4,
	"icmp6-echo": 128, "icmp6-echoreply": 129, "icmp6-routersolicit": 133, "icmp6-routeradvert": 134,
	"icmp6-neighborsolicit": 135, "icmp6-neighboradvert": 136, "icmp6-redirect": 137,
}

// relation reads "A op B".
func (p *parser) relation() (node, error) {
	a, err := p.sum(0)
	if err != nil {
		return nil, err
	}
	op := p.peek()
	switch op {
	case "=", "==", "!=", "<", ">", "<=", ">=":
		p.at++
	default:
		return nil, p.errorf("a comparison is missing")
	}
	b, err := p.sum(0)
	if err != nil {
		return nil, err
	}
	return relation{op, a, b}, nil
}

// levels are the operators, weakest first.
var levels = [][]string{{"|", "^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "%"}}

// sum reads operators of a level and above.
func (p *parser) sum(level int) (number, error) {
	if level == len(levels) {
		return p.factor()
	}
	a, err := p.sum(level + 1)
	for err == nil {
		op := p.peek()
		if !p.take(levels[level]...) {
			return a, nil
		}
		var b number
		if b, err = p.sum(level + 1); err == nil {
			a = binop{op, a, b}
		}
	}
	return nil, err
}

// factor is a number, a name, a load or something in parentheses.
func (p *parser) factor() (number, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.errorf("more than %d levels", maxDepth)
	}
	defer func() { p.depth-- }()
	w := p.peek()
	if v, ok := numeral(w); ok {
		p.at++
		return constant(v), nil
	}
	if v, ok := names[w]; ok {
		p.at++
		return constant(v), nil
	}
	switch {
	case p.take("len"):
		return length{}, nil
	case p.take("-"):
		n, err := p.factor()
		return binop{"-", constant(0), n}, err
	case p.take("("):
		n, err := p.sum(0)
		if err == nil && !p.take(")") {
			err = p.errorf("missing )")
		}
		return n, err
	}
	l, ok := layersByName[w]
	if !ok {
		return nil, p.errorf("a number is missing")
	}
	p.at++
	l.name = w
	if !p.take("[") {
		return nil, p.errorf("missing [")
	}
	at, err := p.sum(0)
	if err != nil {
		return nil, err
	}
	n := load{s: p.s, layer: l, at: at, size: 1}
	if p.take(":") {
		v, ok := numeral(p.next())
		if !ok || v != 1 && v != 2 && v != 4 {
			return nil, p.errorf("a load is of 1, 2 or 4 bytes")
		}
		n.size = int(v)
	}
	if !p.take("]") {
		return nil, p.errorf("missing ]")
	}
	return n, nil
}

// portNames are the services that people write by name. A name stands for the
// number, on any transport.
var portNames = map[string]uint16{
	"ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "bootps": 67, "bootpc": 68, "tftp": 69,
	"http": 80, "kerberos": 88, "pop3": 110, "sunrpc": 111, "ntp": 123, "epmap": 135, "netbios-ns": 137, "netbios-dgm": 138,
	"netbios-ssn": 139, "imap": 143, "imap2": 143, "snmp": 161, "snmp-trap": 162, "bgp": 179, "ldap": 389, "https": 443, "microsoft-ds": 445,
	"syslog": 514, "ldaps": 636, "imaps": 993, "pop3s": 995, "ms-sql-s": 1433, "mysql": 3306, "postgresql": 5432,
	"sip": 5060, "radius": 1812, "radius-acct": 1813, "rdp": 3389, "ms-wbt-server": 3389, "modbus": 502,
}

func portNumber(s string) (uint16, bool) {
	if n, ok := portNames[s]; ok {
		return n, true
	}
	v, ok := numeral(s)
	return uint16(v), ok && v < 1<<16
}
