package asset

import (
	"strconv"
	"strings"
)

// kernels are the versions of Windows whose clients and servers cannot be told
// apart by major and minor number (Microsoft, "Operating System Version").
var kernels = map[string]string{
	"5.0": "Windows 2000", "5.1": "Windows XP", "5.2": "Windows Server 2003 or XP x64", "6.0": "Windows Vista or Server 2008", "6.1": "Windows 7 or Server 2008 R2",
	"6.2": "Windows 8 or Server 2012", "6.3": "Windows 8.1 or Server 2012 R2", "10.0": "Windows 10, 11 or Server 2016 and later",
}

// builds are the releases by build number. Where a client and a server share
// one, both are named (Microsoft, "Windows 10 release information", "Windows
// Server release information").
var builds = map[int]string{
	2195: "Windows 2000", 2600: "Windows XP", 3790: "Windows Server 2003 or XP x64",
	6000: "Windows Vista", 6001: "Windows Vista SP1 or Server 2008", 6002: "Windows Vista SP2 or Server 2008 SP2", 6003: "Windows Server 2008 SP2",
	7600: "Windows 7 or Server 2008 R2", 7601: "Windows 7 SP1 or Server 2008 R2 SP1", 9200: "Windows 8 or Server 2012", 9600: "Windows 8.1 or Server 2012 R2",
	10240: "Windows 10 1507", 10586: "Windows 10 1511", 14393: "Windows 10 1607 or Server 2016", 15063: "Windows 10 1703", 16299: "Windows 10 1709 or Server 1709", 17134: "Windows 10 1803 or Server 1803",
	17763: "Windows 10 1809 or Server 2019", 18362: "Windows 10 1903 or Server 1903", 18363: "Windows 10 1909 or Server 1909",
	19041: "Windows 10 2004 or later", 19042: "Windows 10 20H2", 19043: "Windows 10 21H1", 19044: "Windows 10 21H2", 19045: "Windows 10 22H2",
	20348: "Windows Server 2022", 22000: "Windows 11 21H2", 22621: "Windows 11 22H2", 22631: "Windows 11 23H2", 25398: "Windows Server 23H2", 26100: "Windows 11 24H2 or Server 2025", 26200: "Windows 11 25H2",
}

// windowsNT is the system of a kernel's version as 6.1 or 10.0. It names a
// product for several, so that the version is left out where it says nothing.
func windowsNT(version string, surety Surety, why string) Software {
	parts := strings.SplitN(version, ".", 3)
	s := Software{Kind: KindOS, Vendor: "Microsoft", Product: "Windows", Surety: surety, Why: why}
	if len(parts) >= 2 {
		if name := kernels[parts[0]+"."+parts[1]]; name != "" {
			s.Product = name
		}
	}
	return s
}

// ntVersion reads a version with or without a build: "10.0.17763". Samba and
// other implementations say 6.1.0, which is nobody's build.
func ntVersion(version string, surety Surety, why string) []Software {
	version = clip(version)
	parts := strings.Split(version, ".")
	s := windowsNT(version, surety, why)
	if len(parts) < 2 {
		return nil
	}
	if len(parts) == 2 {
		return []Software{s}
	}
	build, err := strconv.Atoi(parts[2])
	switch name := builds[build]; {
	case err != nil:
		return nil
	case build == 0:
		return []Software{{Kind: KindOS, Product: "Samba or another implementation", Surety: Guess, Why: why}}
	case name != "":
		s.Product, s.Version = name, version
	default:
		s.Version, s.Surety = version, min(surety, Likely)
	}
	return []Software{s}
}
