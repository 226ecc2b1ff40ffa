package letter

import (
	"errors"
	"io"
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"longwatch/internal/domain"
	lwmail "longwatch/internal/record/mail"
)

const (
	maxToken  = 256 << 10 // of HTML; longer ones end the reading of a part
	maxShown  = 512       // of the text of a link
	maxScript = 128 << 10 // of scripts looked at
)

// page is what an HTML text holds.
type page struct {
	text     strings.Builder
	loose    strings.Builder // text outside of links
	anchors  []anchor
	forms    []string // where they send what is typed; empty: to the page itself
	base     string
	refresh  string
	password bool
	script   bool
	smuggles bool
	cut      bool // the text ends in the middle of a token
}

// smuggling are the parts of a script that makes a file out of its own text:
// one each of these has to be there.
var smuggling = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\batob\s*\(|fromCharCode|Uint8Array|fetch\s*\(\s*["']data:|[A-Za-z0-9+/]{1000}`),
	regexp.MustCompile(`(?i)\bnew\s+(?:File|Blob)\s*\(|\bBlob\s*\(|msSaveOrOpenBlob|msSaveBlob|data:application/`),
	regexp.MustCompile(`(?i)createObjectURL|msSaveOrOpenBlob|msSaveBlob|\.download\s*=|setAttribute\s*\(\s*["']download|location(?:\.href)?\s*=\s*["']?data:|\.click\s*\(`),
}

// readPage goes through HTML (https://html.spec.whatwg.org/) token by token.
// The text is kept up to maxText, links up to maxURLs.
func readPage(src io.Reader) *page {
	p := &page{}
	z := html.NewTokenizer(src)
	z.SetMaxBuf(maxToken)
	var href string
	var shown, script strings.Builder
	inLink, skip := false, ""
	endLink := func() {
		if inLink && len(p.anchors) < maxURLs {
			p.anchors = append(p.anchors, anchor{href, strings.Join(strings.Fields(shown.String()), " ")})
		}
		inLink = false
		shown.Reset()
	}
	for {
		switch z.Next() {
		case html.ErrorToken:
			endLink()
			p.cut = !errors.Is(z.Err(), io.EOF)
			p.smuggles = smuggles(script.String())
			return p
		case html.TextToken:
			t := string(z.Text())
			switch skip {
			case "script":
				if room := maxScript - script.Len(); room > 0 {
					script.WriteString(t[:min(len(t), room)])
				}
			case "":
				t = html.UnescapeString(t)
				if inLink && shown.Len() < maxShown {
					shown.WriteString(t)
				}
				if !inLink && p.loose.Len() < maxScan {
					p.loose.WriteString(t)
					p.loose.WriteByte(' ')
				}
				if p.text.Len() < 2*maxText {
					p.text.WriteString(t)
				}
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			switch n := string(name); n {
			case "a":
				endLink()
			case skip:
				skip = ""
			case "p", "div", "td", "tr", "li", "h1", "h2", "h3":
				p.text.WriteByte(' ')
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			n := string(name)
			attrs := map[string]string{}
			for more {
				var k, v []byte
				k, v, more = z.TagAttr()
				if _, twice := attrs[string(k)]; !twice && len(attrs) < 64 {
					attrs[string(k)] = string(v)
				}
			}
			if p.text.Len() < 2*maxText {
				p.text.WriteByte(' ')
			}
			switch n {
			case "script", "style", "title":
				skip = n
				p.script = p.script || n == "script"
			case "a", "area":
				endLink()
				if u, ok := attrs["href"]; ok {
					href, inLink = u, n == "a"
					if n == "area" && len(p.anchors) < maxURLs {
						p.anchors = append(p.anchors, anchor{target: u})
					}
				}
			default:
				p.other(n, attrs)
			}
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

// other takes what matters of the remaining elements.
func (p *page) other(name string, attrs map[string]string) {
	for k := range attrs {
		if strings.HasPrefix(k, "on") && len(k) > 4 {
			p.script = true
		}
	}
	add := func(u string) {
		if u != "" && len(p.anchors) < maxURLs {
			p.anchors = append(p.anchors, anchor{target: u})
		}
	}
	switch name {
	case "base":
		if p.base == "" {
			p.base = attrs["href"]
		}
	case "form":
		if len(p.forms) < 16 {
			p.forms = append(p.forms, strings.TrimSpace(attrs["action"]))
		}
		add(attrs["action"])
	case "button", "input":
		p.password = p.password || strings.EqualFold(attrs["type"], "password")
		add(attrs["formaction"])
	case "img", "iframe", "embed", "frame", "video", "source":
		if !strings.HasPrefix(strings.ToLower(attrs["src"]), "data:") || name == "iframe" {
			add(attrs["src"])
		}
	case "object":
		add(attrs["data"])
	case "meta":
		if strings.EqualFold(attrs["http-equiv"], "refresh") {
			if i := strings.Index(strings.ToLower(attrs["content"]), "url="); i >= 0 {
				p.refresh = strings.Trim(attrs["content"][i+4:], `'" `)
				add(p.refresh)
			}
		}
	}
}

func smuggles(script string) bool {
	for _, re := range smuggling {
		if !re.MatchString(script) {
			return false
		}
	}
	return true
}

// judge turns a page into signs of the message that it is, or is attached to.
func (p *page) judge(m *lwmail.Message) {
	from := domain.Registrable(domain.Of(m.From))
	away := func(u string) bool {
		low := strings.ToLower(u)
		if !strings.HasPrefix(low, "http://") && !strings.HasPrefix(low, "https://") {
			return false
		}
		_, rest, _ := strings.Cut(low, "://")
		host, _, _ := strings.Cut(rest, "/")
		return domain.Registrable(host) != from
	}
	for _, f := range p.forms {
		if away(f) {
			sign(m, SignForm)
		}
	}
	if away(p.base) {
		sign(m, SignBase)
	}
	if p.password {
		sign(m, SignPassword)
	}
	if p.refresh != "" {
		sign(m, SignRefresh)
	}
	if p.script {
		sign(m, SignScript)
	}
	if p.smuggles {
		sign(m, SignSmuggling)
	}
}
