package letter

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"longwatch/internal/attachment"
	"longwatch/internal/content"
	lwmail "longwatch/internal/record/mail"
)

const (
	maxPages   = 16 // HTML texts and attachments whose elements are judged
	maxMembers = 64 // of all archives of a message
)

// reader gathers what the parts of one message say, until the headers and all
// parts are known.
type reader struct {
	m           *lwmail.Message
	anchors     []anchor // with the host for the target
	links       []anchor // as they stand, not judged yet
	pages       []*page
	unsubscribe []string // hosts of List-Unsubscribe
}

// attach adds what an attachment is, whatever it is called. data is its
// content, as far as it was kept.
func (r *reader) attach(name string, s content.Summary, data []byte) {
	if name == "" {
		name = "unnamed"
	}
	m := r.m
	m.Attachments = append(m.Attachments, name)
	m.Hashes = append(m.Hashes, s.SHA256)
	look := attachment.Look(name, data)
	traits := slices.Concat(s.Traits, look.Traits)
	members := look.Members
	if len(members) == 0 {
		for _, x := range s.Members {
			members = append(members, name+"!"+x)
		}
		traits = append(traits, attachment.ByNames(name, s.Members)...)
		if len(s.Members) > 0 && int64(len(data)) < s.Size { // it was listed as it went by
			traits = slices.DeleteFunc(traits, func(t string) bool { return t == attachment.Unlisted })
		}
	}
	for _, t := range traits {
		if !slices.Contains(m.Traits, t) {
			m.Traits = append(m.Traits, t)
		}
	}
	slices.Sort(m.Traits)
	for _, x := range members {
		if len(m.Members) < maxMembers {
			m.Members = append(m.Members, x)
		}
	}
	if slices.Contains(look.Traits, attachment.Page) && len(r.pages) < maxPages {
		p := readPage(strings.NewReader(strings.ToValidUTF8(string(data), "\uFFFD")))
		r.pages = append(r.pages, p)
		r.links = append(r.links, p.anchors[:min(len(p.anchors), maxURLs-min(maxURLs, len(r.links)))]...)
	}
}

var urlInText = regexp.MustCompile(`(?i)\bhttps?://[^\s<>"'\x60]{3,1000}`)

// readable keeps links and the beginning of the text.
func (r *reader) readable(body io.Reader, isHTML bool) error {
	data, err := io.ReadAll(io.LimitReader(body, maxScan))
	s := strings.ToValidUTF8(string(data), "\uFFFD")
	loose := s
	if isHTML {
		p := readPage(strings.NewReader(s))
		r.add(p.anchors...)
		s, loose = p.text.String(), p.loose.String()
		p.text.Reset()
		p.loose.Reset()
		if len(r.pages) < maxPages {
			r.pages = append(r.pages, p)
		}
	}
	for _, u := range urlInText.FindAllString(loose, maxURLs) {
		r.add(anchor{target: strings.TrimRight(u, ".,;:!?)]}")})
	}
	if room := maxText - len(r.m.Text); room > 0 {
		s = strings.Join(strings.Fields(s), " ")
		if r.m.Text != "" {
			s = "\n" + s
		}
		r.m.Text += strings.ToValidUTF8(s[:min(len(s), room)], "")
	}
	if err != nil {
		return fmt.Errorf("letter: text part: %w", err)
	}
	return nil
}

func (r *reader) add(links ...anchor) {
	for _, a := range links {
		if len(r.links) < 2*maxURLs {
			r.links = append(r.links, a)
		}
	}
}

// told finds a password that a text gives for an archive.
var told = regexp.MustCompile(`(?i)\b(?:pass\s?word|pass\s?code|passwort|kennwort|mot de passe|contraseña|clave|senha|parola|hasło|heslo|wachtwoord|salasana|parool|пароль|密码|密碼|パスワード|pwd|pin)\b?\s*(?:is|ist|est|es|é|:|=|for|für|zum|to|-|is:)*\s*\S`)

// finish judges what needs the whole message.
func (r *reader) finish(fields []field) {
	m := r.m
	r.names(fields)
	for _, p := range r.pages {
		p.judge(m)
	}
	for _, a := range r.links {
		r.link(a)
	}
	r.judgeLinks()
	if slices.Contains(m.Traits, attachment.Encrypted) && told.MatchString(m.Subject+"\n"+m.Text) {
		sign(m, SignPasswordInText)
	}
}
