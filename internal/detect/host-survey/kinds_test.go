package hostsurvey

import (
	"testing"

	"longwatch/internal/attack"
	"longwatch/internal/record/host"
)

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		image, line, parent string
		want                attack.ID
	}{
		{`C:\Windows\System32\net.exe`, `net user /domain`, "", "T1087.002"},
		{`C:\Windows\System32\net.exe`, `"C:\Windows\system32\net.exe" localgroup administrators`, "", "T1069.001"},
		{`C:\Windows\System32\net.exe`, `net group "Domain Admins" /domain`, "", "T1069.002"},
		{`C:\Windows\System32\net1.exe`, `net1 group "Domain Admins" /domain`, `C:\Windows\System32\net.exe`, ""},
		{`C:\Windows\System32\net.exe`, `net user bob Secret1 /add`, "", ""},
		{`C:\Windows\System32\net.exe`, `net use x: \\srv\data`, "", ""},
		{`C:\Windows\System32\net.exe`, `net view \\srv`, "", "T1135"},
		{`C:\Windows\System32\ipconfig.exe`, `ipconfig /flushdns`, "", ""},
		{`C:\Windows\System32\ipconfig.exe`, `ipconfig /all`, "", "T1016"},
		{`C:\Windows\System32\nltest.exe`, `nltest /domain_trusts`, "", "T1482"},
		{`C:\Windows\System32\sc.exe`, `sc start spooler`, "", ""},
		{`C:\Windows\System32\wbem\WMIC.exe`, `wmic process call create x`, "", ""},
		{`C:\Windows\System32\wbem\WMIC.exe`, `wmic os get caption`, "", "T1082"},
		{`C:\Windows\System32\notepad.exe`, `notepad whoami.txt`, "", ""},
	} {
		if got := kindOf(&host.Process{Image: c.image, CommandLine: c.line, ParentImage: c.parent}); got != c.want {
			t.Errorf("%s is %q, want %q", c.line, got, c.want)
		}
	}
}
