package asset

import (
	"regexp"
	"strings"

	"longwatch/internal/record"
)

// firmwares are versions as the logs of appliances tell them, at a start, a
// crash or an upgrade, by the product whose log it is (log references of the
// makers).
var firmwares = map[string][]*regexp.Regexp{
	"fortios":   {regexp.MustCompile(`(?i)\bFortiOS[ -]v?(\d+\.\d+\.\d+)`), regexp.MustCompile(`(?i)upgraded .*\bto v?(\d+\.\d+\.\d+)`), regexp.MustCompile(`(?i)\bFortiGate-\w+ v(\d+\.\d+\.\d+)`)},
	"panos":     {regexp.MustCompile(`(?i)\bPAN-?OS(?: version)?:? v?(\d+\.\d+\.\d+(?:-h\d+)?)`), regexp.MustCompile(`(?i)(?:upgraded|installed).* (?:to )?version:? (\d+\.\d+\.\d+(?:-h\d+)?)`)},
	"asa":       {regexp.MustCompile(`(?i)Adaptive Security Appliance.*? Version (\d+\.\d+(?:\(\d+[\d)]*)?\d*)`)},
	"ios":       {regexp.MustCompile(`(?i)\bCisco IOS(?: XE)? Software.*? Version (\d+\.\d+[\w.()]*)`)},
	"ivanti":    {regexp.MustCompile(`(?i)\b(?:Pulse|Ivanti) (?:Connect|Policy) Secure,? (?:version )?(\d+\.\d+R\d+(?:\.\d+)?)`), regexp.MustCompile(`(?i)upgraded .*\bto (\d+\.\d+R\d+(?:\.\d+)?)`)},
	"netscaler": {regexp.MustCompile(`\bNS(\d+\.\d+): ?Build (\d+\.\d+)`)},
	"bigip":     {regexp.MustCompile(`(?i)\bBIG-?IP[ -]v?(\d+\.\d+\.\d+(?:\.\d+)?)\b`)},
	"versa":     {regexp.MustCompile(`(?i)\bVersa Director(?: release)? (\d+\.\d+\.\d+)`)},
}

// eventHeaders are the heads of CEF and LEEF messages, whose fields are maker,
// product and version.
var eventHeaders = regexp.MustCompile(`\b(?:CEF:\d|LEEF:\d\.\d)\|([^|]{1,64})\|([^|]{1,64})\|[vV]?(\d[^|]{0,31})\|`)

// firmware reads the version out of a message of an appliance's own log. The
// makers of CEF and LEEF put there the version of the format or of the program:
// that is less sure than a sentence.
func firmware(product, message string) []Software {
	p, ok := products[product]
	if !ok || message == "" {
		return nil
	}
	if len(message) > 4096 {
		message = message[:4096]
	}
	for _, re := range firmwares[product] {
		if m := re.FindStringSubmatch(message); m != nil {
			name := p.product
			if product == "ios" && strings.Contains(strings.ToUpper(m[0]), "IOS XE") {
				name = "IOS XE"
			}
			return []Software{{Kind: KindFirmware, Vendor: p.vendor, Product: name, Version: strings.Join(m[1:], "-"), Surety: Sure, Why: "its log says " + quote(firstOf(m[0], 120))}}
		}
	}
	if m := eventHeaders.FindStringSubmatch(message); m != nil {
		return []Software{{Kind: KindFirmware, Vendor: p.vendor, Product: p.product, Version: m[3], Surety: Likely, Why: "the head of its messages is " + quote(m[0])}}
	}
	return nil
}

// pageVersions are versions that servers put into the addresses of their own
// pages: Outlook on the web, Telerik's controls.
var pageVersions = []struct {
	re              *regexp.Regexp
	vendor, product string
	why             string
}{
	{regexp.MustCompile(`(?i)^/(?:owa|ecp)/(?:auth/)?(1[45]\.\d{1,2}\.\d{1,5}(?:\.\d{1,4})?)/`), "Microsoft", "Exchange Server", "a page of Outlook on the web that it served has the address "},
	{regexp.MustCompile(`(?i)Telerik\.Web\.UI(?:,|%2c)(?: |%20|\+)*Version(?:=|%3d)(\d{4}\.\d{1,2}\.\d{3,4})`), "Progress", "Telerik UI for ASP.NET AJAX", "a control that it served has the address "},
}

// served takes versions out of the address of a page that a server gave. A
// client may ask for any page: only one that was given counts.
func (k *known) served(uri string, status uint64, port uint16, h *record.Head) {
	if k == nil || status != 200 && status != 304 {
		return
	}
	for _, p := range pageVersions {
		if m := p.re.FindStringSubmatch(uri); m != nil {
			k.runs(Software{Kind: KindServer, Vendor: p.vendor, Product: p.product, Version: m[1], Surety: Likely, Why: p.why + quote(firstOf(uri, 100)), Port: port}, h)
		}
	}
}
