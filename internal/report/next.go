package report

import (
	"slices"
	"strings"

	"longwatch/internal/finding"
)

// advice is one thing to do, when findings of these dossier ids are there.
// Each comes from the containment sections of the dossiers.
type advice struct {
	dossier []string
	text    string
}

var advices = []advice{
	{[]string{"OP-"}, "Do not open the suspected page, and keep scanners and monitors from it: a visit tells its owner. Work from copies."},
	{[]string{"TH-01", "TH-02", "TH-3a"}, "Image the edge appliance, then block it upstream and replace it from clean firmware with new keys; closing it alone leaves the other doors open."},
	{[]string{"VT-09", "VT-10", "VT-11", "VT-13", "TH-18"}, "Take every domain secret as stolen: plan krbtgt twice, ten hours or more apart, then privileged and service accounts."},
	{[]string{"VT-14"}, "Reset the accounts that were logged on to the hosts whose memory was read."},
	{[]string{"OP-"}, "Keep the web root with its times, the whole Temporary ASP.NET Files tree and the IIS logs; then rebuild the server and replace its machineKey on every node at once."},
	{[]string{"VT-23", "VT-24", "VT-26", "TG-13", "TG-14", "TG-15"}, "Cut the tunnels: list port proxies and relay processes on the hosts named, and block their far ends at the same moment."},
	{[]string{"TG-21", "TG-24"}, "Do not trust what the Linux host says of itself: image it from outside, then rebuild it with a new kernel."},
	{[]string{"TG-03", "TG-05", "TG-07", "TG-09"}, "Find every recipient of the mails named and every host that fetched the archive; end their mail sessions and tokens."},
	{[]string{"TH-08", "TH-09", "TH-12", "TH-05"}, "List services, tasks and WMI bindings of every host the admin shares reached, and remove them in one window."},
	{[]string{"VT-29"}, "Secure the forwarded copies of the cleared logs now: they may be all that is left."},
}

// next is what to do, in order, for one incident.
func next(i *finding.Incident) []string {
	out := []string{"Preserve first: memory and disk of the hosts named, and the logs, before anything is cleaned or blocked."}
	for _, a := range advices {
		if mentions(i, a.dossier) && !slices.Contains(out, a.text) {
			out = append(out, a.text)
		}
	}
	if len(out) == 1 {
		out = append(out, "Check the findings with the owners of the hosts: each cites the record it rests on.")
	}
	return append(out, "Search the rest of the network for the same addresses, names and hashes before you act, so that nothing is left behind.")
}

// mentions tells whether a finding of medium or above carries one of the ids;
// an id that ends in "-" stands for all of its dossier, one without a letter
// for its variants.
func mentions(i *finding.Incident, ids []string) bool {
	for _, f := range i.Findings {
		if f.Severity < finding.Medium {
			continue
		}
		for _, d := range f.Dossier {
			for _, id := range ids {
				if d == id || strings.HasSuffix(id, "-") && strings.HasPrefix(d, id) || strings.HasPrefix(d, id) && len(d) == len(id)+1 && d[len(d)-1] >= 'a' {
					return true
				}
			}
		}
	}
	return false
}
