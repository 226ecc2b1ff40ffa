package hostpath

import "testing"

func TestHost(t *testing.T) {
	for name, want := range map[string]string{
		"case/WEB01/inetpub/wwwroot/a.aspx":          "web01",
		"case/db01/var/log/audit/audit.log":          "db01",
		"logs/audit/db01/audit.log":                  "db01",
		"logs/audit/audit.log":                       "",
		"e/disk/PC061/Users/x/Downloads/a.zip!b.exe": "pc061",
		`E:\case\PC7\C\Windows\Temp\x.tmp`:           "pc7",
		"dc01.zip!C/Windows/NTDS/ntds.dit":           "dc01",
		"/var/log/audit/audit.log":                   "",
		"/home/me/evidence/a.aspx":                   "",
		"logs/iis/WEB01/W3SVC1/u_ex260301.log":       "web01",
		"inetpub/logs/LogFiles/W3SVC1/u_ex1.log":     "",
		"/tmp/x/logs/audit/db01/audit.log":           "db01",
		"a.aspx":                                     "",
	} {
		if got := Host(name); got != want {
			t.Errorf("Host(%q) = %q, want %q", name, got, want)
		}
	}
}
