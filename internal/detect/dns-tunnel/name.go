package dnstunnel

import (
	"slices"
	"strings"
)

// minData is how long a name must be before its zone to be looked at.
const minData = 24

// name is a name that was asked for.
type name struct {
	data string // before the zone
	zone string // that is registered
}

// lookups are zones of services that are asked about addresses, files and
// domains: block lists, reputation, antivirus. Their names are long, many and
// new by design, and their servers belong to these services.
var lookups = []string{
	"sophosxl.net", "sophosxl.com", "mcafee.com", "avast.com", "avg.com", "avcdn.net", "kaspersky-labs.com", "kaspersky.com", "e5.sk", "eset.com", "esetsoftware.com",
	"f-secure.com", "fsapi.com", "bitdefender.net", "trendmicro.com", "symantec.com", "norton.com", "webrootcloudav.com", "cymru.com",
	"spamhaus.org", "spamhaus.net", "surbl.org", "uribl.com", "barracudacentral.org", "sorbs.net", "spamcop.net", "senderscore.com", "mailspike.net", "dnswl.org",
	"abuseat.org", "invaluement.com", "njabl.org", "habeas.com", "isipp.com", "team-cymru.com", "dshield.org", "abuse.ch", "opendns.com", "umbrella.com",
	"zvelo.com", "brightcloud.com", "fortinet.net", "fortiguard.net", "paloaltonetworks.com",
}

// secondLevel are labels below which a two-letter domain registers names.
var secondLevel = []string{"ac", "co", "com", "edu", "go", "gob", "gov", "mil", "ne", "net", "nom", "or", "org"}

// split reads a name; ok tells whether it is one that could hold data.
func split(query string) (n name, ok bool) {
	query = strings.TrimSuffix(query, ".")
	if len(query) < minData {
		return name{}, false
	}
	labels := strings.Split(strings.ToLower(query), ".")
	if labels[0] == dnscat { // straight to its server, without a zone
		return name{strings.Join(labels[1:], "."), dnscat}, true
	}
	of := 2
	if n := len(labels); n > 2 && len(labels[n-1]) == 2 && slices.Contains(secondLevel, labels[n-2]) {
		of = 3
	}
	if len(labels) <= of {
		return name{}, false
	}
	at := len(labels) - of
	n = name{strings.Join(labels[:at], "."), strings.Join(labels[at:], ".")}
	switch top := labels[len(labels)-1]; {
	case len(n.data) < minData, top == "arpa", top == "local", top == "lan", n.zone == "ip6.int", slices.Contains(lookups, n.zone):
		return name{}, false
	}
	for _, l := range labels[:at] {
		if strings.HasPrefix(l, "_") { // service, key and policy records
			return name{}, false
		}
	}
	return n, true
}

// carrying are types whose answers have room for data.
func carrying(qtype string) bool {
	switch qtype {
	case "TXT", "NULL", "CNAME", "MX", "SRV", "KEY", "DNSKEY", "PRIVATE", "query-65399", "query-10", "NAPTR", "HINFO", "SPF", "DNAME":
		return true
	}
	return false
}

// dnscat is the first label of dnscat2 without a domain of its own
// (https://github.com/iagox86/dnscat2, doc/protocol.md).
const dnscat = "dnscat"

// The tools that are known by the form of their names.
const (
	toolDnscat = "dnscat2"
	toolStage  = "Cobalt Strike's DNS stager (aaa.stage.NUMBER)"
	toolPost   = "Cobalt Strike's DNS beacon (post.DATA.ID)"
)

// leastMarks is how often a form must be seen.
var leastMarks = map[string]int{toolDnscat: 3, toolStage: 2, toolPost: 4}

// mark names the tool whose names look so.
func mark(n name) string {
	if n.zone == dnscat {
		return toolDnscat
	}
	labels := strings.Split(n.data, ".")
	switch {
	case len(labels) >= 3 && len(labels[0]) == 3 && labels[1] == "stage" && len(labels[2]) >= 5 && strings.Trim(labels[2], "0123456789") == "":
		return toolStage
	case len(labels) >= 3 && labels[0] == "post" && len(labels[1]) >= 8 && isHex(labels[1]) && slices.ContainsFunc(labels[2:], func(l string) bool { return len(l) >= 7 && isHex(l) }):
		return toolPost
	}
	return ""
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// marked is the tool seen often enough, the most frequent one.
func marked(marks map[string]int) string {
	best := ""
	for _, tool := range []string{toolDnscat, toolStage, toolPost} {
		if n := marks[tool]; n >= leastMarks[tool] && (best == "" || n > marks[best]) {
			best = tool
		}
	}
	return best
}
