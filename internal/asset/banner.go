package asset

import (
	"strconv"
	"strings"
)

// quote puts what evidence wrote into a sentence.
func quote(s string) string { return strconv.Quote(clip(strings.TrimSpace(s))) }

func firstOf(s string, n int) string {
	if len(s) > n {
		return s[:n] + "..."
	}
	return s
}

// sshBanner reads a version line (RFC 4253, section 4.2):
// SSH-protoversion-softwareversion SP comments.
func sshBanner(line, kind string, port uint16) []Software {
	line = clip(line)
	if !strings.HasPrefix(line, "SSH-") {
		return nil
	}
	parts := strings.SplitN(line, "-", 3)
	if len(parts) < 3 {
		return nil
	}
	soft, comment, _ := strings.Cut(parts[2], " ")
	product, version := splitVersion(soft)
	surety := Sure
	switch {
	case product == "Cisco": // the version is that of its SSH, not of its system
		product = "Cisco SSH"
	case product != "" && product[0] >= '0' && product[0] <= '9': // that of the first SSH gives no name
		product, version, surety = "SSH", product, Likely
	}
	why := "SSH banner " + quote(line)
	out := []Software{{Kind: kind, Product: product, Version: version, Surety: surety, Why: why, Port: port}}
	if product == "OpenSSH_for_Windows" {
		out = append(out, Software{Kind: KindOS, Vendor: "Microsoft", Product: "Windows", Surety: Likely, Why: why})
	}
	return append(out, distribution(comment, why)...)
}

// splitVersion cuts the version off a name: what follows the last '_', '-',
// '/' or space behind which a digit stands.
func splitVersion(s string) (product, version string) {
	for i := 1; i < len(s)-1; i++ {
		if strings.IndexByte("_-/ ", s[i]) < 0 {
			continue
		}
		rest := strings.TrimPrefix(strings.TrimPrefix(s[i+1:], "release_"), "Release_")
		if rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			return strings.TrimSpace(s[:i]), rest
		}
	}
	return s, ""
}

// debianReleases are those whose packages say "+debNuM".
const debMark = "+deb"

// distribution reads the system out of the version of a package of it.
func distribution(s, why string) []Software {
	low := strings.ToLower(s)
	switch {
	case strings.Contains(low, "ubuntu"):
		os := Software{Kind: KindOS, Vendor: "Canonical", Product: "Ubuntu", Surety: Likely, Why: why}
		for _, release := range []string{"14.04", "16.04", "18.04", "20.04", "22.04", "24.04"} {
			if strings.Contains(low, "ubuntu0."+release) || strings.Contains(low, "~"+release) || strings.Contains(low, "+"+release) {
				os.Version = release
			}
		}
		return []Software{os}
	case strings.Contains(low, debMark):
		rest := low[strings.Index(low, debMark)+len(debMark):]
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		return []Software{{Kind: KindOS, Vendor: "Debian", Product: "Debian", Version: rest[:n], Surety: Likely, Why: why}}
	case strings.Contains(low, "debian"), strings.Contains(low, "raspbian"):
		return []Software{{Kind: KindOS, Vendor: "Debian", Product: "Debian", Surety: Likely, Why: why}}
	case strings.Contains(low, "freebsd"):
		return []Software{{Kind: KindOS, Vendor: "FreeBSD", Product: "FreeBSD", Surety: Likely, Why: why}}
	case strings.Contains(low, "centos"):
		return []Software{{Kind: KindOS, Product: "CentOS", Surety: Likely, Why: why}}
	case strings.Contains(low, "red hat"), strings.Contains(low, "rhel"):
		return []Software{{Kind: KindOS, Vendor: "Red Hat", Product: "Red Hat Enterprise Linux", Surety: Likely, Why: why}}
	case strings.Contains(low, "fedora"):
		return []Software{{Kind: KindOS, Product: "Fedora", Surety: Likely, Why: why}}
	case strings.Contains(low, "suse"):
		return []Software{{Kind: KindOS, Vendor: "SUSE", Product: "SUSE Linux", Surety: Likely, Why: why}}
	case strings.Contains(low, "win32"), strings.Contains(low, "win64"), strings.Contains(low, "windows"):
		return []Software{{Kind: KindOS, Vendor: "Microsoft", Product: "Windows", Surety: Likely, Why: why}}
	}
	return nil
}

// systems are product tokens that name a system, not a server.
var systems = map[string]string{"linux": "Linux", "microsoft-windows": "Windows", "windows": "Windows", "freebsd": "FreeBSD", "vxworks": "VxWorks", "posix": ""}

// productList reads product tokens (RFC 9110, section 10.1.5): name/version,
// comments in parentheses. A token without a version counts when it is the
// first.
func productList(header, kind string, port uint16, source string, surety Surety) []Software {
	header = strings.TrimSpace(clip(header))
	if header == "" {
		return nil
	}
	why := source + " " + quote(header)
	if !strings.Contains(header, "/") { // one name, with spaces perhaps
		return []Software{{Kind: kind, Product: firstOf(upTo(header, "("), 60), Surety: min(surety, Likely), Why: why, Port: port}}
	}
	var out []Software
	var comments strings.Builder
	rest := header
	for n := 0; rest != "" && n < 12; n++ {
		fresh := len(rest) == len(header) || rest[0] == ',' // a name with spaces may begin: "Allegro RomPager/4.07"
		rest = strings.TrimLeft(rest, " ,;\t")
		if rest == "" {
			break
		}
		if rest[0] == '(' {
			comment, after, _ := strings.Cut(rest[1:], ")")
			comments.WriteString(comment + " ")
			rest = after
			continue
		}
		end := strings.IndexAny(rest, " ,;(")
		if end < 0 {
			end = len(rest)
		}
		token := rest[:end]
		if slash := strings.IndexByte(token, '/'); slash < 0 && fresh && end < len(rest) {
			if next := strings.IndexByte(rest, '/'); next > 0 && !strings.ContainsAny(rest[:next], "(),;") {
				end = next
				for end < len(rest) && strings.IndexByte(" ,;(", rest[end]) < 0 {
					end++
				}
				token = rest[:end]
			}
		}
		rest = rest[end:]
		name, version, ok := strings.Cut(token, "/")
		if short, isUPnP := strings.CutSuffix(name, " UPnP"); isUPnP { // the version is that of the specification
			name, version = short, ""
		}
		if !ok && len(out) > 0 || name == "" || strings.EqualFold(name, "upnp") || strings.EqualFold(name, "dlnadoc") {
			continue
		}
		if system, isSystem := systems[strings.ToLower(name)]; isSystem {
			if system != "" {
				out = append(out, Software{Kind: KindOS, Product: system, Version: version, Surety: Likely, Why: why})
			}
			continue
		}
		out = append(out, Software{Kind: kind, Product: name, Version: version, Surety: surety, Why: why, Port: port})
		if strings.HasPrefix(name, "Microsoft-IIS") {
			out = append(out, Software{Kind: KindOS, Vendor: "Microsoft", Product: "Windows", Surety: Likely, Why: why})
		}
	}
	return append(out, distribution(comments.String(), why)...)
}

// mailBanner takes the product out of a greeting that names one. Greetings
// seldom tell a version.
func mailBanner(banner string, port uint16) []Software {
	low := strings.ToLower(clip(banner))
	for _, p := range []struct{ part, product, vendor string }{
		{"dovecot", "Dovecot", ""}, {"courier", "Courier", ""}, {"cyrus", "Cyrus IMAP", ""}, {"microsoft exchange", "Exchange Server", "Microsoft"}, {"zimbra", "Zimbra", ""}, {"mdaemon", "MDaemon", ""}, {"domino", "Domino", "HCL"},
	} {
		if strings.Contains(low, p.part) {
			return []Software{{Kind: KindServer, Vendor: p.vendor, Product: p.product, Surety: Likely, Why: "greeting " + quote(firstOf(banner, 80)), Port: port}}
		}
	}
	return nil
}

// mysqlVersion reads the version of a handshake (MySQL, "Protocol::HandshakeV10");
// MariaDB puts 5.5.5- in front of its own for old clients.
func mysqlVersion(s string, port uint16) []Software {
	s = clip(s)
	if s == "" {
		return nil
	}
	why := "MySQL handshake " + quote(s)
	out := []Software{{Kind: KindServer, Vendor: "Oracle", Product: "MySQL", Version: upTo(s, "-"), Surety: Sure, Why: why, Port: port}}
	if before, _, ok := strings.Cut(s, "-MariaDB"); ok {
		v := strings.TrimPrefix(before, "5.5.5-")
		out[0].Vendor, out[0].Product, out[0].Version = "MariaDB", "MariaDB", v
	} else if strings.Contains(strings.ToLower(s), "tidb") || strings.Contains(strings.ToLower(s), "proxy") {
		out[0].Surety = Guess
	}
	return append(out, distribution(s, why)...)
}

// postgresVersion reads the parameter server_version.
func postgresVersion(s string, port uint16) []Software {
	s = clip(s)
	if s == "" {
		return nil
	}
	why := "PostgreSQL says " + quote(s)
	return append([]Software{{Kind: KindServer, Product: "PostgreSQL", Version: upTo(s, " "), Surety: Sure, Why: why, Port: port}}, distribution(s, why)...)
}

func upTo(s, sep string) string {
	before, _, _ := strings.Cut(s, sep)
	return before
}

// sqlServer is the product of a version of Microsoft SQL Server, by its major
// number (Microsoft, "Determine which version and edition of SQL Server is
// running").
func sqlServer(version string) string {
	years := map[string]string{"8.0": "2000", "9.0": "2005", "10.0": "2008", "10.50": "2008 R2", "11.0": "2012", "12.0": "2014", "13.0": "2016", "14.0": "2017", "15.0": "2019", "16.0": "2022", "17.0": "2025"}
	parts := strings.SplitN(version, ".", 3)
	if len(parts) >= 2 {
		minor := strings.TrimLeft(parts[1], "0")
		if minor == "" {
			minor = "0"
		}
		if y := years[parts[0]+"."+minor]; y != "" {
			return "SQL Server " + y
		}
	}
	return "SQL Server"
}
