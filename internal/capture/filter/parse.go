package filter

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxText bounds an expression, maxDepth its parentheses.
	maxText  = 64 << 10
	maxDepth = 100
)

// parser reads an expression from left to right.
type parser struct {
	words []word
	at    int
	depth int
	s     shift // headers that the primitives so far have passed over
	last  qualifiers
}

// qualifiers are what stands in front of an address or a port; a bare one that
// follows "or" or "and" takes those before it.
type qualifiers struct {
	proto string // "", ip, ip6, arp, rarp, ether, tcp, udp, sctp ...
	dir   direction
	kind  string // host, net, port, portrange, proto, gateway
	set   bool
}

// Parse compiles an expression. An empty one fits every frame.
func Parse(text string) (*Filter, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("filter: expression of %d bytes, at most %d are read", len(text), maxText)
	}
	words, err := split(text)
	if err != nil {
		return nil, err
	}
	p := &parser{words: words}
	if len(words) == 0 {
		return &Filter{root: all{}, text: text}, nil
	}
	n, err := p.expression()
	if err != nil {
		return nil, err
	}
	if p.at < len(words) {
		return nil, p.errorf("unexpected %q", p.peek())
	}
	return &Filter{root: n, text: text}, nil
}

// word is a token and its place.
type word struct {
	text string
	at   int
}

// split cuts an expression into words and signs.
func split(text string) ([]word, error) {
	var out []word
	offsets := 0 // brackets open: a colon in them stands between offset and size
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case isWord(c):
			n := i + 1
			for n < len(text) && (isWord(text[n]) || text[n] == '-' && wordAfter(text, n) || offsets == 0 && text[n] == ':' && inAddress(text[i:n])) {
				n++
			}
			out = append(out, word{text[i:n], i})
			i = n
		default:
			n := 1
			if i+1 < len(text) && slices.Contains(signs, text[i:i+2]) {
				n = 2
			} else if !strings.ContainsRune("()!&|+-*/%^<>=[]:,", rune(c)) {
				return nil, fmt.Errorf("filter: %q at position %d is not part of the language", string(c), i+1)
			}
			switch c {
			case '[':
				offsets++
			case ']':
				offsets = max(offsets-1, 0)
			}
			out = append(out, word{text[i : i+n], i})
			i += n
		}
	}
	return out, nil
}

var signs = []string{"&&", "||", "<=", ">=", "!=", "==", "<<", ">>"}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '\\'
}

// wordAfter tells whether a dash joins two words, as in tcp-syn, rather than
// subtracting: a letter stands on both sides, or it is a range of ports.
func wordAfter(text string, i int) bool {
	return i+1 < len(text) && isWord(text[i-1]) && isWord(text[i+1])
}

// inAddress tells whether a colon goes on with an address of hexadecimal digits
// (MAC or IPv6) rather than standing between offset and size.
func inAddress(sofar string) bool {
	for _, c := range []byte(sofar) {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F', c == ':', c == '.':
		default:
			return false
		}
	}
	return true
}

func (p *parser) peek() string {
	if p.at < len(p.words) {
		return p.words[p.at].text
	}
	return ""
}

func (p *parser) next() string {
	w := p.peek()
	p.at++
	return w
}

// take consumes the next word when it is one of want.
func (p *parser) take(want ...string) bool {
	if p.at < len(p.words) && slices.Contains(want, p.peek()) {
		p.at++
		return true
	}
	return false
}

func (p *parser) errorf(format string, args ...any) error {
	at := "at the end"
	if p.at < len(p.words) {
		at = fmt.Sprintf("at position %d", p.words[p.at].at+1)
	}
	return fmt.Errorf("filter: %s %s", fmt.Sprintf(format, args...), at)
}

// expression is terms joined by "and" and "or", which bind alike.
func (p *parser) expression() (node, error) {
	n, err := p.term()
	for err == nil {
		switch {
		case p.take("and", "&&"):
			var m node
			if m, err = p.term(); err == nil {
				n = and{n, m}
			}
		case p.take("or", "||"):
			var m node
			if m, err = p.term(); err == nil {
				n = or{n, m}
			}
		default:
			return n, nil
		}
	}
	return nil, err
}

func (p *parser) term() (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.errorf("more than %d levels", maxDepth)
	}
	defer func() { p.depth-- }()
	if p.take("not", "!") {
		n, err := p.term()
		return not{n}, err
	}
	if p.arithmetic() {
		before := p.at
		n, err := p.relation()
		if err == nil || p.words[before].text != "(" {
			return n, err
		}
		p.at = before // the parentheses are around primitives, not around numbers
	}
	if !p.take("(") {
		return p.primitive()
	}
	n, err := p.expression()
	if err == nil && !p.take(")") {
		err = p.errorf("missing )")
	}
	return n, err
}

// arithmetic tells whether a comparison follows: a number, "len", or a layer
// with an offset, before anything that only a primitive has.
func (p *parser) arithmetic() bool {
	i := p.at
	for i < len(p.words) && p.words[i].text == "(" {
		i++
	}
	if i >= len(p.words) {
		return false
	}
	w := p.words[i].text
	after := ""
	if i+1 < len(p.words) {
		after = p.words[i+1].text
	}
	if _, isLayer := layersByName[w]; isLayer && after == "[" || w == "len" || w == "-" {
		return true
	}
	if _, isNumber := numeral(w); !isNumber {
		return false
	}
	return slices.Contains([]string{"<", ">", "<=", ">=", "=", "==", "!=", "+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"}, after)
}

// bare turns "host A or B" into "host A or host B".
func (p *parser) bare() (node, error) {
	if !p.last.set {
		return nil, p.errorf("%q is not a primitive", p.peek())
	}
	return p.identify(p.last)
}

var protoNames = map[string]bool{
	"ether": true, "ip": true, "ip6": true, "arp": true, "rarp": true, "tcp": true, "udp": true, "sctp": true,
	"icmp": true, "icmp6": true, "igmp": true, "pim": true, "vrrp": true, "ah": true, "esp": true, "link": true,
}

var kindNames = map[string]bool{"host": true, "net": true, "port": true, "portrange": true, "proto": true, "gateway": true}

// primitive is one question to a packet.
func (p *parser) primitive() (node, error) {
	w := p.peek()
	switch w {
	case "":
		return nil, p.errorf("something is missing")
	case "less", "greater":
		p.at++
		v, ok := numeral(p.next())
		if !ok {
			return nil, p.errorf("%s wants a length", w)
		}
		if w == "less" {
			return relation{"<=", length{}, constant(v)}, nil
		}
		return relation{">=", length{}, constant(v)}, nil
	case "vlan", "mpls", "pppoes", "pppoed":
		p.at++
		return p.encapsulation(w)
	case "broadcast", "multicast":
		p.at++
		return cast{multi: w == "multicast"}, nil
	case "inbound", "outbound", "ifname", "on", "reason", "action", "ruleset", "gateway", "protochain", "geneve", "vxlan", "wlan", "type", "subtype", "dir", "iso", "atm", "decnet":
		return nil, p.errorf("%q is not supported", w)
	}
	q := qualifiers{}
	switch {
	case protoNames[w]:
		p.at++
		q.proto, q.set = w, true
		if p.take("broadcast") {
			return cast{s: p.s, of: castFamily(w)}, nil
		}
		if p.take("multicast") {
			return cast{s: p.s, of: castFamily(w), multi: true}, nil
		}
	}
	if d, ok := p.direction(); ok {
		q.dir, q.set = d, true
	}
	if kindNames[p.peek()] {
		q.kind, q.set = p.next(), true
	}
	if !q.set {
		return p.bare()
	}
	if q.kind == "" && q.dir == either && q.proto != "" && !p.identifier() {
		return p.protocol(q.proto)
	}
	p.last = q
	return p.identify(q)
}

func castFamily(proto string) family {
	switch proto {
	case "ip":
		return ipv4
	case "ip6":
		return ipv6
	}
	return anyFamily
}

// direction reads "src", "dst", "src or dst", "src and dst".
func (p *parser) direction() (direction, bool) {
	word := func(i int) string {
		if p.at+i < len(p.words) {
			return p.words[p.at+i].text
		}
		return ""
	}
	a, b := word(0), word(2)
	if a != "src" && a != "dst" {
		return either, false
	}
	if (b == "src" || b == "dst") && a != b {
		switch word(1) {
		case "or", "||":
			p.at += 3
			return either, true
		case "and", "&&":
			p.at += 3
			return both, true
		}
	}
	p.at++
	if a == "src" {
		return src, true
	}
	return dst, true
}

// identifier tells whether an address, a network or a port follows.
func (p *parser) identifier() bool {
	w := p.peek()
	return w != "" && isWord(w[0]) && !slices.Contains([]string{"and", "or", "not"}, w)
}

// encapsulation is a primitive that passes over headers: what follows it is
// asked of what lies behind them.
func (p *parser) encapsulation(name string) (node, error) {
	id := -1
	if v, ok := numeral(p.peek()); ok {
		p.at++
		id = int(v)
	}
	s := p.s
	switch name {
	case "vlan":
		p.s.vlans++
		return vlan{s, id}, nil
	case "mpls":
		p.s.labels++
		return mpls{s, id}, nil
	case "pppoes":
		p.s.pppoe = true
		return pppoe{s, etherPPP, id}, nil
	}
	return pppoe{s, etherPPPD, id}, nil
}

// protocol is the bare name of a protocol.
func (p *parser) protocol(name string) (node, error) {
	switch name {
	case "ip":
		return etherType{p.s, etherIP}, nil
	case "ip6":
		return etherType{p.s, etherIPv6}, nil
	case "arp":
		return etherType{p.s, etherARP}, nil
	case "rarp":
		return etherType{p.s, etherRARP}, nil
	case "ether", "link":
		return all{}, nil
	}
	n, ok := protocolNumber(name)
	if !ok {
		return nil, p.errorf("protocol %q is not known", name)
	}
	f := anyFamily
	switch name {
	case "icmp", "igmp", "vrrp":
		f = ipv4
	case "icmp6":
		f = ipv6
	}
	return ipProto{p.s, f, n}, nil
}

var protocolNumbers = map[string]byte{
	"icmp": 1, "igmp": 2, "tcp": 6, "igrp": 9, "udp": 17, "gre": 47, "esp": 50, "ah": 51, "icmp6": 58, "ipv6-icmp": 58,
	"ospf": 89, "pim": 103, "vrrp": 112, "sctp": 132,
}

func protocolNumber(name string) (byte, bool) {
	name = strings.TrimPrefix(name, `\`)
	if n, ok := protocolNumbers[name]; ok {
		return n, true
	}
	v, ok := numeral(name)
	return byte(v), ok && v < 256
}

// identify reads the value that qualifiers ask for.
func (p *parser) identify(q qualifiers) (node, error) {
	if p.peek() == "(" { // "port (80 or 443)"
		p.at++
		p.last = q
		n, err := p.expression()
		if err != nil {
			return nil, err
		}
		if !p.take(")") {
			return nil, p.errorf("missing )")
		}
		return n, nil
	}
	if !p.identifier() {
		return nil, p.errorf("an address, a network or a port is missing")
	}
	switch q.kind {
	case "port", "portrange":
		return p.port(q)
	case "proto":
		return p.proto(q)
	case "net":
		return p.net(q)
	case "gateway":
		return nil, p.errorf("gateway is not supported: it needs names looked up")
	}
	return p.host(q)
}

var familyNames = map[string]family{"": anyFamily, "ip": ipv4, "ip6": ipv6, "arp": arp, "rarp": rarp}

func (p *parser) host(q qualifiers) (node, error) {
	w := p.next()
	if q.proto == "ether" || q.proto == "link" || q.proto == "" && strings.Count(w, ":") == 5 && len(w) <= 17 && !strings.Contains(w, "::") {
		mac, err := net.ParseMAC(w)
		if err != nil || len(mac) != 6 {
			p.at--
			return nil, p.errorf("%q is not a hardware address", w)
		}
		return hardware{dir: q.dir, mac: [6]byte(mac)}, nil
	}
	f, ok := familyNames[q.proto]
	if !ok {
		p.at--
		return nil, p.errorf("%q makes no sense after %s", w, q.proto)
	}
	a, err := netip.ParseAddr(w)
	if err != nil {
		if strings.Contains(w, ".") || p.peek() == "/" {
			p.at--
			return p.net(q)
		}
		p.at--
		return nil, p.errorf("%q is not an address (names are not looked up)", w)
	}
	if p.peek() == "/" {
		p.at--
		return p.net(q)
	}
	return network{p.s, f, q.dir, netip.PrefixFrom(a, a.BitLen())}, nil
}

// net is "net A/N", "net A mask M" and the short form "net 192.168".
func (p *parser) net(q qualifiers) (node, error) {
	f, ok := familyNames[q.proto]
	if !ok {
		return nil, p.errorf("%s net makes no sense", q.proto)
	}
	w := p.next()
	a, err := netip.ParseAddr(w)
	bits := 0
	if err == nil {
		bits = a.BitLen()
	} else {
		parts := strings.Split(w, ".")
		if len(parts) > 4 {
			return nil, p.errorf("%q is not a network", w)
		}
		bits = 8 * len(parts)
		var b [4]byte
		for i, s := range parts {
			v, err := strconv.ParseUint(s, 10, 8)
			if err != nil {
				p.at--
				return nil, p.errorf("%q is not a network (names are not looked up)", w)
			}
			b[i] = byte(v)
		}
		a = netip.AddrFrom4(b)
	}
	switch {
	case p.take("/"):
		v, ok := numeral(p.next())
		if !ok || int(v) > a.BitLen() {
			return nil, p.errorf("the length of the network is wrong")
		}
		bits = int(v)
	case p.take("mask"):
		m, err := netip.ParseAddr(p.next())
		if err != nil || !m.Is4() || !a.Is4() {
			return nil, p.errorf("the mask is not one of IPv4")
		}
		ones, size := net.IPMask(m.AsSlice()).Size()
		if size == 0 {
			return nil, p.errorf("a mask with holes is not supported")
		}
		bits = ones
	}
	prefix := netip.PrefixFrom(a, bits)
	if prefix.Masked() != prefix {
		return nil, p.errorf("%v has bits beyond its mask: did you mean %v", prefix, prefix.Masked())
	}
	return network{p.s, f, q.dir, prefix}, nil
}

func (p *parser) port(q qualifiers) (node, error) {
	n := ports{s: p.s, dir: q.dir, protos: []byte{6, 17, 132}}
	switch q.proto {
	case "":
	case "ip":
		n.family = ipv4
	case "ip6":
		n.family = ipv6
	case "tcp", "udp", "sctp":
		n.protos = []byte{protocolNumbers[q.proto]}
	default:
		return nil, p.errorf("%s has no ports", q.proto)
	}
	w := p.next()
	var ok bool
	if n.low, ok = portNumber(w); ok {
		n.top = n.low
		if q.kind == "portrange" && p.take("-") {
			n.top, ok = portNumber(p.next())
		}
		if ok {
			return n, nil
		}
	}
	if low, top, isRange := strings.Cut(w, "-"); isRange && q.kind == "portrange" {
		var okLow, okTop bool
		n.low, okLow = portNumber(low)
		n.top, okTop = portNumber(top)
		if okLow && okTop {
			n.low, n.top = min(n.low, n.top), max(n.low, n.top)
			return n, nil
		}
	}
	p.at--
	return nil, p.errorf("%q is not a port", w)
}

// proto is "proto N" behind ip, ip6 or ether.
func (p *parser) proto(q qualifiers) (node, error) {
	w := strings.TrimPrefix(p.next(), `\`)
	if q.proto == "ether" || q.proto == "link" {
		if v, ok := numeral(w); ok && v < 1<<16 {
			return etherType{p.s, uint16(v)}, nil
		}
		if protoNames[w] && w != "ether" {
			return p.protocol(w)
		}
		p.at--
		return nil, p.errorf("%q is not an EtherType", w)
	}
	v, ok := protocolNumber(w)
	if !ok {
		if q.proto == "" && (w == "ip" || w == "ip6" || w == "arp" || w == "rarp") {
			return p.protocol(w)
		}
		p.at--
		return nil, p.errorf("protocol %q is not known", w)
	}
	f, ok := familyNames[q.proto]
	if !ok {
		return nil, p.errorf("%s proto makes no sense", q.proto)
	}
	return ipProto{p.s, f, v}, nil
}
