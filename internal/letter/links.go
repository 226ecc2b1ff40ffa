package letter

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"longwatch/internal/domain"
)

// anchor is one link of a text: where it leads and what it shows.
type anchor struct{ target, shown string }

const (
	maxURLs       = 256
	maxURL        = 2 << 10
	maxDeceptions = 16
	maxUnwrap     = 3 // redirectors that name one another
)

var (
	// shortHosts shorten addresses: the target cannot be read from the link.
	shortHosts = []string{
		"bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "v.gd", "buff.ly", "rebrand.ly", "cutt.ly", "shorturl.at", "rb.gy", "t.ly", "tiny.cc", "s.id",
		"bl.ink", "lnkd.in", "qr.ae", "soo.gd", "clck.ru", "u.to", "urlz.fr", "shorte.st", "adf.ly", "x.gd", "n9.cl", "tr.ee", "t1p.de", "kutt.it", "me2.do", "surl.li", "qrco.de",
	}
	// storeHosts keep files for anyone who brings them.
	storeHosts = []string{
		"mega.nz", "mega.co.nz", "mega.io", "dropbox.com", "dropboxusercontent.com", "wetransfer.com", "we.tl", "mediafire.com", "gofile.io", "anonfiles.com", "bayfiles.com",
		"transfer.sh", "file.io", "pixeldrain.com", "sendspace.com", "catbox.moe", "4shared.com", "zippyshare.com", "filemail.com", "sendgb.com", "ufile.io", "workupload.com",
		"krakenfiles.com", "terabox.com", "pcloud.link", "1fichier.com", "uploadfiles.io", "filetransfer.io", "swisstransfer.com", "smash.gg", "fromsmash.com", "1drv.ms",
		"onedrive.live.com", "drive.google.com", "cdn.discordapp.com", "raw.githubusercontent.com", "ipfs.io", "dweb.link", "limewire.com", "disk.yandex.ru", "yadi.sk",
		"pan.baidu.com", "cloud.mail.ru", "sync.com", "icedrive.net", "temp.sh", "oshi.at", "send.cm", "tmpfiles.org",
	}
	// rewriters are filters that put themselves in front of every link; who
	// received the message had them do so.
	rewriters = []string{
		"safelinks.protection.outlook.com", "urldefense.proofpoint.com", "urldefense.com", "protect.mimecast.com", "mimecastprotect.com", "linkprotect.cudasvc.com",
		"secure-web.cisco.com", "url.emailprotection.link", "protect-eu.mimecast.com", "protection.sophos.com", "clicktime.symantec.com", "scanmail.trustwave.com",
		"urlsand.esvalabs.com", "url.avanan.click", "checkpoint.url-protection.com",
	}
)

// under tells whether host is one of list or below one.
func under(host string, list []string) bool {
	return slices.ContainsFunc(list, func(d string) bool { return host == d || strings.HasSuffix(host, "."+d) })
}

// link takes note of one link of the message.
func (r *reader) link(a anchor) {
	m := r.m
	target := r.absolute(strings.TrimSpace(a.target))
	scheme, _, _ := strings.Cut(strings.ToLower(target[:min(len(target), 16)]), ":")
	switch scheme {
	case "data":
		if !strings.HasPrefix(strings.ToLower(target), "data:image/") {
			sign(m, SignLinkData)
		}
		return
	case "javascript", "vbscript":
		sign(m, SignLinkScript)
		return
	case "http", "https":
	default:
		return
	}
	target = target[:min(len(target), maxURL)]
	if !slices.Contains(m.URLs, target) {
		if len(m.URLs) == maxURLs {
			return
		}
		m.URLs = append(m.URLs, target)
	}
	p, err := url.Parse(strings.ReplaceAll(target, `\`, "/"))
	if err != nil || p.Hostname() == "" {
		return
	}
	host := domain.Clean(p.Hostname())
	r.host(host)
	last, ways := unwrap(p)
	if end := domain.Clean(last.Hostname()); end != host {
		r.host(end)
		if !ways {
			sign(m, SignLinkRedirect)
		}
		host = end
	}
	if last.User != nil && domain.Known(last.User.Username()) {
		sign(m, SignLinkUser)
	}
	r.anchors = append(r.anchors, anchor{host, a.shown})
}

// absolute joins a relative link to the base address of the page, if one was
// given.
func (r *reader) absolute(target string) string {
	if target == "" || strings.HasPrefix(target, "#") || strings.Contains(target[:min(len(target), 16)], ":") {
		return target
	}
	for _, p := range r.pages {
		if base, err := url.Parse(p.base); err == nil && base.Hostname() != "" {
			if u, err := base.Parse(target); err == nil {
				return u.String()
			}
		}
	}
	return target
}

// host judges the name that a link leads to.
func (r *reader) host(host string) {
	m := r.m
	if !slices.Contains(m.LinkDomains, host) {
		m.LinkDomains = append(m.LinkDomains, host)
	}
	if ip, err := netip.ParseAddr(host); err == nil && !ip.IsPrivate() && !ip.IsLoopback() {
		sign(m, SignLinkAddress)
	}
	if under(host, shortHosts) {
		sign(m, SignLinkShort)
	}
	if under(host, storeHosts) {
		sign(m, SignLinkStore)
	}
	if domain.Mixed(host) != "" || domain.WholeScript(host) != "" {
		sign(m, SignLinkMixed)
	}
}

var inside = regexp.MustCompile(`(?i)https?(?::|%3a|_3a|-3a)(?:/|%2f|__|_2f){2}`)

// unwrap follows links that name in themselves where they go on, as
// https://redirect.example/?url=https%3A%2F%2Fother.example. It tells whether
// only rewriters of the receiving side were on the way.
func unwrap(p *url.URL) (last *url.URL, rewritten bool) {
	rewritten = true
	for range maxUnwrap {
		next := within(p)
		if next == nil || domain.Registrable(next.Hostname()) == domain.Registrable(p.Hostname()) {
			return p, rewritten
		}
		rewritten = rewritten && under(domain.Clean(p.Hostname()), rewriters)
		p = next
	}
	return p, rewritten
}

// within finds the address that a link carries in its query, and for the
// rewriters and those that put it there, in its path.
func within(p *url.URL) *url.URL {
	for pair := range strings.SplitSeq(p.RawQuery, "&") {
		name, v, _ := strings.Cut(pair, "=")
		if !inside.MatchString(v[:min(len(v), 24)]) || strings.EqualFold(name, "referrer") || strings.HasPrefix(strings.ToLower(name), "utm_") {
			continue
		}
		if under(p.Hostname(), []string{"urldefense.proofpoint.com"}) { // its version 2 writes - for % and _ for /
			v = strings.NewReplacer("-", "%", "_", "/").Replace(v)
		}
		if u, err := url.QueryUnescape(v); err == nil {
			if q, err := url.Parse(u); err == nil && q.Hostname() != "" {
				return q
			}
		}
	}
	if at := strings.Index(p.Path, "__http"); at >= 0 { // urldefense.com/v3/__https://other.example__;
		u, _, _ := strings.Cut(p.Path[at+2:], "__")
		if q, err := url.Parse(u); err == nil && q.Hostname() != "" {
			return q
		}
	}
	return nil
}

// address finds the host that the text of a link claims to lead to; empty when
// the text is no address of a site.
func address(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > 512 || strings.ContainsAny(text, " \n\t") {
		return ""
	}
	low := strings.ToLower(text)
	bare := strings.TrimPrefix(strings.TrimPrefix(low, "https://"), "http://")
	host, _, _ := strings.Cut(bare, "/")
	host, _, _ = strings.Cut(host, "?")
	host, _, _ = strings.Cut(host, ":")
	host = domain.Clean(strings.TrimRight(host, ".,;…"))
	if bare == low && !strings.HasPrefix(host, "www.") && !strings.Contains(bare, "/") && strings.Count(host, ".") == 1 && looksLikeFile(host) {
		return ""
	}
	plain := bare != low || strings.HasPrefix(host, "www.") // says itself that it is an address
	if known := domain.Known(host) || plain && strings.Contains(host, "."); !known || strings.Contains(host, "@") {
		return ""
	}
	return host
}

// looksLikeFile tells names of files whose ending is a top-level domain too.
func looksLikeFile(s string) bool {
	return slices.ContainsFunc([]string{".zip", ".mov", ".py", ".sh", ".rs", ".md", ".pl", ".ps", ".so", ".cc", ".ai", ".app", ".net"}, func(ext string) bool {
		return strings.HasSuffix(s, ext) && (ext != ".net" || s == "asp.net" || s == "vb.net") && ext != ".ai" && ext != ".app" && ext != ".pl"
	})
}

// judgeLinks compares what links show with where they lead, once all of the
// message is known: a newsletter sends its readers through a counter of its
// own, and shows the address of the site itself.
func (r *reader) judgeLinks() {
	m := r.m
	own := map[string]bool{}
	for _, a := range []string{m.From, m.MailFrom, m.Sender} {
		own[domain.Registrable(domain.Of(a))] = true
	}
	for _, d := range m.DKIMDomains {
		own[domain.Registrable(d)] = true
	}
	for _, u := range r.unsubscribe {
		own[domain.Registrable(u)] = true
	}
	delete(own, "")
	count := map[string]int{}
	for _, a := range r.anchors {
		count[domain.Registrable(a.target)]++
	}
	for _, a := range r.anchors {
		shown := address(a.shown)
		target := domain.Registrable(a.target)
		if shown == "" || domain.Registrable(shown) == target || sameOwner(shown, a.target) {
			continue
		}
		counter := m.List != "" && len(r.anchors) >= 4 && 5*count[target] >= 4*len(r.anchors)
		if own[target] && (m.List != "" || own[domain.Registrable(shown)]) || counter || under(a.target, rewriters) {
			sign(m, SignLinkTracked)
			continue
		}
		sign(m, SignLinkText)
		if d := shown + " -> " + a.target; len(m.Deceptions) < maxDeceptions && !slices.Contains(m.Deceptions, d) {
			m.Deceptions = append(m.Deceptions, d)
		}
	}
}

// sameOwner tells whether two names have one label below different suffixes, or
// are a site and its own short name.
func sameOwner(a, b string) bool {
	la, _ := domain.Split(a)
	lb, _ := domain.Split(b)
	return la == lb && la != "" || slices.ContainsFunc(owners, func(o []string) bool { return under(a, o) && under(b, o) })
}

// owners have several names for one thing.
var owners = [][]string{
	{"youtube.com", "youtu.be", "google.com", "goo.gl", "g.co", "gmail.com", "googleusercontent.com"},
	{"facebook.com", "fb.com", "fb.me", "instagram.com", "meta.com"},
	{"microsoft.com", "aka.ms", "office.com", "live.com", "microsoftonline.com", "sharepoint.com", "outlook.com", "1drv.ms"},
	{"linkedin.com", "lnkd.in"}, {"twitter.com", "x.com", "t.co"}, {"amazon.com", "amzn.to", "a.co"}, {"telegram.org", "t.me"}, {"wikipedia.org", "wikimedia.org", "w.wiki"},
	{"doi.org", "dx.doi.org"}, {"paypal.com", "paypal.me"}, {"apple.com", "apple.co", "icloud.com"},
}
