package asset

// ouis are hardware makers by the first three bytes of their addresses: those
// of industrial makers, network appliances and virtual machines, as the IEEE
// registry assigns them. A test compares them with tshark's list.
var ouis = map[string]string{
	"00:00:bc": "Rockwell Automation", "00:1d:9c": "Rockwell Automation", "f4:54:33": "Rockwell Automation", "e4:90:69": "Rockwell Automation",
	"00:0e:8c": "Siemens", "00:1b:1b": "Siemens", "00:1c:06": "Siemens", "08:00:06": "Siemens", "28:63:36": "Siemens",
	"00:00:54": "Schneider Electric",
	"00:30:a7": "Schweitzer Engineering Laboratories", "00:01:05": "Beckhoff", "00:00:0a": "Omron", "00:a0:45": "Phoenix Contact", "00:30:de": "WAGO", "00:90:e8": "Moxa",
	"00:80:63": "Hirschmann", "00:80:a3": "Lantronix",
	"00:09:0f": "Fortinet", "00:1b:17": "Palo Alto Networks", "00:00:0c": "Cisco",
	"00:0c:29": "VMware", "00:50:56": "VMware", "00:05:69": "VMware", "00:15:5d": "Microsoft", "00:16:3e": "Xensource", "08:00:27": "PCS Systemtechnik",
	"b8:27:eb": "Raspberry Pi",
}

// virtual are makers of machines that are none: they say nothing of a vendor.
var virtual = map[string]bool{"VMware": true, "Microsoft": true, "Xensource": true, "PCS Systemtechnik": true}

// vendor is who made the asset: by its own word, else by its hardware address.
func vendor(a *Asset) string {
	for _, id := range a.Identities {
		if id.Vendor != "" {
			return id.Vendor
		}
	}
	for _, s := range a.Software {
		if s.Kind == KindFirmware && s.Vendor != "" {
			return s.Vendor
		}
	}
	for _, m := range a.MACs {
		if len(m) == 17 {
			if v := ouis[m[:8]]; v != "" && !virtual[v] {
				return v
			}
		}
	}
	return ""
}
