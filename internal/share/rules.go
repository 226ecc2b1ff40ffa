package share

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/stix"
)

// sigmaRule is a rule of the Sigma specification 2.0.
type sigmaRule struct {
	Title     string         `yaml:"title"`
	ID        string         `yaml:"id"`
	Status    string         `yaml:"status"`
	About     string         `yaml:"description"`
	Author    string         `yaml:"author"`
	Tags      []string       `yaml:"tags"`
	LogSource map[string]any `yaml:"logsource"`
	Detection map[string]any `yaml:"detection"`
	Level     string         `yaml:"level"`
}

// sigmaSource is where one kind of item is looked for.
type sigmaSource struct {
	kind, title string
	logSource   map[string]any
	field       string
}

var sigmaSources = []sigmaSource{
	{"address", "Connection to an address of the incident", map[string]any{"category": "network_connection", "product": "windows"}, "DestinationIp"},
	{"address", "Connection through a firewall to an address of the incident", map[string]any{"category": "firewall"}, "dst_ip"},
	{"address", "Request from an address of the incident", map[string]any{"category": "webserver"}, "c-ip"},
	{"subnet", "Connection to a network of the incident", map[string]any{"category": "network_connection", "product": "windows"}, "DestinationIp|cidr"},
	{"subnet", "Connection through a firewall to a network of the incident", map[string]any{"category": "firewall"}, "dst_ip|cidr"},
	{"subnet", "Request from a network of the incident", map[string]any{"category": "webserver"}, "c-ip|cidr"},
	{"url", "Page of the incident asked for through a proxy", map[string]any{"category": "proxy"}, "c-uri|contains"},
	{"domain", "Name of the incident asked for", map[string]any{"category": "dns_query", "product": "windows"}, "QueryName|endswith"},
	{"domain", "Name of the incident asked for on the network", map[string]any{"category": "dns"}, "query|endswith"},
	{"domain", "Request through a proxy to a name of the incident", map[string]any{"category": "proxy"}, "cs-host|endswith"},
	{"hash", "Program of the incident started", map[string]any{"category": "process_creation", "product": "windows"}, "Hashes|contains"},
	{"hash", "Library of the incident loaded", map[string]any{"category": "image_load", "product": "windows"}, "Hashes|contains"},
	{"file", "File of the incident written", map[string]any{"category": "file_event", "product": "windows"}, "TargetFilename|endswith"},
	{"file", "Page of the incident asked for", map[string]any{"category": "webserver"}, "cs-uri-stem|endswith"},
	{"user_agent", "Program of the incident asks through a proxy", map[string]any{"category": "proxy"}, "c-useragent"},
	{"user_agent", "Program of the incident asks a web server", map[string]any{"category": "webserver"}, "cs-user-agent"},
}

// Sigma writes one rule for each kind of item and place where it can be seen.
func Sigma(w io.Writer, p *Parcel) error {
	var ids []string
	for i := range p.Incidents {
		ids = append(ids, p.Incidents[i].ID)
	}
	enc := yaml.NewEncoder(w)
	enc.SetIndent(4)
	some := false
	for n := range sigmaSources {
		s := &sigmaSources[n]
		var values, tags []string
		level := finding.Low
		for i := range p.Items {
			it := &p.Items[i]
			if it.Own || it.Kind != s.kind {
				continue
			}
			values = append(values, s.values(it.Value)...)
			level = max(level, it.Severity)
			for _, t := range it.Techniques {
				if tag := "attack." + strings.ToLower(string(t)); !slices.Contains(tags, tag) {
					tags = append(tags, tag)
				}
			}
		}
		if len(values) == 0 {
			continue
		}
		some = true
		name := stix.Name("indicator", "sigma\x00"+s.title+strings.Join(ids, "\x00"))
		_, id, _ := strings.Cut(name, "--")
		tags = append(tags, "tlp."+p.Marking.String())
		if err := enc.Encode(sigmaRule{
			Title: s.title, ID: id, Status: "experimental", Author: "Longwatch", Tags: tags, LogSource: s.logSource, Level: level.String(),
			About:     fmt.Sprintf("Values that were seen in incidents %s.", strings.Join(ids, ", ")),
			Detection: map[string]any{"selection": s.selection(values), "condition": "selection"},
		}); err != nil {
			return err
		}
	}
	if !some {
		_, err := io.WriteString(w, "# nothing in this case can be said as a Sigma rule\n")
		return err
	}
	return enc.Close()
}

// values are the values that the field has when it shows the item.
func (s *sigmaSource) values(v string) []string {
	v = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(v)
	switch s.field {
	case "Hashes|contains":
		return []string{strings.ToUpper(v), v}
	case "TargetFilename|endswith":
		return []string{`\` + v}
	case "c-uri|contains": // whatever its scheme
		if _, rest, ok := strings.Cut(v, "://"); ok {
			v = rest
		}
		return []string{"://" + v}
	case "cs-uri-stem|endswith":
		return []string{"/" + v}
	}
	return []string{v}
}

// selection is what an event has to have. A name is itself or ends one after a
// dot: one that only ends like it is somebody else's.
func (s *sigmaSource) selection(values []string) any {
	field, ends := strings.CutSuffix(s.field, "|endswith")
	if s.kind != "domain" || !ends {
		return map[string]any{s.field: values}
	}
	below := make([]string, len(values))
	for i, v := range values {
		below[i] = "." + v
	}
	return []any{map[string]any{field: values}, map[string]any{s.field: below}}
}

// YARA writes one rule for the files of the case, by their digests.
func YARA(w io.Writer, p *Parcel) error {
	b := bufio.NewWriter(w)
	_, _ = fmt.Fprintf(b, "// Longwatch, TLP:%s\nimport \"hash\"\n", strings.ToUpper(p.Marking.String()))
	for i := range p.Items {
		it := &p.Items[i]
		fn, ok := map[string]string{"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256"}[stix.HashName(it.Value)]
		if it.Kind != "hash" || it.Own || !ok {
			continue
		}
		_, _ = fmt.Fprintf(b, "\nrule longwatch_%s {\n    meta:\n        description = \"%s\"\n        confidence = %d\n    condition:\n        hash.%s(0, filesize) == \"%s\"\n}\n",
			it.Value[:16], suricataText(strings.Join(it.Titles, ", ")), it.Confidence, fn, strings.ToLower(it.Value))
	}
	return b.Flush()
}

// CSV writes a table of the items.
func CSV(w io.Writer, p *Parcel) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{"type", "value", "first_seen", "last_seen", "severity", "confidence", "techniques", "description", "tlp", "source"})
	for i := range p.Items {
		it := &p.Items[i]
		if it.Own {
			continue
		}
		var techniques []string
		for _, t := range it.Techniques {
			techniques = append(techniques, string(t))
		}
		_ = c.Write([]string{
			it.Kind, casefolder.PlainCell(it.Value), day(it.First), day(it.Last), it.Severity.String(), fmt.Sprint(it.Confidence), strings.Join(techniques, " "),
			casefolder.PlainCell(oneLine(strings.Join(it.Titles, "; "))), p.Marking.String(), casefolder.PlainCell(oneLine(it.source())),
		})
	}
	c.Flush()
	return c.Error()
}

func day(t record.Time) string {
	if t == 0 {
		return ""
	}
	return t.String()
}

// listKinds are what a value tells by itself that it is. A digest of 32 digits
// is taken for that of a file: those of fingerprints are not among them.
var listKinds = []string{"address", "subnet", "domain", "url", "email", "hash"}

// List writes one value a line, for whatever reads lists.
func List(w io.Writer, p *Parcel) error {
	b := bufio.NewWriter(w)
	for i := range p.Items {
		it := &p.Items[i]
		v := it.Value
		if it.Own || !slices.Contains(listKinds, it.Kind) {
			continue
		}
		if u, err := url.Parse(v); it.Kind == "url" && err == nil {
			v = u.String()
		}
		_, _ = fmt.Fprintln(b, oneLine(v))
	}
	return b.Flush()
}
