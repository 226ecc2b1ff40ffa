package intel

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"longwatch/internal/finding"
)

// maxProfile bounds an indicators.yaml.
const maxProfile = 16 << 20

// profileFile is content/campaigns/<id>/indicators.yaml.
type profileFile struct {
	Profile    string      `yaml:"profile"`
	Indicators []yaml.Node `yaml:"indicators"`
}

// profileRow is one entry of it; Values are several that share the rest.
type profileRow struct {
	Type       string   `yaml:"type"`
	Value      string   `yaml:"value"`
	Values     []string `yaml:"values"`
	ValidFrom  string   `yaml:"valid_from"`
	ValidUntil string   `yaml:"valid_until"`
	Weight     string   `yaml:"weight"`
	Source     string   `yaml:"source"`
	Note       string   `yaml:"note"`
	Dossier    []string `yaml:"dossier"`
	Title      string   `yaml:"title"`
	URL        string   `yaml:"url"`
	Port       uint16   `yaml:"port"`
	Role       string   `yaml:"role"`
}

// yaml reads the dated indicators of a campaign, or a program or driver as the
// LOLBAS and LOLDrivers projects keep them. Other files of YAML that lie in a
// folder have nothing to do with indicators, and are passed over as if they
// had another name.
func (l *loader) yaml(r *bufio.Reader, name string, head []byte, asked bool) error {
	misused := bytes.Contains(head, []byte("Commands:")) || bytes.Contains(head, []byte("KnownVulnerableSamples:"))
	if !misused && !asked && !strings.HasPrefix(path.Base(name), "indicators.") {
		l.report.Files = l.report.Files[:len(l.report.Files)-1]
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(r, maxProfile+1))
	switch {
	case err != nil:
		return err
	case len(text) > maxProfile:
		l.refuseFile("larger than 16 MiB")
		return nil
	case !misused:
		return l.profile(text)
	}
	var o map[string]any
	if err := yaml.Unmarshal(text, &o); err != nil {
		l.refuseFile(err.Error())
		return nil
	}
	raw, err := json.Marshal(o)
	if err != nil {
		l.refuseFile(err.Error())
		return nil
	}
	l.line = 1
	l.object(raw)
	l.finishJSON()
	return nil
}

// profile reads the dated indicators of one campaign.
func (l *loader) profile(text []byte) error {
	l.file.Format = "profile"
	var p profileFile
	if err := yaml.Unmarshal(text, &p); err != nil {
		l.refuseFile(err.Error())
		return nil
	}
	if p.Profile == "" {
		l.refuseFile("no profile is named")
		return nil
	}
	for i := range p.Indicators {
		l.line = p.Indicators[i].Line
		var row profileRow
		err := p.Indicators[i].Decode(&row)
		if row.Value != "" {
			row.Values = append([]string{row.Value}, row.Values...)
		}
		ind, bad := row.indicator(p.Profile)
		if err != nil {
			bad = err
		}
		if bad != nil {
			n := max(1, len(row.Values))
			l.file.Rows += n
			l.report.Rows += n
			for range n {
				l.refuse(l.line, bad.Error())
			}
			continue
		}
		for _, v := range row.Values {
			ind.Value = v
			l.row(ind)
		}
	}
	return nil
}

// indicator checks a row and makes what its values share.
func (row *profileRow) indicator(profile string) (Indicator, error) {
	ind := Indicator{
		Source: row.Source, Desc: row.Note, URL: row.URL, Profile: profile, Dossier: row.Dossier, Title: row.Title,
		Port: row.Port, Role: row.Role, From: when(row.ValidFrom, false), Until: when(row.ValidUntil, true),
	}
	kind, ok := kindOf(row.Type)
	if !ok {
		return ind, fmt.Errorf("%w: %q", errKind, row.Type)
	}
	ind.Kind = kind
	w := Unrated
	if row.Weight != "" {
		i := slices.Index(weightNames[:], row.Weight)
		if i <= 0 {
			return ind, fmt.Errorf("weight %q is not strong, medium, weak or none", row.Weight)
		}
		w = Weight(i)
	}
	switch {
	case row.Source == "":
		return ind, fmt.Errorf("no source is given")
	case len(row.Values) == 0:
		return ind, errEmpty
	case row.ValidFrom != "" && ind.From == 0:
		return ind, fmt.Errorf("valid_from %q is not a date", row.ValidFrom)
	case row.ValidUntil != "" && ind.Until == 0:
		return ind, fmt.Errorf("valid_until %q is not a date", row.ValidUntil)
	case ind.Until != 0 && ind.From > ind.Until:
		return ind, fmt.Errorf("the window ends before it begins")
	}
	ind.Weight, ind.Confidence, ind.Rated = w, w.confidence(), true
	ind.Severity = [...]finding.Severity{finding.Medium, finding.Info, finding.Low, finding.Medium, finding.High}[w]
	return ind, nil
}
