package asset

import "strings"

// userAgent reads what a client of the web says it is. Browsers freeze what
// they say of the system: Windows 11 and 10 both say "Windows NT 10.0", macOS
// says 10.15.7 since 2020, so that a version is told only where it is one.
func userAgent(s string) []Software {
	s = strings.TrimSpace(clip(s))
	if s == "" {
		return nil
	}
	why := "User-Agent " + quote(firstOf(s, 120))
	out := agentSystem(s, why)
	if strings.HasPrefix(s, "Mozilla/") || strings.HasPrefix(s, "Opera/") {
		return append(out, browser(s, why)...)
	}
	if strings.HasPrefix(s, "Microsoft-CryptoAPI/") || strings.HasPrefix(s, "Windows-Update-Agent/") || strings.HasPrefix(s, "Microsoft-Delivery-Optimization/") || strings.HasPrefix(s, "Microsoft NCSI") || strings.HasPrefix(s, "Microsoft BITS/") {
		name, version, _ := strings.Cut(s, "/")
		version = upTo(upTo(version, " "), ";")
		out = append(out, Software{Kind: KindClient, Vendor: "Microsoft", Product: name, Version: version, Surety: Likely, Why: why})
		os := Software{Kind: KindOS, Vendor: "Microsoft", Product: "Windows", Surety: Likely, Why: why}
		if name == "Microsoft-CryptoAPI" { // the kernel's version, without a build
			os = windowsNT(version, Likely, why)
		}
		return append(out, os)
	}
	list := productList(s, KindClient, 0, "User-Agent", Likely)
	if len(list) > 2 {
		list = list[:2]
	}
	for i := range list {
		list[i].Why = why
		if list[i].Kind != KindClient || strings.ContainsAny(list[i].Product, "=<>{}\\") {
			continue
		}
		out = append(out, list[i])
	}
	return out
}

// browsers by the token that only they have, the more particular ones first.
var browsers = []struct{ token, product, vendor string }{
	{"Edg/", "Edge", "Microsoft"}, {"EdgA/", "Edge for Android", "Microsoft"}, {"Edge/", "Edge (EdgeHTML)", "Microsoft"}, {"OPR/", "Opera", "Opera"}, {"Vivaldi/", "Vivaldi", "Vivaldi"}, {"SamsungBrowser/", "Samsung Internet", "Samsung"},
	{"CriOS/", "Chrome for iOS", "Google"}, {"Chrome/", "Chrome", "Google"}, {"FxiOS/", "Firefox for iOS", "Mozilla"}, {"Firefox/", "Firefox", "Mozilla"}, {"Thunderbird/", "Thunderbird", "Mozilla"},
}

func browser(s, why string) []Software {
	for _, b := range browsers {
		if _, rest, ok := strings.Cut(s, b.token); ok {
			version := strings.TrimSuffix(upTo(upTo(rest, " "), ")"), ".0.0.0") // all that browsers tell since 2022
			return []Software{{Kind: KindClient, Vendor: b.vendor, Product: b.product, Version: version, Surety: Likely, Why: why}}
		}
	}
	if _, rest, ok := strings.Cut(s, "MSIE "); ok {
		v := upTo(upTo(rest, ";"), ")")
		sure := Likely
		if strings.Contains(s, "Trident/") { // compatibility view lies about the version
			sure = Guess
		}
		return []Software{{Kind: KindClient, Vendor: "Microsoft", Product: "Internet Explorer", Version: v, Surety: sure, Why: why}}
	}
	if strings.Contains(s, "Trident/7.0") {
		return []Software{{Kind: KindClient, Vendor: "Microsoft", Product: "Internet Explorer", Version: "11", Surety: Likely, Why: why}}
	}
	if _, rest, ok := strings.Cut(s, "Version/"); ok && strings.Contains(s, "Safari/") {
		return []Software{{Kind: KindClient, Vendor: "Apple", Product: "Safari", Version: upTo(rest, " "), Surety: Likely, Why: why}}
	}
	return nil
}

// agentSystem is the system that a User-Agent names.
func agentSystem(s, why string) []Software {
	if _, rest, ok := strings.Cut(s, "Windows NT "); ok {
		v := upTo(upTo(rest, ";"), ")")
		return []Software{windowsNT(strings.TrimSpace(v), Likely, why)}
	}
	if _, rest, ok := strings.Cut(s, "Android "); ok {
		v := upTo(upTo(upTo(rest, ";"), ")"), " ")
		if v == "10" || v == "" || v[0] < '0' || v[0] > '9' { // what Chrome says of every release since 2022, or no version
			v = ""
		}
		return []Software{{Kind: KindOS, Vendor: "Google", Product: "Android", Version: v, Surety: Likely, Why: why}}
	}
	if _, rest, ok := strings.Cut(s, "iPhone OS "); ok {
		return []Software{{Kind: KindOS, Vendor: "Apple", Product: "iOS", Version: strings.ReplaceAll(upTo(rest, " "), "_", "."), Surety: Likely, Why: why}}
	}
	if _, rest, ok := strings.Cut(s, "Mac OS X "); ok {
		v := strings.ReplaceAll(upTo(upTo(rest, ";"), ")"), "_", ".")
		if strings.HasPrefix(v, "10.15") || strings.HasPrefix(v, "10.16") {
			v = ""
		}
		return []Software{{Kind: KindOS, Vendor: "Apple", Product: "macOS", Version: v, Surety: Likely, Why: why}}
	}
	switch {
	case strings.Contains(s, "CrOS "):
		return []Software{{Kind: KindOS, Vendor: "Google", Product: "ChromeOS", Surety: Likely, Why: why}}
	case strings.Contains(s, "Ubuntu"):
		return []Software{{Kind: KindOS, Vendor: "Canonical", Product: "Ubuntu", Surety: Likely, Why: why}}
	case strings.Contains(s, "Debian"):
		return []Software{{Kind: KindOS, Vendor: "Debian", Product: "Debian", Surety: Likely, Why: why}}
	case strings.Contains(s, "X11; Linux") || strings.Contains(s, "linux-gnu"):
		return []Software{{Kind: KindOS, Product: "Linux", Surety: Likely, Why: why}}
	}
	return nil
}
