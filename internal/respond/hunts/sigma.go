package hunts

import (
	"fmt"
	"maps"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// sigmaRule is a rule of the Sigma specification 2.0.
type sigmaRule struct {
	Title     string            `yaml:"title"`
	ID        string            `yaml:"id"`
	Status    string            `yaml:"status"`
	About     string            `yaml:"description"`
	Author    string            `yaml:"author"`
	Tags      []string          `yaml:"tags,omitempty"`
	LogSource map[string]string `yaml:"logsource"`
	Detection map[string]any    `yaml:"detection"`
	Level     string            `yaml:"level"`
}

// sigmaPlace is a kind of log in which a source can be seen, with its names of
// fields.
type sigmaPlace struct {
	where, title string // title tells places of one source apart
	logSource    map[string]string
	also         map[string]any // that every event must be
	fields       map[Field]string
}

var sigmaPlaces = map[Source][]sigmaPlace{
	Network: {
		{"hosts", "", map[string]string{"category": "network_connection", "product": "windows"}, nil, map[Field]string{Remote: "DestinationIp"}},
		{"firewall", " through a firewall", map[string]string{"category": "firewall"}, nil, map[Field]string{Remote: "dst_ip"}},
	},
	Inbound: {{"web", "", map[string]string{"category": "webserver"}, nil, map[Field]string{Remote: "c-ip"}}},
	DNS: {
		{"hosts", "", map[string]string{"category": "dns_query", "product": "windows"}, nil, map[Field]string{Name: "QueryName"}},
		{"network", " on the network", map[string]string{"category": "dns"}, nil, map[Field]string{Name: "query"}},
		{"proxy", " through a proxy", map[string]string{"category": "proxy"}, nil, map[Field]string{Name: "cs-host"}},
	},
	Process: {{"hosts", "", map[string]string{"category": "process_creation", "product": "windows"}, nil, map[Field]string{Hash: "Hashes", Command: "CommandLine"}}},
	Files: {
		{"hosts", "", map[string]string{"category": "file_event", "product": "windows"}, nil, map[Field]string{Path: "TargetFilename"}},
		{"programs", ", or run", map[string]string{"category": "process_creation", "product": "windows"}, nil, map[Field]string{Path: "Image"}},
		{"web", ", or asked for at a web server", map[string]string{"category": "webserver"}, nil, map[Field]string{Path: "cs-uri-stem"}},
	},
	Logon: {{"hosts", "", map[string]string{"product": "windows", "service": "security"}, map[string]any{"EventID": 4624}, map[Field]string{Account: "TargetUserName", From: "IpAddress"}}},
}

// sigmaText escapes what Sigma's values give a meaning: wildcards and their
// escape (specification, appendix on modifiers).
func sigmaText(v string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(v)
}

// sigmaClause is a clause as a field with its modifiers and values.
func sigmaClause(p *sigmaPlace, c *Clause) (field string, values []string) {
	field = p.fields[c.Field]
	if field == "" {
		return "", nil
	}
	for _, v := range c.Any {
		s := sigmaText(v)
		switch {
		case c.Field == Hash:
			values = append(values, s, strings.ToUpper(s))
		case c.Op == Below:
			values = append(values, s, "."+s)
		case c.Field == Path && p.where == "web":
			values = append(values, "/"+s)
		case c.Field == Path:
			values = append(values, `\`+s)
		default:
			values = append(values, s)
		}
	}
	switch {
	case c.Field == Hash, c.Op == Contains:
		field += "|contains"
	case c.Op == Below, c.Op == EndsWith:
		field += "|endswith"
	}
	return field, values
}

// writeSigma writes one rule for each hunt and place where it can be seen.
func writeSigma(list []Hunt) string {
	var b strings.Builder
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(4)
	some := false
	for i := range list {
		h := &list[i]
		for n := range sigmaPlaces[h.Source] {
			p := &sigmaPlaces[h.Source][n]
			r := sigmaRule{
				Title: h.Title + p.title, ID: sigmaID(h.ID, n), Status: "experimental", Author: "Longwatch", LogSource: p.logSource, Level: h.Severity.String(),
				About: fmt.Sprintf("%s Made of incident %s.", h.Why, remark(h.Incident)), Detection: map[string]any{},
			}
			if r.Level == "info" {
				r.Level = "informational"
			}
			for _, t := range h.Techniques {
				r.Tags = append(r.Tags, "attack."+strings.ToLower(t))
			}
			condition, ok := "", true
			for k := range h.All {
				field, values := sigmaClause(p, &h.All[k])
				if field == "" || len(values) == 0 {
					ok = false
					break
				}
				name := fmt.Sprintf("part%d", k+1)
				part := map[string]any{field: values}
				maps.Copy(part, p.also)
				r.Detection[name] = part
				condition += " and " + name
			}
			if !ok || condition == "" {
				continue
			}
			r.Detection["condition"] = strings.TrimPrefix(condition, " and ")
			if enc.Encode(r) == nil {
				some = true
			}
		}
	}
	if !some || enc.Close() != nil {
		return ""
	}
	return b.String()
}

// sigmaID is the id of a hunt's rule for its n-th place.
func sigmaID(id string, n int) string {
	const digits = "0123456789abcdef"
	b := []byte(id)
	last := len(b) - 1
	b[last] = digits[(strings.IndexByte(digits, b[last])+n)%16]
	return string(b)
}
