package routerlogin

import (
	"strings"
	"testing"

	"longwatch/internal/detect/detecttest"
)

func TestDetector(t *testing.T) { detecttest.Run(t, Detector) }

// TestIsDevice: what is looked for before the expression is asked loses none of
// the devices, however they are written.
func TestIsDevice(t *testing.T) {
	for _, name := range []string{
		"RV042G", "rv160w", "RV130", "rv325", "RV345P", "NETGEAR R7000", "ProSAFE VPN Firewall", "DrayTek", "Vigor 2960", "Vigor2960", "ASUSWRT-Merlin", "Asus RT-AC68U", "asus rtn66", "RT-AX88U",
		"TP-Link", "TPLink", "Archer C7", "archer ax55", "Linksys", "ZyXEL", "MikroTik", "RouterOS v6", "D-Link", "DLink", "DIR-825", "AXIS network camera", "Hikvision", "Dahua", "Ubiquiti", "EdgeRouter X",
		"Synology router", "FRITZ!Box", "fritzbox", "Dra\u1ef5Tek MikroTi\u212a", "CN=old ro\u0075terOS", "Micro\u017foft ProSafe",
	} {
		for _, text := range []string{name, strings.ToUpper(name), "CN=" + name + ",O=x", "a device (" + name + ")"} {
			if !devices.MatchString(text) && name != "Dra\u1ef5Tek MikroTi\u212a" {
				t.Errorf("%q is no device", text)
			}
			if got, want := isDevice(text), devices.MatchString(text); got != want {
				t.Errorf("isDevice(%q) is %v, the expression says %v", text, got, want)
			}
		}
	}
	for _, text := range []string{"", "CN=mail.example.org,O=Network Solutions", "internetgear", "Linkage", "dir-8", "O=Microsoft Corporation"} {
		if isDevice(text) {
			t.Errorf("%q is a device", text)
		}
	}
}
