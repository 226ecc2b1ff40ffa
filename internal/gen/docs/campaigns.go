package main

import (
	"fmt"
	"strconv"
	"strings"

	"longwatch/content"
	"longwatch/internal/campaign"
	"longwatch/internal/intel"
)

const campaignsLead = `What incidents are compared with. A profile is data with sources (` + "`content/campaigns/ID/profile.yaml`" + `): each
trait has a weight, belongs to a group of evidence that is capped, and names the detections that show it. How a
profile comes first, and why it often does not, is told in [how attribution works](../explanation/attribution.md).
`

// campaigns renders the profiles with their traits.
func campaigns() (string, error) {
	profiles, err := campaign.Load(content.Campaigns, "campaigns")
	if err != nil {
		return "", err
	}
	d := newDoc("Campaign profiles", campaignsLead)
	for _, p := range profiles {
		d.profile(p)
	}
	return d.String(), nil
}

func (d *doc) profile(p *campaign.Profile) {
	d.section(2, p.Name)
	d.printf("%s\n\n", sentence(p.Summary))
	d.printf("- id: `%s`\n- status: %s, confidence at most %d\n", p.ID, p.Status, p.MaxConfidence)
	if p.Attack != "" {
		d.printf("- ATT&CK group: %s\n", p.Attack)
	}
	if len(p.Aliases) > 0 {
		d.printf("- also called: %s\n", strings.Join(p.Aliases, ", "))
	}
	if p.Sponsor != "" {
		d.printf("- sponsor, in the sources' words: %s\n", sentence(p.Sponsor))
	}
	d.printf("- indicators: %s\n", indicators(p.ID))
	if len(p.Sources) > 0 {
		d.printf("\nSources:\n\n")
		for i, s := range p.Sources {
			title := s.Title
			if s.URL != "" {
				title = fmt.Sprintf("[%s](%s)", s.Title, s.URL)
			}
			d.printf("%d. %s, %s, %s, TLP:%s\n", i+1, s.Publisher, title, s.Date, strings.ToUpper(s.TLP))
		}
	}
	d.traits("Traits", p.Traits)
	d.traits("Against", p.Against)
}

func (d *doc) traits(title string, list []campaign.Trait) {
	if len(list) == 0 {
		return
	}
	d.section(3, title)
	d.table("trait", "group", "weight", "technique", "shown by", "because", "sources")
	for _, t := range list {
		d.row(code(t.ID), string(t.Group), strconv.FormatFloat(t.Weight, 'g', -1, 64), string(t.Technique), t.When.Describe(), t.Because, numbers(t.Sources))
	}
}

// indicators counts the indicators of a profile.
func indicators(id string) string {
	set, report := intel.Load(intel.FS(content.Campaigns, "campaigns/"+id))
	kinds := map[intel.Kind]int{}
	for i := range set.All {
		kinds[i.Kind]++
	}
	var parts []string
	for k := intel.Address; k <= intel.UserAgent; k++ {
		if n := kinds[k]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, k))
		}
	}
	if report.Loaded == 0 {
		return "none"
	}
	return fmt.Sprintf("%d (%s)", report.Loaded, strings.Join(parts, ", "))
}

func numbers(list []int) string {
	out := make([]string, 0, len(list))
	for _, n := range list {
		out = append(out, strconv.Itoa(n))
	}
	return strings.Join(out, ", ")
}
