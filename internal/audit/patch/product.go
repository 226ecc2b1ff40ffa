package patch

import (
	"strings"

	"longwatch/internal/asset"
)

// known are products as they are seen, with what lists of flaws call them:
// vendor and product of CPE 2.3, and of CISA's catalogue.
var known = []struct {
	name string   // as package asset calls it, or a table of flaws
	cpe  []string // vendor:product
	kev  []string // vendor product
	edge bool     // it stands where strangers come in
}{
	{"FortiOS", []string{"fortinet:fortios"}, []string{"Fortinet FortiOS", "Fortinet FortiOS and FortiProxy"}, true},
	{"FortiManager", []string{"fortinet:fortimanager"}, []string{"Fortinet FortiManager"}, true},
	{"PAN-OS", []string{"paloaltonetworks:pan-os"}, []string{"Palo Alto Networks PAN-OS"}, true},
	{"ASA", []string{"cisco:adaptive_security_appliance_software"}, []string{"Cisco Adaptive Security Appliance (ASA) and Firepower Threat Defense (FTD)", "Cisco Adaptive Security Appliance (ASA)"}, true},
	{"IOS", []string{"cisco:ios"}, []string{"Cisco IOS and IOS XE", "Cisco IOS"}, true},
	{"IOS XE", []string{"cisco:ios_xe"}, []string{"Cisco IOS XE", "Cisco IOS XE Web UI"}, true},
	{"Connect Secure", []string{"ivanti:connect_secure", "pulsesecure:pulse_connect_secure"}, []string{"Ivanti Pulse Connect Secure", "Ivanti Connect Secure and Policy Secure"}, true},
	{"NetScaler", []string{"citrix:netscaler_application_delivery_controller", "citrix:netscaler_gateway", "citrix:application_delivery_controller"}, []string{"Citrix NetScaler ADC and NetScaler Gateway", "Citrix NetScaler ADC and Gateway"}, true},
	{"BIG-IP", []string{"f5:big-ip_access_policy_manager", "f5:big-ip_local_traffic_manager"}, []string{"F5 BIG-IP"}, true},
	{"SonicOS", []string{"sonicwall:sonicos"}, []string{"SonicWall SonicOS"}, true},
	{"Versa Director", []string{"versa-networks:versa_director"}, []string{"Versa Director"}, true},
	{"RouterOS", []string{"mikrotik:routeros"}, []string{"MikroTik RouterOS"}, true},
	{"Junos", []string{"juniper:junos"}, []string{"Juniper Junos OS"}, true},
	{"OpenSSH", []string{"openbsd:openssh"}, nil, false},
	{"dropbear", []string{"dropbear_ssh_project:dropbear_ssh"}, nil, false},
	{"Apache", []string{"apache:http_server"}, []string{"Apache HTTP Server"}, false},
	{"nginx", []string{"f5:nginx", "nginx:nginx"}, nil, false},
	{"Microsoft-IIS", []string{"microsoft:internet_information_services", "microsoft:internet_information_server"}, []string{"Microsoft Internet Information Services (IIS)"}, false},
	{"Exchange Server", []string{"microsoft:exchange_server"}, []string{"Microsoft Exchange Server"}, true},
	{"SharePoint", []string{"microsoft:sharepoint_server", "microsoft:sharepoint_foundation"}, []string{"Microsoft SharePoint"}, false},
	{"lighttpd", []string{"lighttpd:lighttpd"}, nil, false},
	{"PHP", []string{"php:php"}, []string{"PHP Group PHP", "PHP PHP"}, false},
	{"Apache-Coyote", []string{"apache:tomcat"}, []string{"Apache Tomcat"}, false},
	{"MySQL", []string{"oracle:mysql", "oracle:mysql_server"}, nil, false},
	{"MariaDB", []string{"mariadb:mariadb"}, nil, false},
	{"PostgreSQL", []string{"postgresql:postgresql"}, nil, false},
	{"Chrome", []string{"google:chrome"}, nil, false},
	{"Edge", []string{"microsoft:edge_chromium"}, nil, false},
	{"Firefox", []string{"mozilla:firefox"}, nil, false},
	{"Thunderbird", []string{"mozilla:thunderbird"}, nil, false},
	{"Internet Explorer", []string{"microsoft:internet_explorer"}, []string{"Microsoft Internet Explorer"}, false},
	{"curl", []string{"haxx:curl"}, nil, false},
	{"ESXi", []string{"vmware:esxi"}, []string{"VMware ESXi"}, false},
	{"Telerik UI for ASP.NET AJAX", []string{"progress:telerik_ui_for_asp.net_ajax", "telerik:ui_for_asp.net_ajax"}, []string{"Progress Telerik UI for ASP.NET AJAX"}, false},
	{"Dovecot", []string{"dovecot:dovecot"}, nil, false},
	{"Exim", []string{"exim:exim"}, []string{"Exim Exim"}, true},
	{"RV320", []string{"cisco:rv320_firmware"}, nil, true},
	{"FatPipe", []string{"fatpipeinc:warp_firmware"}, nil, true},
	{"Quantum Security Gateway", []string{"checkpoint:quantum_security_gateway_firmware"}, nil, true},
}

// fold makes names of products comparable: letters and digits, lower case. One
// pair of names differs by case alone: Apple's iOS and Cisco's IOS.
func fold(s string) string {
	if s == "iOS" {
		return "apple ios"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, s)
}

// spellings are the folded names under which a product of a flaw may be seen.
func (f *Flaw) spellings() []string {
	out := []string{fold(f.Product)}
	for _, n := range f.Also {
		out = append(out, fold(n))
	}
	cpe := f.vendor + ":" + strings.ToLower(f.Product)
	for _, k := range known {
		for _, c := range k.cpe {
			if f.vendor != "" && c == cpe {
				out = append(out, fold(k.name))
			}
		}
	}
	return out
}

// atEdge tells whether products of that name stand where strangers come in.
func atEdge(product string) bool {
	for _, k := range known {
		if k.edge && fold(k.name) == fold(product) {
			return true
		}
	}
	return false
}

// sameVendor tells whether what is known of the makers lets the flaw be of the
// software: Apple's iOS is not Cisco's IOS.
func (f *Flaw) sameVendor(s *asset.Software) bool {
	if f.vendor == "" || s.Vendor == "" || related(f.vendor, s.Vendor) {
		return true
	}
	for _, k := range known {
		if fold(k.name) != fold(s.Product) {
			continue
		}
		flaw, seen := false, false
		for _, c := range k.cpe {
			v, _, _ := strings.Cut(c, ":")
			flaw, seen = flaw || v == f.vendor, seen || related(v, s.Vendor)
		}
		if flaw && seen {
			return true
		}
	}
	return false
}

func related(a, b string) bool {
	a, b = fold(a), fold(b)
	return strings.Contains(a, b) || strings.Contains(b, a)
}

// makerOf is the vendor that CPE gives a product by our name for it.
func makerOf(product string) string {
	for _, k := range known {
		if k.name == product && len(k.cpe) > 0 {
			v, _, _ := strings.Cut(k.cpe[0], ":")
			return v
		}
	}
	return ""
}
