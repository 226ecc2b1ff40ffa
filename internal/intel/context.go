package intel

import (
	"encoding/json"
	"fmt"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// known makes an indicator of something that is only context.
func known(kind Kind, value, source, desc string) Indicator {
	return Indicator{Kind: kind, Value: value, Source: source, Desc: desc, Confidence: 100, Weight: None, Severity: finding.Info, Rated: true}
}

// kev reads one entry of CISA's Known Exploited Vulnerabilities.
func (l *loader) kev(raw []byte) {
	l.file.Format = "kev"
	var v struct {
		CVE        string `json:"cveID"`
		Vendor     string `json:"vendorProject"`
		Product    string `json:"product"`
		Name       string `json:"vulnerabilityName"`
		Added      string `json:"dateAdded"`
		Due        string `json:"dueDate"`
		Ransomware string `json:"knownRansomwareCampaignUse"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		l.refuseRow(fmt.Sprintf("an entry that cannot be read: %v", err))
		return
	}
	l.row(exploited(v.CVE, v.Vendor, v.Product, v.Name, v.Added, v.Due, v.Ransomware))
}

// exploited is what the catalogue says of a vulnerability.
func exploited(cve, vendor, product, name, added, due, ransomware string) Indicator {
	desc := fmt.Sprintf(exploitedWords+"%s %s, %s; due %s", vendor, product, name, due)
	if strings.EqualFold(ransomware, "known") {
		desc += ransomwareWords
	}
	ind := known(Vulnerability, cve, KEV, desc)
	ind.Seen = record.Span{Start: when(added, false), End: when(added, false)}
	return ind
}

// misusedWords begin the description of a program of LOLBAS.
const misusedWords = "comes with the system and can be misused: "

// lolbas reads one program of the LOLBAS project.
func (l *loader) lolbas(raw []byte) {
	l.file.Format = "lolbas"
	var p struct {
		Name     string `json:"Name"`
		Commands []struct {
			Category string `json:"Category"`
			Mitre    string `json:"MitreID"`
		} `json:"Commands"`
		URL string `json:"url"`
	}
	if err := json.Unmarshal(raw, &p); err != nil || p.Name == "" {
		l.refuseRow("a program that cannot be read")
		return
	}
	var uses []string
	for _, c := range p.Commands {
		if use := strings.TrimSpace(c.Category + " " + c.Mitre); use != "" && !strings.Contains(strings.Join(uses, ", "), use) {
			uses = append(uses, use)
		}
	}
	ind := known(Tool, p.Name, "LOLBAS", misusedWords+strings.Join(uses, ", "))
	ind.URL = p.URL
	l.row(ind)
}

// lolDriver reads one driver of the LOLDrivers project: a row for each digest
// of a sample.
func (l *loader) lolDriver(raw []byte) {
	l.file.Format = "loldrivers"
	var d struct {
		Category string   `json:"Category"`
		Tags     []string `json:"Tags"`
		Samples  []struct {
			Filename string `json:"Filename"`
			MD5      string `json:"MD5"`
			SHA1     string `json:"SHA1"`
			SHA256   string `json:"SHA256"`
		} `json:"KnownVulnerableSamples"`
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		l.refuseRow(fmt.Sprintf("a driver that cannot be read: %v", err))
		return
	}
	name := strings.Join(d.Tags, " ")
	for _, s := range d.Samples {
		ind := Indicator{Kind: Hash, Source: "LOLDrivers", Desc: strings.TrimSpace(d.Category + " " + first(s.Filename, name)), Confidence: Medium.confidence(), Severity: finding.Medium}
		for _, digest := range []string{s.SHA256, s.SHA1, s.MD5} {
			if ind.Value = strings.Trim(digest, "- "); ind.Value != "" {
				l.row(ind)
			}
		}
	}
}

// epss is what a row of the Exploit Prediction Scoring System
// (https://www.first.org/epss/data_stats) says of a vulnerability. comment is
// the line above the table, model_version:v2025.03.14,score_date:2026-01-02T00:00:00+0000.
func epss(comment, score, percentile string) Indicator {
	model, date := "", record.Time(0)
	for part := range strings.SplitSeq(comment, ",") {
		name, value, _ := strings.Cut(part, ":")
		switch strings.TrimSpace(name) {
		case "model_version":
			model = value
		case "score_date":
			day, _, _ := strings.Cut(value, "T")
			date = when(day, false)
		}
	}
	desc := probabilityWords + score
	if percentile != "" {
		desc += ", percentile " + percentile
	}
	if model != "" {
		desc += ", model " + model
	}
	ind := known(Vulnerability, "", EPSS, desc)
	ind.URL = "https://www.first.org/epss/"
	ind.Seen = record.Span{Start: date, End: date}
	return ind
}
