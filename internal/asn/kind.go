package asn

import "strings"

// Kind is what a network seems to be for.
type Kind uint8

// The kinds. They are guessed from the name of the holder, which nobody
// promises: a large company has all kinds under one number.
const (
	Unknown Kind = iota
	Hosting      // servers and address space for rent, content delivery, proxies
	Access       // homes, offices and phones behind a provider
)

// String is the kind as reports write it.
func (k Kind) String() string {
	switch k {
	case Hosting:
		return "hosting"
	case Access:
		return "access"
	}
	return ""
}

// renters are holders that rent servers out and whose names do not say so.
var renters = []string{
	"amazon", "google", "microsoft", "oracle", "digitalocean", "linode", "vultr", "constant company", "choopa", "ovh", "hetzner", "leaseweb",
	"m247", "contabo", "scaleway", "online s.a.s", "datacamp", "akamai", "cloudflare", "fastly", "alibaba", "tencent", "hostinger", "godaddy",
	"ionos", "strato ", "rackspace", "softlayer", "packethub", "tzulo", "quadranet", "psychz", "colocrossing", "buyvm", "frantech", "hivelocity",
	"latitude.sh", "clouvider", "zenlayer", "hostpapa", "g-core", "gcore", "selectel", "timeweb", "aeza", "kamatera", "upcloud", "equinix",
	"ipxo", "egihosting", "fdcservers", "peg tech", "krypt tech", "scalaxy", "gsl networks", "dreamhost", "servers.com", "netcup", "worldstream",
}

var (
	hostingWords = []string{"hosting", "hoster", "host ", "cloud", "datacenter", "data center", "data centre", "datacentre", "server", "vps", "colocation", "colo ", "cdn", "dedicated", "virtual machine"}
	accessWords  = []string{
		"telecom", "télécom", "telekom", "telefon", "telephone", "telco", "telia", "telstra", "telenor", "comcast", "broadband", "cable", "mobile", "mobil",
		"wireless", "cellular", "dsl", "fiber", "fibre", "fibra", "internet service", "communications", "comunica", "kommunik", "vodafone", "orange", "verizon", "at&t",
		"t-mobile", "charter", "cox comm", "rogers", "bell canada", "telus", "shaw ", "chinanet", "china unicom", "kpn", "swisscom", "proximus", "virgin media",
		"liberty global", "telefonica", "telmex", "claro", "rostelecom", "megafon", "vimpelcom", "turk", "jio", "bharti", "airtel", "reliance", "spectrum",
		"frontier comm", "windstream", "centurylink", "lumen", "sky uk", "british telecom", "bouygues", "free sas", "netia", "a1 ", "tele2", "tim s", "wind tre", "fastweb",
	}
)

// Guess tells what n seems to be for, from the name of its holder alone.
// Hosting wins: a hoster that calls itself a telecommunications company is
// more common than the reverse.
func (n Network) Guess() Kind {
	name := strings.ToLower(n.Name) + " "
	if contains(name, renters) || contains(name, hostingWords) {
		return Hosting
	}
	if contains(name, accessWords) {
		return Access
	}
	return Unknown
}

func contains(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}
