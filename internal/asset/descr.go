package asset

import (
	"regexp"
	"strings"
)

// described are systems by what they write into sysDescr (RFC 3418), with the
// expression that finds the version.
var described = []struct {
	part, vendor, product, kind, role string
	version                           *regexp.Regexp
}{
	{"cisco ios xe software", "Cisco", "IOS XE", KindFirmware, Appliance, regexp.MustCompile(`Version ([0-9][^ ,]*)`)},
	{"cisco ios software", "Cisco", "IOS", KindFirmware, Appliance, regexp.MustCompile(`Version ([0-9][^ ,]*)`)},
	{"cisco internetwork operating system", "Cisco", "IOS", KindFirmware, Appliance, regexp.MustCompile(`Version ([0-9][^ ,]*)`)},
	{"cisco nx-os", "Cisco", "NX-OS", KindFirmware, Appliance, regexp.MustCompile(`Version ([0-9][^ ,]*)`)},
	{"cisco adaptive security appliance", "Cisco", "ASA", KindFirmware, Appliance, regexp.MustCompile(`Version ([0-9][^ ,]*)`)},
	{"juniper networks", "Juniper", "Junos", KindFirmware, Appliance, regexp.MustCompile(`JUNOS ([0-9][^ ,\]]*)`)},
	{"routeros", "MikroTik", "RouterOS", KindFirmware, Router, regexp.MustCompile(`RouterOS ([0-9][^ ]*)`)},
	{"fortigate", "Fortinet", "FortiOS", KindFirmware, Appliance, regexp.MustCompile(`v([0-9][^ ,]*)`)},
	{"palo alto networks", "Palo Alto Networks", "PAN-OS", KindFirmware, Appliance, nil},
	{"arista networks eos", "Arista", "EOS", KindFirmware, Appliance, regexp.MustCompile(`EOS version ([0-9][^ ]*)`)},
	{"procurve", "HP", "ProCurve", KindFirmware, Appliance, regexp.MustCompile(`revision ([A-Z0-9.]+)`)},
	{"hirschmann", "Hirschmann", "HiOS", KindFirmware, Appliance, nil},
	{"moxa", "Moxa", "Moxa firmware", KindFirmware, Appliance, nil},
	{"scalance", "Siemens", "SCALANCE", KindFirmware, Appliance, regexp.MustCompile(`FW: Version V([0-9][^ ,]*)`)},
	{"simatic", "Siemens", "SIMATIC", KindFirmware, PLC, regexp.MustCompile(`FW: (?:Version )?V([0-9][^ ,]*)`)},
	{"jetdirect", "HP", "JetDirect", KindFirmware, Printer, nil},
	{"laserjet", "HP", "LaserJet", KindFirmware, Printer, nil},
	{"printer", "", "printer", KindFirmware, Printer, nil},
	{"vmware esxi", "VMware", "ESXi", KindOS, Server, regexp.MustCompile(`ESXi ([0-9][^ ]*)`)},
}

var (
	windowsDescr = regexp.MustCompile(`Windows (?:2000 )?Version ([0-9]+\.[0-9]+) \(Build ([0-9]+)`)
	unameDescr   = regexp.MustCompile(`^(Linux|FreeBSD|NetBSD|OpenBSD|SunOS|Darwin|AIX|HP-UX) \S+ ([0-9][^ ]*)`)
)

// sysDescr reads a system's description of itself, and the role it implies.
func sysDescr(s string) (out []Software, role string) {
	s = strings.TrimSpace(clip(s))
	if s == "" {
		return nil, ""
	}
	why := "sysDescr " + quote(firstOf(s, 120))
	if m := windowsDescr.FindStringSubmatch(s); m != nil {
		return ntVersion(m[1]+"."+m[2], Sure, why), ""
	}
	if m := unameDescr.FindStringSubmatch(s); m != nil {
		list := []Software{{Kind: KindOS, Product: m[1], Version: m[2], Surety: Sure, Why: why}}
		return append(list, distribution(s, why)...), ""
	}
	low := strings.ToLower(s)
	for _, d := range described {
		if !strings.Contains(low, d.part) {
			continue
		}
		soft := Software{Kind: d.kind, Vendor: d.vendor, Product: d.product, Surety: Sure, Why: why}
		if d.version != nil {
			if m := d.version.FindStringSubmatch(s); m != nil {
				soft.Version = m[1]
			}
		}
		return []Software{soft}, d.role
	}
	return []Software{{Kind: KindFirmware, Product: firstOf(s, 60), Surety: Guess, Why: why}}, ""
}

// makers are vendors by a word in the name of a product, lower case.
var makers = []struct{ part, vendor string }{
	{"openssh_for_windows", "Microsoft"}, {"openssh", "OpenBSD"}, {"dropbear", "Dropbear"}, {"apache", "Apache"}, {"nginx", "F5"}, {"iis", "Microsoft"}, {"microsoft", "Microsoft"}, {"windows", "Microsoft"}, {"sql server", "Microsoft"}, {"remote desktop", "Microsoft"},
	{"cisco", "Cisco"}, {"romsshell", "Allegro"}, {"rompager", "Allegro"}, {"goahead", "EmbedThis"}, {"lighttpd", "lighttpd"}, {"openssl", "OpenSSL"}, {"php", "PHP"}, {"tomcat", "Apache"}, {"jetty", "Eclipse"}, {"rosssh", "MikroTik"},
	{"niagara", "Tridium"}, {"simatic", "Siemens"}, {"rockwell", "Rockwell Automation"}, {"schneider", "Schneider Electric"}, {"putty", "PuTTY"}, {"winscp", "WinSCP"}, {"curl", "curl"}, {"python", "Python"}, {"samba", "Samba"},
}

func vendorOf(product string) string {
	low := strings.ToLower(product)
	for _, m := range makers {
		if strings.Contains(low, m.part) {
			return m.vendor
		}
	}
	return ""
}
