package letter

import (
	"slices"
	"strings"
	"testing"
)

// TestLinks: what links and pages show of themselves.
func TestLinks(t *testing.T) {
	const plain = "From: a@sender.test\nTo: u@own.test\nSubject: s\n"
	const list = "List-Unsubscribe: <https://click.mailer.test/leave>\n"
	for _, c := range []struct {
		name, head, body string
		want             []string
		domains          []string
	}{
		{"shown is another", "", `<a href="https://evil.test/x">https://www.bank.com/login</a>`, []string{SignLinkText}, []string{"evil.test"}},
		{"shown is the site's", "", `<a href="https://login.bank.com/x">www.bank.com</a>`, nil, []string{"login.bank.com"}},
		{"with a scheme or www, any name is one", "", `<a href="https://evil.test/x">http://webmail.ministry.nosuch/</a>`, []string{SignLinkText}, nil},
		{"words are no address", "", `<a href="https://evil.test/x">click here e.g. today</a>`, nil, nil},
		{"a name of a file is no address", "", `<a href="https://evil.test/x">install.sh</a>`, nil, nil},
		{"same label, other suffix", "", `<a href="https://bank.de/x">bank.com</a>`, nil, nil},
		{"entities and markup within", "", `<a href="https://evil.test/x"><b>bank</b>.c&#111;m</a>`, []string{SignLinkText}, nil},
		{"counter of a newsletter", list, `<a href="https://click.mailer.test/1">www.shop.com</a>`, []string{SignLinkTracked}, nil},
		{"filter of the receiver", "", `<a href="https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.bank.com%2Fa&amp;data=x">www.bank.com</a>`, nil, []string{"eur01.safelinks.protection.outlook.com", "www.bank.com"}},
		{"filter shows the true target", "", `<a href="https://urldefense.com/v3/__https://evil.test/a__;!!x">www.bank.com</a>`, []string{SignLinkText}, []string{"urldefense.com", "evil.test"}},
		{"open redirector", "", `<a href="https://www.google.com/url?q=https://evil.test/">Plan</a>`, []string{SignLinkRedirect}, []string{"www.google.com", "evil.test"}},
		{"user part", "", `<a href="https://www.bank.com@evil.test/">Plan</a>`, []string{SignLinkUser}, []string{"evil.test"}},
		{"data and script", "", `<a href="data:text/html;base64,AAAA">a</a><a href=" javascript:alert(1)">b</a>`, []string{SignLinkData, SignLinkScript}, nil},
		{"bare address, not a private one", "", `<a href="http://192.0.2.7/a">a</a><a href="http://10.0.0.1/">b</a>`, []string{SignLinkAddress}, nil},
		{"shortener and store", "", `https://bit.ly/abc <a href="https://mega.nz/file/x">f</a>`, []string{SignLinkStore, SignLinkShort}, nil},
		{"mixed scripts", "", `<a href="https://xn--pple-43d.com/">a</a>`, []string{SignLinkMixed}, nil},
		{"form with a password", "", `<form action="https://evil.test/p"><input type=password></form>`, []string{SignForm, SignPassword}, []string{"evil.test"}},
		{"form to the sender's site", "", `<form action="https://www.sender.test/p"><input name=q></form>`, nil, nil},
		{"base turns links", "", `<base href="https://evil.test/"><a href="login">www.bank.com</a>`, []string{SignBase, SignLinkText}, []string{"evil.test"}},
		{"goes on by itself", "", `<meta http-equiv=refresh content="0; url=https://evil.test/">`, []string{SignRefresh}, []string{"evil.test"}},
		{"makes a file of itself", "", `<script>var b=new Blob([Uint8Array.from(atob(d),c=>c)]);a.href=URL.createObjectURL(b);a.download='x.zip';a.click()</script>`, []string{SignScript, SignSmuggling}, nil},
		{"a script alone makes none", "", `<script>document.title='x'</script>`, []string{SignScript}, nil},
		{"commented out", "", `<!-- <a href="https://evil.test">www.bank.com</a> -->`, nil, nil},
	} {
		m := read(t, plain+c.head+"Content-Type: text/html\n\n<html>"+c.body+"</html>\n")
		slices.Sort(c.want)
		if !slices.Equal(m.Signs, c.want) {
			t.Errorf("%s: signs %q, want %q (%q, %q)", c.name, m.Signs, c.want, m.URLs, m.Deceptions)
		}
		if c.domains != nil && !slices.Equal(m.LinkDomains, c.domains) {
			t.Errorf("%s: domains %q, want %q", c.name, m.LinkDomains, c.domains)
		}
	}
}

// TestAttachedPage: a page that is attached is judged like one that is shown.
func TestAttachedPage(t *testing.T) {
	m := read(t, "From: a@sender.test\nTo: u@own.test\nSubject: s\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nThe password is 4711\n--b\n"+
		"Content-Type: text/html; name=scan.html\nContent-Disposition: attachment; filename=scan.html\n\n<html><form action=\"https://evil.test/p\"><input type=\"password\"></form></html>\n--b--\n")
	if !slices.Contains(m.Signs, SignForm) || !slices.Contains(m.Signs, SignPassword) || !slices.Contains(m.LinkDomains, "evil.test") || !slices.Contains(m.Traits, "html-attached") {
		t.Errorf("signs %q, traits %q, domains %q", m.Signs, m.Traits, m.LinkDomains)
	}
	if slices.Contains(m.Signs, SignPasswordInText) {
		t.Error("a password is told for an archive that is not there")
	}
}

// TestPageBounds: pages of one endless element end the reading, not the memory.
func TestPageBounds(t *testing.T) {
	p := readPage(strings.NewReader("<a href=\"" + strings.Repeat("x", maxToken+10) + "\">"))
	if !p.cut {
		t.Error("a token longer than what is read at once does not show")
	}
}
