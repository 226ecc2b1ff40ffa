package intel

import (
	"net/netip"
	"strings"

	"longwatch/internal/finding"
)

// Late are lists of harmless values, asked when everything was found: what they
// cover is held back, stays in the case, and comes back when the list goes.
type Late struct {
	feeds *benign // warning lists that came with feeds: they speak of indicators only
	own   benign  // the user's: they speak of every finding
}

// NewLate joins the warning lists that were loaded with the feeds of set with
// the user's own allow: whatever form it has, a value in it is a harmless one.
// Either may be nil.
func NewLate(set, allow *Set) *Late {
	l := &Late{}
	if set != nil {
		l.feeds = &set.benign
	}
	if allow == nil {
		return l
	}
	l.own = allow.benign.clone()
	lists := map[string]uint32{}
	for i := range allow.All {
		n, known := lists[i.File]
		if !known {
			n = l.own.list(i.File)
			lists[i.File] = n
		}
		switch i.Kind {
		case Address, Subnet:
			l.own.add(n, "cidr", i.Value)
		case Domain:
			l.own.add(n, "hostname", i.Value)
		default:
			l.own.add(n, "string", i.Value)
		}
	}
	return l
}

// Weigh takes back what earlier lists did to f, and holds it back if a list
// covers it. home tells own addresses.
func (l *Late) Weigh(f *finding.Finding, home func(netip.Addr) bool) {
	f.Release()
	if f.Severity == finding.Info {
		return
	}
	if v := f.Listed; v.Value != "" {
		for _, b := range []*benign{&l.own, l.feeds} {
			for _, value := range []string{v.Value, v.Indicator} {
				if list, entry, ok := b.find(value); ok {
					f.Hold(list, entry, value)
					return
				}
			}
		}
		return
	}
	for _, e := range f.Entities {
		if !speaks(e.Kind, e.Role, e.Value, home) {
			continue
		}
		if list, entry, ok := l.own.find(e.Value); ok {
			f.Hold(list, entry, e.Value)
			return
		}
	}
}

// speaks tells whether a harmless entity makes the finding harmless: a site, a
// file or a sender is what it is about, and so is a host that acts, such as a
// scanner of one's own, or one outside. An own host that something was done to
// is not, however trusted it is, nor is an account.
func speaks(kind, role, value string, home func(netip.Addr) bool) bool {
	switch kind {
	case "domain", "url", "hash", "certificate", "ja3", "ja4", "hassh", "user_agent", "email", "file":
		return true
	case "address":
		a, err := netip.ParseAddr(value)
		return err == nil && (role == "originator" || !home(a.Unmap()))
	}
	return false
}

// Names are the names of all lists.
func (l *Late) Names() []string {
	out := append([]string{}, l.own.names...)
	if l.feeds != nil {
		out = append(out, l.feeds.names...)
	}
	return out
}

// Covers tells whether a list covers value, and which: the user's own first.
func (l *Late) Covers(value string) (list string, ok bool) {
	for _, b := range []*benign{&l.own, l.feeds} {
		if list, _, ok := b.find(value); ok {
			return list, true
		}
	}
	return "", false
}

// find tells which list has value, and by which entry. A nil receiver has none.
func (b *benign) find(value string) (list, entry string, ok bool) {
	if b == nil || len(b.names) == 0 {
		return "", "", false
	}
	v := strings.ToLower(strings.Trim(value, "."))
	if n, ok := b.exact[v]; ok {
		return b.names[n], v, true
	}
	var buf [512]byte
	if key, isURL := urlKey(buf[:0], v); isURL && len(key) <= len(buf) {
		if n, ok := b.exact[string(key)]; ok {
			return b.names[n], string(key), true
		}
	}
	if i := strings.LastIndexAny(v, `/\`); i >= 0 {
		if n, ok := b.exact[v[i+1:]]; ok {
			return b.names[n], v[i+1:], true
		}
	}
	host := hostOf(v)
	if a, err := netip.ParseAddr(host); err == nil {
		a = netip.AddrFrom16(a.Unmap().As16())
		for _, bits := range b.lengths {
			if p, err := a.Prefix(bits); err == nil {
				if n, ok := b.nets[p]; ok {
					return b.names[n], netText(p), true
				}
			}
		}
	}
	for rest := host; rest != ""; {
		if n, ok := b.domains[rest]; ok {
			return b.names[n], rest, true
		}
		_, rest, _ = strings.Cut(rest, ".")
	}
	for _, p := range b.parts {
		if strings.Contains(v, p.text) {
			return b.names[p.list], p.text, true
		}
	}
	for _, r := range b.res {
		if r.re.MatchString(v) {
			return b.names[r.list], r.re.String(), true
		}
	}
	return "", "", false
}

// hostOf is the host of a URL or of an address of mail, else the value itself.
func hostOf(v string) string {
	if _, rest, isURL := strings.Cut(v, "://"); isURL {
		host := rest
		if i := strings.IndexAny(rest, "/?#"); i >= 0 {
			host = rest[:i]
		}
		host = host[strings.LastIndexByte(host, '@')+1:]
		if inner, _, ok := strings.Cut(strings.TrimPrefix(host, "["), "]"); ok {
			return inner
		}
		host, _, _ = strings.Cut(host, ":")
		return strings.Trim(host, ".")
	}
	if _, domain, isMail := strings.Cut(v, "@"); isMail {
		return domain
	}
	return v
}

// netText is a network of benign as people write it.
func netText(p netip.Prefix) string {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96).String()
	}
	return p.String()
}
