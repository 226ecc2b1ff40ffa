package block

import "net/netip"

// delivery are networks in which one address stands for many thousands of
// sites: a block of one hits them all. As their owners publish them
// (https://www.cloudflare.com/ips/, https://api.fastly.com/public-ip-list,
// https://docs.github.com/en/pages for 185.199.108.0/22).
var delivery = []struct {
	who  string
	nets []netip.Prefix
}{
	{"Cloudflare", prefixes(
		"173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "141.101.64.0/18", "108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20",
		"197.234.240.0/22", "198.41.128.0/17", "162.158.0.0/15", "104.16.0.0/13", "104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22",
		"2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32", "2405:8100::/32", "2a06:98c0::/29", "2c0f:f248::/32",
	)},
	{"Fastly", prefixes(
		"23.235.32.0/20", "43.249.72.0/22", "103.244.50.0/24", "103.245.222.0/23", "103.245.224.0/24", "104.156.80.0/20", "140.248.64.0/18", "140.248.128.0/17",
		"146.75.0.0/17", "151.101.0.0/16", "157.52.64.0/18", "167.82.0.0/17", "167.82.128.0/20", "167.82.160.0/20", "167.82.224.0/20", "172.111.64.0/18", "185.31.16.0/22", "199.27.72.0/21", "199.232.0.0/16",
		"2a04:4e40::/32", "2a04:4e42::/32",
	)},
	{"GitHub Pages", prefixes("185.199.108.0/22", "2606:50c0:8000::/48", "2606:50c0:8001::/48", "2606:50c0:8002::/48", "2606:50c0:8003::/48")},
}

// basic are the addresses of the name servers of the root
// (https://www.iana.org/domains/root/servers) and of public resolvers and clocks
// that share does not list: without them half of a network stands still.
var basic = byAddress(map[string][]string{
	"a name server of the root of the DNS": {
		"198.41.0.4", "170.247.170.2", "192.33.4.12", "199.7.91.13", "192.203.230.10", "192.5.5.241", "192.112.36.4", "198.97.190.53", "192.36.148.17", "192.58.128.30", "193.0.14.129", "199.7.83.42", "202.12.27.33",
		"2001:503:ba3e::2:30", "2801:1b8:10::b", "2001:500:2::c", "2001:500:2d::d", "2001:500:a8::e", "2001:500:2f::f", "2001:500:12::d0d", "2001:500:1::53", "2001:7fe::53", "2001:503:c27::2:30", "2001:7fd::1", "2001:500:9f::42", "2001:dc3::35",
	},
	"a public resolver": {
		"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "149.112.112.112", "208.67.222.222", "208.67.220.220", "94.140.14.14", "94.140.15.15", "185.228.168.9", "185.228.169.9", "76.76.2.0", "76.76.10.0",
		"2001:4860:4860::8888", "2001:4860:4860::8844", "2606:4700:4700::1111", "2606:4700:4700::1001", "2620:fe::fe", "2620:fe::9", "2620:119:35::35", "2620:119:53::53",
	},
	"a public clock": {"216.239.35.0", "216.239.35.4", "216.239.35.8", "216.239.35.12", "162.159.200.1", "162.159.200.123"},
})

func byAddress(lists map[string][]string) map[netip.Addr]string {
	out := map[netip.Addr]string{}
	for who, list := range lists {
		for _, s := range list {
			out[netip.MustParseAddr(s)] = who
		}
	}
	return out
}

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// infrastructure says why an address must not be cut whoever used it, or "".
func infrastructure(a netip.Addr) string {
	if who := basic[a]; who != "" {
		return "it is " + who + ", which everybody asks"
	}
	for _, d := range delivery {
		for _, p := range d.nets {
			if p.Contains(a) {
				return "it is of " + d.who + ", where one address stands for many sites: block the names instead"
			}
		}
	}
	return ""
}
