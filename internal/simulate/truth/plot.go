package truth

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Plot records the steps of one intrusion while it is being written.
type Plot struct {
	c Campaign
}

// NewPlot begins the account of a campaign at a site.
func NewPlot(profile, site, entry string) *Plot {
	return &Plot{Campaign{Profile: profile, Site: site, Entry: entry}}
}

// Step records an act. ids are detection ids of the dossier, blank separated;
// files are below the site's folder.
func (p *Plot) Step(at time.Time, host, ids, what string, files ...string) {
	for i := range files {
		files[i] = p.c.Site + "/" + files[i]
	}
	p.c.Steps = append(p.c.Steps, Step{Time: at.UTC(), Dossier: strings.Fields(ids), What: what, Host: host, Files: files})
	p.c.Hosts = append(p.c.Hosts, host)
}

// Way records an act that is the way in. The machine counts as a right answer
// to where the intrusion began.
func (p *Plot) Way(at time.Time, host, ids, what string, files ...string) {
	p.Step(at, host, ids, what, files...)
	p.c.Steps[len(p.c.Steps)-1].Entry = true
	p.c.Entries = append(p.c.Entries, host)
}

// Began notes another right answer to where the intrusion began: an account, an
// address or a machine that the way in is seen at.
func (p *Plot) Began(names ...string) { p.c.Entries = append(p.c.Entries, names...) }

// Account and Remote note what the intruder used.
func (p *Plot) Account(name string) { p.c.Accounts = append(p.c.Accounts, name) }

// Remote notes an address or domain of the intruder.
func (p *Plot) Remote(name string) { p.c.Remote = append(p.c.Remote, name) }

// Campaign returns the account in order of time.
func (p *Plot) Campaign() Campaign {
	slices.SortStableFunc(p.c.Steps, func(a, b Step) int { return a.Time.Compare(b.Time) })
	for _, list := range []*[]string{&p.c.Entries, &p.c.Hosts, &p.c.Accounts, &p.c.Remote} {
		slices.SortFunc(*list, cmp.Compare[string])
		*list = slices.Compact(*list)
	}
	if n := len(p.c.Steps); n > 0 {
		p.c.Start, p.c.End = p.c.Steps[0].Time, p.c.Steps[n-1].Time
	}
	return p.c
}

// Pcap is where a site's packets are; EVTX names an event log.
const Pcap = "network/sensor-1.pcap"

// EVTX is the file of a channel of a host.
func EVTX(host, channel string) string {
	return "hosts/" + host + "/" + strings.ReplaceAll(channel, "/", "%4") + ".evtx"
}
