package share

import (
	"bufio"
	"cmp"
	"fmt"
	"hash/fnv"
	"io"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"longwatch/internal/stix"
)

// Zeek writes an intelligence file of Zeek
// (https://docs.zeek.org/en/master/frameworks/intel.html).
func Zeek(w io.Writer, p *Parcel) error {
	b := bufio.NewWriter(w)
	_, _ = b.WriteString("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.do_notice\n")
	for i := range p.Items {
		it := &p.Items[i]
		value, typ := it.Value, ""
		switch it.Kind {
		case "address":
			typ = "Intel::ADDR"
		case "subnet":
			typ = "Intel::SUBNET"
		case "user":
			typ = "Intel::USER_NAME"
		case "public_key":
			typ = "Intel::PUBKEY_HASH"
		case "software":
			typ = "Intel::SOFTWARE"
		case "domain":
			typ = "Intel::DOMAIN"
		case "url": // without the scheme
			typ = "Intel::URL"
			_, value, _ = strings.Cut(value, "://")
		case "email":
			typ = "Intel::EMAIL"
		case "file":
			typ = "Intel::FILE_NAME"
		case "hash":
			typ = "Intel::FILE_HASH"
		case "certificate":
			typ = "Intel::CERT_HASH"
		case "user_agent":
			typ = "Intel::SOFTWARE"
		}
		if typ == "" || it.Own || strings.ContainsRune(value, '\t') {
			continue
		}
		_, _ = fmt.Fprintf(b, "%s\t%s\t%s\t%s\tT\n", value, typ, oneLine(it.source()), cmp.Or(oneLine(strings.Join(it.Titles, "; ")), "-"))
	}
	return b.Flush()
}

// source is who says so.
func (it *Item) source() string { return cmp.Or(it.Source, "longwatch") }

// oneLine is text without what ends a line or parts columns.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// sid numbers a rule of Suricata: the same value has the same number always,
// within 1,000,000 to 1,999,999, which are for local rules.
func sid(taken map[uint32]bool, key string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	n := 1_000_000 + h.Sum32()%1_000_000
	for taken[n] {
		n = 1_000_000 + (n+1-1_000_000)%1_000_000
	}
	taken[n] = true
	return n
}

// Suricata writes rules for Suricata 6 and later.
func Suricata(w io.Writer, p *Parcel) error {
	b := bufio.NewWriter(w)
	_, _ = fmt.Fprintf(b, "# Longwatch, TLP:%s. Alerts only; nothing is blocked.\n", strings.ToUpper(p.Marking.String()))
	taken := map[uint32]bool{}
	for i := range p.Items {
		it := &p.Items[i]
		if it.Own {
			continue
		}
		for _, r := range suricataRules(it) {
			_, _ = fmt.Fprintf(b, "alert %s (msg:\"LONGWATCH %s\"; %s metadata:confidence %d; sid:%d; rev:1;)\n",
				r.head, suricataText(strings.Join(it.Titles, ", ")), r.match, it.Confidence, sid(taken, r.head+r.match))
		}
	}
	return b.Flush()
}

type suricataRule struct{ head, match string }

// suricataText is a message without the signs that have a meaning in rules.
func suricataText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || strings.ContainsRune(`";:\`, r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > 120 {
		s = s[:120]
	}
	return s
}

// content writes bytes as a content keyword; all but letters, digits and a few
// signs in hexadecimal.
func content(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if letterOrDigit(c) || strings.IndexByte("./-_", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "|%02X|", c)
		}
	}
	return `content:"` + b.String() + `";`
}

func letterOrDigit(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func suricataRules(it *Item) []suricataRule {
	switch it.Kind {
	case "address", "subnet":
		return []suricataRule{{fmt.Sprintf("ip any any <> [%s] any", it.Value), "threshold:type limit, track by_src, count 1, seconds 3600;"}}
	case "domain":
		return []suricataRule{
			{"dns any any -> any any", "dns.query; " + "dotprefix; " + content("."+it.Value) + " nocase; endswith;"},
			{"tls any any -> any any", "tls.sni; " + "dotprefix; " + content("."+it.Value) + " nocase; endswith;"},
			{"http any any -> any any", "http.host; " + "dotprefix; " + content("."+strings.ToLower(it.Value)) + " endswith;"},
		}
	case "url":
		u, err := url.Parse(it.Value)
		if err != nil || u.Scheme == "https" || len(u.EscapedPath()) < 2 {
			return nil
		}
		return []suricataRule{{"http any any -> any any", "http.host; " + content(strings.ToLower(u.Hostname())) + " http.uri; " + content(u.Path) + " startswith;"}}
	case "user_agent":
		return []suricataRule{{"http any any -> any any", "http.user_agent; " + content(it.Value) + " startswith; endswith;"}}
	case "ja3":
		return []suricataRule{{"tls any any -> any any", "ja3.hash; " + content(strings.ToLower(it.Value))}}
	case "ja3s":
		return []suricataRule{{"tls any any -> any any", "ja3s.hash; " + content(strings.ToLower(it.Value))}}
	case "certificate":
		if stix.HashName(it.Value) == "SHA-1" {
			return []suricataRule{{"tls any any -> any any", "tls.cert_fingerprint; " + content(colons(it.Value))}}
		}
	}
	return nil
}

// colons parts a digest in bytes: aa:bb:cc.
func colons(digest string) string {
	var parts []string
	for i := 0; i+1 < len(digest); i += 2 {
		parts = append(parts, digest[i:i+2])
	}
	return strings.ToLower(strings.Join(parts, ":"))
}

// RPZ writes a zone of response policy (draft-vixie-dnsop-dns-rpz): the names
// and all below them do not exist.
func RPZ(w io.Writer, p *Parcel) error {
	b := bufio.NewWriter(w)
	at := time.Unix(0, 0)
	if p.Span.End != 0 {
		at = p.Span.End.Std()
	}
	_, _ = fmt.Fprintf(b, "; Longwatch, TLP:%s. Load it as a response policy zone.\n$TTL 300\n@ IN SOA localhost. root.localhost. %d 3600 600 86400 300\n  IN NS localhost.\n",
		strings.ToUpper(p.Marking.String()), at.UTC().Unix()&0x7fffffff)
	for i := range p.Items {
		it := &p.Items[i]
		switch name := strings.ToLower(it.Value); {
		case it.Own:
		case it.Kind == "domain" && ascii(name) && len(name) < 230 && !strings.Contains(name, ".."):
			_, _ = fmt.Fprintf(b, "%s CNAME .\n*.%s CNAME .\n", name, name)
		case it.Kind == "address":
			if a, err := netip.ParseAddr(it.Value); err == nil {
				_, _ = fmt.Fprintf(b, "%s CNAME .\n", rpzIP(netip.PrefixFrom(a, a.BitLen())))
			}
		case it.Kind == "subnet":
			if p, err := netip.ParsePrefix(it.Value); err == nil {
				_, _ = fmt.Fprintf(b, "%s CNAME .\n", rpzIP(p.Masked()))
			}
		}
	}
	return b.Flush()
}

// rpzIP is the name that stands for a network: its length and its parts
// backwards, with zz for the zeros that :: leaves out
// (draft-vixie-dnsop-dns-rpz, section 4.1.1).
func rpzIP(p netip.Prefix) string {
	sign, text := ":", strings.Trim(strings.Replace(p.Addr().String(), "::", ":zz:", 1), ":")
	if p.Addr().Is4() {
		sign = "."
	}
	parts := strings.Split(text, sign)
	slices.Reverse(parts)
	return fmt.Sprintf("%d.%s.rpz-ip", p.Bits(), strings.Join(parts, "."))
}

func ascii(s string) bool {
	for i := range len(s) {
		if !letterOrDigit(s[i]) && strings.IndexByte(".-_", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// NFTables writes sets for nftables; rules that use them are the user's own.
func NFTables(w io.Writer, p *Parcel) error {
	var v4, v6 []string
	nets := false
	for i := range p.Items {
		if it := &p.Items[i]; (it.Kind == "address" || it.Kind == "subnet") && !it.Own {
			nets = nets || it.Kind == "subnet"
			if strings.Contains(it.Value, ":") {
				v6 = append(v6, it.Value)
			} else {
				v4 = append(v4, it.Value)
			}
		}
	}
	b := bufio.NewWriter(w)
	_, _ = fmt.Fprintf(b, `# Longwatch, TLP:%s. Sets only: nothing is blocked until a rule of yours says so, such as
#   nft add rule inet filter forward ip daddr @longwatch4 counter log prefix "longwatch " drop
table inet longwatch {
`, strings.ToUpper(p.Marking.String()))
	for _, s := range []struct {
		name, typ string
		list      []string
	}{{"longwatch4", "ipv4_addr", v4}, {"longwatch6", "ipv6_addr", v6}} {
		_, _ = fmt.Fprintf(b, "\tset %s {\n\t\ttype %s\n", s.name, s.typ)
		if nets {
			_, _ = b.WriteString("\t\tflags interval\n\t\tauto-merge\n")
		}
		if len(s.list) > 0 {
			_, _ = fmt.Fprintf(b, "\t\telements = { %s }\n", strings.Join(s.list, ",\n\t\t\t"))
		}
		_, _ = b.WriteString("\t}\n")
	}
	_, _ = b.WriteString("}\n")
	return b.Flush()
}
