package share

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/stix"
)

// mispEvent is an event of the MISP core format
// (https://www.misp-standard.org/rfc/misp-standard-core.html).
type mispEvent struct {
	UUID         string          `json:"uuid"`
	Info         string          `json:"info"`
	Date         string          `json:"date"`
	Timestamp    string          `json:"timestamp"`
	ThreatLevel  string          `json:"threat_level_id"` // 1 high, 2 medium, 3 low, 4 undefined
	Analysis     string          `json:"analysis"`        // 2: completed
	Distribution string          `json:"distribution"`    // 0: your organisation only; whoever imports it decides
	Published    bool            `json:"published"`
	Tags         []mispTag       `json:"Tag"`
	Attributes   []mispAttribute `json:"Attribute"`
}

type mispTag struct {
	Name string `json:"name"`
}

type mispAttribute struct {
	UUID      string    `json:"uuid"`
	Type      string    `json:"type"`
	Category  string    `json:"category"`
	Value     string    `json:"value"`
	ToIDs     bool      `json:"to_ids"`
	Comment   string    `json:"comment"`
	Timestamp string    `json:"timestamp"`
	FirstSeen string    `json:"first_seen,omitempty"`
	LastSeen  string    `json:"last_seen,omitempty"`
	Tags      []mispTag `json:"Tag,omitempty"`
}

// MISP writes one MISP event with an attribute for each item.
func MISP(w io.Writer, p *Parcel) error {
	e := mispEvent{
		Info: "Longwatch: nothing was found that others could look for", Date: "1970-01-01", Timestamp: "0", ThreatLevel: "4", Analysis: "2", Distribution: "0",
		Tags: []mispTag{{"tlp:" + p.Marking.String()}}, Attributes: []mispAttribute{},
	}
	var ids []string
	worst := finding.Info
	for i := range p.Incidents {
		inc := &p.Incidents[i]
		ids = append(ids, inc.ID)
		if i == 0 || inc.Severity > worst {
			worst, e.Info = inc.Severity, "Longwatch: "+inc.Title
		}
		for _, t := range inc.Techniques {
			e.Tags = append(e.Tags, mispTag{"misp-galaxy:mitre-attack-pattern=\"" + string(t) + "\""})
		}
	}
	if len(p.Incidents) > 0 {
		e.ThreatLevel = map[finding.Severity]string{finding.Critical: "1", finding.High: "1", finding.Medium: "2", finding.Low: "3", finding.Info: "4"}[worst]
	}
	if p.Span.Start != 0 {
		e.Date, e.Timestamp = p.Span.Start.Std().UTC().Format("2006-01-02"), fmt.Sprint(p.Span.End.Std().Unix())
	}
	_, e.UUID, _ = strings.Cut(stix.Name("report", "misp\x00"+strings.Join(ids, "\x00")), "--")
	for i := range p.Items {
		it := &p.Items[i]
		typ, category := mispType(it)
		if typ == "" || it.Own {
			continue
		}
		_, uuid, _ := strings.Cut(stix.Name("indicator", "misp\x00"+it.Kind+"\x00"+it.Value), "--")
		a := mispAttribute{
			UUID: uuid, Type: typ, Category: category, Value: it.Value, ToIDs: it.Severity >= finding.Medium, Comment: strings.Join(it.Titles, "; "),
			Timestamp: fmt.Sprint(max(it.Last, it.First, 0).Std().Unix()), FirstSeen: mispTime(it.First), LastSeen: mispTime(max(it.First, it.Last)),
		}
		if it.First == 0 {
			a.Timestamp, a.LastSeen = e.Timestamp, ""
		}
		e.Attributes = append(e.Attributes, a)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(map[string]mispEvent{"Event": e})
}

func mispTime(t record.Time) string {
	if t == 0 {
		return ""
	}
	return t.Std().UTC().Format("2006-01-02T15:04:05.000000+00:00")
}

// mispType is the type and category of MISP's attributes.
func mispType(it *Item) (typ, category string) {
	const network, payload = "Network activity", "Payload delivery"
	switch it.Kind {
	case "address", "subnet":
		return "ip-dst", network
	case "domain":
		return "domain", network
	case "url":
		return "url", network
	case "email":
		return "email-src", payload
	case "file":
		return "filename", payload
	case "hash":
		return strings.ToLower(strings.ReplaceAll(stix.HashName(it.Value), "-", "")), payload
	case "certificate":
		return "x509-fingerprint-" + strings.ToLower(strings.ReplaceAll(stix.HashName(it.Value), "-", "")), network
	case "ja3", "ja3s":
		return "ja3-fingerprint-md5", network
	case "ja4":
		return "ja4-plus", network
	case "hassh":
		return "hassh-md5", network
	case "user_agent":
		return "user-agent", network
	}
	return "", ""
}
