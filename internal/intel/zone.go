package intel

import (
	"bufio"
	"bytes"
	"slices"
	"strings"

	"longwatch/internal/finding"
)

// isZone tells whether text is a zone of response policy
// (draft-vixie-dnsop-dns-rpz): it has an SOA record.
func isZone(head []byte) bool {
	for line := range bytes.Lines(head) {
		words := bytes.Fields(line)
		for i, w := range words {
			if i < 4 && bytes.EqualFold(w, []byte("SOA")) {
				return true
			}
		}
	}
	return false
}

// zone reads the names and addresses that a response policy acts on. A policy
// that lets pass is refused: it is no indicator.
func (l *loader) zone(r *bufio.Reader) error {
	l.file.Format = "rpz"
	source := listName(l.file.Path)
	origin, owner := "", ""
	return l.lines(r, func(line string) {
		line, note, _ := strings.Cut(line, ";")
		words := strings.Fields(line)
		if len(words) > 0 && (line[0] == ' ' || line[0] == '\t') { // RFC 1035, section 5.1: the owner before
			words = append([]string{owner}, words...)
		} else if len(words) > 0 {
			owner = words[0]
		}
		if origin == "" && strings.HasSuffix(owner, ".") && slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, "SOA") }) {
			origin = strings.ToLower(strings.Trim(owner, "."))
		}
		if len(words) == 2 && strings.EqualFold(words[0], "$ORIGIN") {
			origin = strings.ToLower(strings.Trim(words[1], "."))
		}
		at := -1
		for i, w := range words {
			switch strings.ToUpper(w) {
			case "CNAME", "A", "AAAA":
				if i > 0 && at < 0 {
					at = i
				}
			}
		}
		if at < 0 || at+1 >= len(words) || strings.HasPrefix(words[0], "$") {
			return
		}
		name := strings.ToLower(strings.TrimSuffix(words[0], "."))
		if name == "" || name == "@" || name == origin {
			return // addresses of the zone itself
		}
		if origin != "" {
			name = strings.TrimSuffix(name, "."+origin)
		}
		ind := Indicator{Kind: Domain, Source: source, Desc: strings.TrimSpace(note), Confidence: Unrated.confidence(), Severity: finding.Medium}
		if target := strings.ToLower(words[at+1]); strings.HasPrefix(target, "rpz-passthru") {
			l.refuseRow("the policy lets " + name + " pass")
			return
		}
		name = strings.TrimPrefix(name, "*.")
		if ip, ok := zoneAddress(name); ok {
			ind.Kind, ind.Value = Subnet, ip
		} else {
			ind.Value = name
		}
		if strings.HasSuffix(name, ".rpz-nsdname") || strings.HasSuffix(name, ".rpz-nsip") || strings.HasSuffix(name, ".rpz-client-ip") {
			l.refuseRow("a policy about name servers or clients: " + name)
			return
		}
		l.row(ind)
	})
}

// zoneAddress reads 24.0.2.0.192.rpz-ip, an IPv4 network backwards, and
// 128.57.zz.1.0.db8.2001.rpz-ip.
func zoneAddress(name string) (string, bool) {
	rest, ok := strings.CutSuffix(name, ".rpz-ip")
	if !ok {
		return "", false
	}
	parts := strings.Split(rest, ".")
	length := parts[0]
	parts = parts[1:]
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	if len(parts) == 4 && !strings.Contains(rest, "zz") {
		return strings.Join(parts, ".") + "/" + length, true
	}
	addr := strings.Join(parts, ":")
	switch {
	case strings.HasPrefix(addr, "zz:"):
		addr = ":" + addr[2:]
	case strings.HasSuffix(addr, ":zz"):
		addr = addr[:len(addr)-2] + ":"
	default:
		addr = strings.Replace(addr, ":zz:", "::", 1)
	}
	return addr + "/" + length, true
}
