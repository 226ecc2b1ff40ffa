// Package routerlogin finds logins to VPNs, appliances and desktops that come
// from a router or camera of a home or small office: the relays that Volt Typhoon
// goes through stand near its victims, so that neither country nor provider look
// odd. What stands at an address is known from lists of scan results that the
// user gives, or from the certificate that it showed in a capture.
package routerlogin

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"longwatch/internal/asn"
	"longwatch/internal/attack"
	"longwatch/internal/cert"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/proto/ssl"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

// Detector joins logins with what stands at the addresses that they come from.
var Detector = detect.Spec{
	ID:         "router-login",
	Title:      "Login from a router of a home or small office",
	Techniques: []attack.ID{"T1090.003", "T1133", "T1078"},
	Dossier:    []string{"VT-27a"}, // not VT-27, which published indicators carry
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, routers: map[netip.Addr]router{}, shown: map[string][]netip.Addr{}, logins: map[login]*detect.Trail{}, countries: map[string]int{}}
	},
}

const (
	maxRouters = 1 << 18
	maxShown   = 1 << 16 // certificates
	maxServers = 8       // addresses of one certificate
	maxLogins  = 1 << 15
	desktop    = 10 // logon type of remote desktops
)

// devices are what the relay networks were made of: routers, VPN boxes and
// cameras that nobody looks after.
var devices = regexp.MustCompile(`(?i)\b(rv(0[41]\d|1[36]\d|32\d|34\d)\w?|netgear|prosafe|draytek|vigor ?\d*|asuswrt|asus rt-?\w*|rt-a[cx]\d+\w*|tp-?link|archer [ac]x?\d+|linksys|zyxel|mikrotik|routeros|d-?link|dir-\d{3}\w*|axis network camera|hikvision|dahua|ubiquiti|edgerouter|synology router|fritz!?box)\b`)

// stems are how what devices matches begins, by the first letter.
var stems = [128][]string{
	'a': {"asus", "arch", "axis"}, 'd': {"dray", "d-li", "dlin", "dir-", "dahu"}, 'e': {"edge"}, 'f': {"frit"}, 'h': {"hikv"}, 'l': {"link"},
	'm': {"mikr"}, 'n': {"netg"}, 'p': {"pros"}, 'r': {"rv0", "rv1", "rv3", "rt-a", "rout"}, 's': {"syno"}, 't': {"tp-l", "tpli"}, 'u': {"ubiq"}, 'v': {"vigo"}, 'z': {"zyxe"},
}

// isDevice tells whether text names such a device. The expression is only
// asked about text in which a word begins like one: it costs much more.
func isDevice(text string) bool { return mayBeDevice(text) && devices.MatchString(text) }

func mayBeDevice(text string) bool {
	within := false // a word
	for i := range len(text) {
		c := text[i]
		if c >= utf8.RuneSelf { // may be a letter that folds to one of these
			return true
		}
		began := within
		within = c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
		if !within || began {
			continue
		}
		for _, s := range stems[c|0x20] {
			if len(text)-i >= len(s) && strings.EqualFold(text[i:i+len(s)], s) {
				return true
			}
		}
	}
	return false
}

// detector keeps, to the end, who logged in from outside and what stands where.
type detector struct {
	env       detect.Env
	routers   map[netip.Addr]router
	shown     map[string][]netip.Addr // servers by the certificate they showed
	logins    map[login]*detect.Trail
	countries map[string]int // of addresses that logged in, each once
}

type router struct {
	what string
	ref  record.Ref
}

// login is one account from one address through one door.
type login struct {
	from             netip.Addr
	user, host, door string
}

// Handlers subscribes to logins, scan results and certificates.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(l *host.Logon) bool { return l.Outcome == "success" && door(l) != "" && l.Source.IsValid() }, d.login),
		detect.OnIf(func(s *network.ScanResult) bool {
			return isDevice(s.Product) || isDevice(s.Banner)
		}, func(s *network.ScanResult, _ detect.Reporter) {
			what := s.Product
			if !isDevice(what) {
				what = s.Banner
			}
			d.stands(s.Addr, router{finding.Because("a list of scan results has %q there", what), s.Ref})
		}),
		detect.OnIf(func(s *ssl.Record) bool { return len(s.CertChain) > 0 }, d.session),
		detect.OnIf(func(c *cert.Record) bool {
			return c.HostCert && (mayBeDevice(c.Subject) || mayBeDevice(c.Issuer)) && devices.MatchString(c.Subject+" "+c.Issuer)
		}, func(c *cert.Record, _ detect.Reporter) {
			for _, a := range d.shown[c.Fingerprint] {
				d.stands(a, router{finding.Because("it showed the certificate of such a device: %q", c.Subject), c.Ref})
			}
		}),
		detect.AtEnd(d.judge),
	}
}

// door is how a login came in: VPN, administration or desktop; empty for
// others.
func door(l *host.Logon) string {
	kind, _, ok := strings.Cut(l.Process, ":")
	switch {
	case ok && kind == "vpn":
		return "VPN"
	case ok && kind == "admin":
		return "administration"
	case l.LogonType == desktop:
		return "desktop"
	}
	return ""
}

func (d *detector) outside(a netip.Addr) bool {
	return a.IsValid() && !d.env.Home(a) && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
}

func (d *detector) stands(a netip.Addr, r router) {
	if _, known := d.routers[a]; !known && len(d.routers) < maxRouters && d.outside(a) {
		d.routers[a] = r
	}
}

// session notes which server showed which certificate. The record of the
// certificate itself comes at the same time or after.
func (d *detector) session(s *ssl.Record, _ detect.Reporter) {
	if !d.outside(s.RespH) {
		return
	}
	key := s.CertChain[0]
	list := d.shown[key]
	if list == nil && len(d.shown) >= maxShown || len(list) >= maxServers || slices.Contains(list, s.RespH) {
		return
	}
	d.shown[key] = append(list, s.RespH)
}

func (d *detector) login(l *host.Logon, _ detect.Reporter) {
	if !d.outside(l.Source) {
		return
	}
	k := login{l.Source, strings.ToLower(l.Target), l.Host, door(l)}
	t := d.logins[k]
	if t == nil {
		if len(d.logins) >= maxLogins {
			return
		}
		t = &detect.Trail{}
		d.logins[k] = t
		if n := d.env.Networks.Lookup(l.Source); n.Country != "" {
			d.countries[n.Country]++
		}
	}
	t.Add(l)
}

// near is the country that most logins come from.
func (d *detector) near() string {
	best := ""
	for c, n := range d.countries {
		if best == "" || n > d.countries[best] || n == d.countries[best] && c < best {
			best = c
		}
	}
	return best
}

func (d *detector) judge(out detect.Reporter) {
	near := d.near()
	for k, t := range d.logins {
		r, ok := d.routers[k.from]
		if !ok {
			continue
		}
		severity, confidence := finding.Medium, uint8(55)
		why := []string{
			finding.Because("%q came in by %s of %s from %v, where a router or camera of a home or small office stands", k.user, k.door, k.host, k.from),
			r.what,
		}
		if k.door == "administration" || administrator(k.user) {
			severity, confidence = finding.High, 65
			why = append(why, "the account or the door is one of administration")
		}
		if n := d.env.Networks.Lookup(k.from); n.Known() {
			said := finding.Because("the address belongs to %v", n)
			if n.Country == near && n.Guess() == asn.Access {
				said += ": a provider of the country that most logins come from, as relays near the victim do"
				confidence += 5
			}
			why = append(why, said)
		}
		f := t.Finding(severity, confidence, append(why, "could also be: somebody who works at home, behind a router that can be reached from outside")...)
		f.Refs = append(f.Refs, r.ref)
		f.Ask = []string{finding.Because("Is %v the home of %q? If so, update that router; if not, the account is used through it.", k.from, k.user)}
		out.Report(f)
	}
}

// administrator tells whether an account's name is one of administration or of
// a service.
func administrator(user string) bool {
	if i := strings.LastIndexAny(user, `\/`); i >= 0 {
		user = user[i+1:]
	}
	for _, n := range []string{"adm", "svc", "service", "root", "backup", "ldap", "sql"} {
		if strings.HasPrefix(user, n) || strings.HasSuffix(user, "-"+n) || strings.HasSuffix(user, "_"+n) {
			return true
		}
	}
	return false
}
