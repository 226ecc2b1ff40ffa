package letter

import (
	"fmt"
	"html"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"longwatch/internal/content"
	lwmail "longwatch/internal/record/mail"
)

// attach adds what an attachment is, whatever it is called.
func attach(m *lwmail.Message, name string, s content.Summary) {
	if name == "" {
		name = "unnamed"
	}
	m.Attachments = append(m.Attachments, name)
	m.Hashes = append(m.Hashes, s.SHA256)
	for _, t := range s.Traits {
		if !slices.Contains(m.Traits, t) {
			m.Traits = append(m.Traits, t)
		}
	}
	slices.Sort(m.Traits)
}

var (
	urlInText = regexp.MustCompile(`(?i)\bhttps?://[^\s<>"'\x60]{3,1000}`)
	hrefs     = regexp.MustCompile(`(?i)\b(?:href|src|action)\s*=\s*["']?\s*(https?://[^\s"'<>]{3,1000})`)
	htmlTags  = regexp.MustCompile(`(?s)<style.*?</style>|<script.*?</script>|<[^>]*>`)
)

// readable keeps links and the beginning of the text.
func readable(m *lwmail.Message, body io.Reader, isHTML bool) error {
	data, err := io.ReadAll(io.LimitReader(body, maxScan))
	s := strings.ToValidUTF8(string(data), "\uFFFD")
	if isHTML {
		for _, found := range hrefs.FindAllStringSubmatch(s, maxURLs) {
			link(m, html.UnescapeString(found[1]))
		}
		s = html.UnescapeString(htmlTags.ReplaceAllString(s, " "))
	}
	for _, u := range urlInText.FindAllString(s, maxURLs) {
		link(m, strings.TrimRight(u, ".,;:!?)]}"))
	}
	if room := maxText - len(m.Text); room > 0 {
		s = strings.Join(strings.Fields(s), " ")
		if m.Text != "" {
			s = "\n" + s
		}
		m.Text += strings.ToValidUTF8(s[:min(len(s), room)], "")
	}
	if err != nil {
		return fmt.Errorf("letter: text part: %w", err)
	}
	return nil
}

func link(m *lwmail.Message, u string) {
	if len(m.URLs) == maxURLs || slices.Contains(m.URLs, u) {
		return
	}
	m.URLs = append(m.URLs, u)
	if p, err := url.Parse(u); err == nil && p.Hostname() != "" {
		if host := strings.ToLower(p.Hostname()); !slices.Contains(m.LinkDomains, host) {
			m.LinkDomains = append(m.LinkDomains, host)
		}
	}
}
