package asset

import (
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/record"
)

// short is what software says in the tables below.
func short(list []Software) (out []string) {
	for _, s := range list {
		out = append(out, strings.TrimSpace(s.Kind+" "+s.Product+" "+s.Version)+" ("+s.Surety.String()+")")
	}
	return out
}

func TestBanners(t *testing.T) {
	for _, c := range []struct {
		name string
		got  []Software
		want []string
	}{
		{"ssh", sshBanner("SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.6", KindServer, 22), []string{"server OpenSSH 8.9p1 (sure)", "os Ubuntu (likely)"}},
		{"ssh without a version", sshBanner("SSH-2.0-ROSSSH", KindServer, 22), []string{"server ROSSSH (sure)"}},
		{"ssh of another form", sshBanner("SSH-2.0-mod_sftp/0.9.9", KindServer, 22), []string{"server mod_sftp 0.9.9 (sure)"}},
		{"no ssh", sshBanner("HTTP/1.1 400", KindServer, 22), nil},
		{"server", productList("Apache/2.4.41 (Ubuntu) OpenSSL/1.1.1f PHP/7.4.3", KindServer, 80, "h", Likely), []string{"server Apache 2.4.41 (likely)", "server OpenSSL 1.1.1f (likely)", "server PHP 7.4.3 (likely)", "os Ubuntu (likely)"}},
		{"server with spaces", productList("Allegro-Software RomPager/4.07 UPnP/1.0", KindServer, 80, "h", Likely), []string{"server Allegro-Software RomPager 4.07 (likely)"}},
		{"a name alone", productList("nginx", KindServer, 80, "h", Likely), []string{"server nginx (likely)"}},
		{"IIS", productList("Microsoft-IIS/8.5", KindServer, 80, "h", Likely), []string{"server Microsoft-IIS 8.5 (likely)", "os Windows (likely)"}},
		{"Chrome of today", userAgent("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"), []string{"os Windows 10, 11 or Server 2016 and later (likely)", "client Chrome 126 (likely)"}},
		{"Edge", userAgent("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.87"), []string{"os Windows 10, 11 or Server 2016 and later (likely)", "client Edge 126.0.2592.87 (likely)"}},
		{"a frozen macOS", userAgent("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15"), []string{"os macOS (likely)", "client Safari 17.5 (likely)"}},
		{"Internet Explorer in compatibility view", userAgent("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1; Trident/7.0)"), []string{"os Windows 7 or Server 2008 R2 (likely)", "client Internet Explorer 7.0 (guess)"}},
		{"CryptoAPI", userAgent("Microsoft-CryptoAPI/6.1"), []string{"client Microsoft-CryptoAPI 6.1 (likely)", "os Windows 7 or Server 2008 R2 (likely)"}},
		{"curl", userAgent("curl/8.5.0"), []string{"client curl 8.5.0 (likely)"}},
		{"MariaDB", mysqlVersion("5.5.5-10.6.12-MariaDB-0ubuntu0.22.04.1", 3306), []string{"server MariaDB 10.6.12 (sure)", "os Ubuntu 22.04 (likely)"}},
		{"MySQL", mysqlVersion("5.7.38-log", 3306), []string{"server MySQL 5.7.38 (sure)"}},
		{"a proxy for MySQL", mysqlVersion("8.0.11-TiDB-v7.1", 4000), []string{"server MySQL 8.0.11 (guess)"}},
		{"a build of Windows", ntVersion("10.0.17763", Likely, "w"), []string{"os Windows 10 1809 or Server 2019 10.0.17763 (likely)"}},
		{"nobody's build", ntVersion("6.1.0", Likely, "w"), []string{"os Samba or another implementation (guess)"}},
		{"an unknown build", ntVersion("10.0.12345", Sure, "w"), []string{"os Windows 10, 11 or Server 2016 and later 10.0.12345 (likely)"}},
	} {
		if d := cmp.Diff(c.want, short(c.got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func TestSysDescr(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
		role string
	}{
		{"Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 12.2(55)SE, RELEASE SOFTWARE (fc2)", []string{"firmware IOS 12.2(55)SE (sure)"}, Appliance},
		{"Linux web1 5.4.0-42-generic #46-Ubuntu SMP Fri Jul 10 00:24:02 UTC 2020 x86_64", []string{"os Linux 5.4.0-42-generic (sure)", "os Ubuntu (likely)"}, ""},
		{"Hardware: x86 Family 6 Model 58 Stepping 9 AT/AT COMPATIBLE - Software: Windows Version 6.3 (Build 17763 Multiprocessor Free)", []string{"os Windows 10 1809 or Server 2019 6.3.17763 (sure)"}, ""},
		{"HP ETHERNET MULTI-ENVIRONMENT,ROM none,JETDIRECT,JD149,EEPROM V.36.11", []string{"firmware JetDirect (sure)"}, Printer},
		{"Siemens, SIMATIC S7, CPU-1200, 6ES7 212-1BE40-0XB0 , HW: Version 1, FW: Version V4.2.3, SZVJ2W44000382", []string{"firmware SIMATIC 4.2.3 (sure)"}, PLC},
		{"something else", []string{"firmware something else (guess)"}, ""},
	} {
		list, role := sysDescr(c.text)
		if d := cmp.Diff(c.want, short(list)); d != "" || role != c.role {
			t.Errorf("%s: role %q (-want +got):\n%s", c.text, role, d)
		}
	}
}

// FuzzBanners: a version that is told stands in the text; nothing is told
// without a product, and nothing of it acts on a terminal.
func FuzzBanners(f *testing.F) {
	for _, s := range []string{"SSH-2.0-OpenSSH_8.9p1 Ubuntu", "Apache/2.4 (x) y/1", "Mozilla/5.0 (Windows NT 6.1) Chrome/1.0.0.0", "5.5.5-10-MariaDB", "Linux a 5.4", "10.0.17763", "Cisco IOS Software, Version 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		descr, _ := sysDescr(s)
		k := &known{}
		for _, list := range [][]Software{sshBanner(s, KindServer, 1), productList(s, KindServer, 1, "x", Sure), userAgent(s), mysqlVersion(s, 1), postgresVersion(s, 1), ntVersion(s, Sure, "x"), mailBanner(s, 1), descr} {
			for _, soft := range list {
				plainText := strings.ReplaceAll(clip(s), "_", ".")
				for p := range strings.SplitSeq(strings.ReplaceAll(soft.Version, "_", "."), ".") {
					if soft.Product != "Ubuntu" && !strings.Contains(plainText, p) {
						t.Fatalf("version %q of %q is not in %q", soft.Version, soft.Product, s)
					}
				}
				if soft.Surety < Guess || soft.Surety > Sure || soft.Why == "" {
					t.Fatalf("%+v of %q", soft, s)
				}
			}
			k.all(list, &record.Head{})
		}
		for _, soft := range k.software() {
			if soft.Product == "" || strings.ContainsFunc(soft.Product+soft.Version+soft.Why, unicode.IsControl) {
				t.Fatalf("%+v of %q", soft, s)
			}
		}
	})
}
