package asset

import (
	"testing"

	"longwatch/internal/record"
)

// TestFirmware: versions as the makers' logs write them; a version in the words
// of somebody else, as of a client, is none.
func TestFirmware(t *testing.T) {
	for _, c := range []struct{ product, message, name, version string }{
		{"fortios", `msg="Pid: 211, application: sslvpnd, Firmware: FortiOS v7.0.5, Signal 11 received"`, "FortiOS", "7.0.5"},
		{"fortios", `CEF:0|Fortinet|Fortigate|v7.2.4|32546|event:system|7|`, "FortiOS", "7.2.4"},
		{"fortios", `srcip=10.0.0.1 msg="SSL tunnel established" client="FortiClient 7.0.9"`, "", ""},
		{"panos", `CEF:0|Palo Alto Networks|PAN-OS|10.2.4-h2|SYSTEM|x|3|`, "PAN-OS", "10.2.4-h2"},
		{"ios", `%SYS-5-RESTART: System restarted -- Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(2)E6, RELEASE SOFTWARE (fc1)`, "IOS", "15.2(2)E6"},
		{"ios", `%SYS-5-RESTART: System restarted -- Cisco IOS XE Software, Version 17.06.05`, "IOS XE", "17.06.05"},
		{"asa", `Cisco Adaptive Security Appliance Software Version 9.16(4)`, "ASA", "9.16(4)"},
		{"netscaler", `NetScaler NS13.1: Build 48.47.nc, Date: Mar 2023`, "NetScaler", "13.1-48.47"},
		{"ivanti", `System software upgraded from 9.1R11.1 to 9.1R11.4`, "Connect Secure", "9.1R11.4"},
		{"bigip", `BIG-IP 15.1.5.1 Build 0.0.14`, "BIG-IP", "15.1.5.1"},
		{"other", `FortiOS v7.0.5`, "", ""},
	} {
		got := firmware(c.product, c.message)
		if c.version == "" {
			if got != nil {
				t.Errorf("%q tells %+v", c.message, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Product != c.name || got[0].Version != c.version {
			t.Errorf("%q: %+v, want %s %s", c.message, got, c.name, c.version)
		}
	}
}

// TestServed: only a page that was given tells of the server.
func TestServed(t *testing.T) {
	for _, c := range []struct {
		uri    string
		status uint64
		want   string
	}{
		{"/owa/auth/15.1.2507.6/themes/resources/favicon.ico", 200, "15.1.2507.6"},
		{"/owa/auth/15.1.2507.6/themes/resources/favicon.ico", 404, ""},
		{"/owa/auth/logon.aspx", 200, ""},
		{"/Telerik.Web.UI.WebResource.axd?x=Telerik.Web.UI%2c+Version%3d2019.3.1023.45", 200, "2019.3.1023"},
	} {
		k := &known{}
		k.served(c.uri, c.status, 443, &record.Head{})
		got := ""
		for key := range k.soft {
			got = key.version
		}
		if got != c.want {
			t.Errorf("%s (%d): %q, want %q", c.uri, c.status, got, c.want)
		}
	}
}
