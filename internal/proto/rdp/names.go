package rdp

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed layouts.txt
var layoutsText string

var layouts = sync.OnceValue(func() map[uint32]string {
	table := map[uint32]string{}
	for line := range strings.Lines(layoutsText) {
		id, name, ok := strings.Cut(strings.TrimRight(line, "\n"), " ")
		if n, err := strconv.ParseUint(id, 16, 32); ok && err == nil {
			table[uint32(n)] = name
		}
	}
	return table
})

// layoutName names a keyboard layout. One that is not known has the language in
// its lower half (MS-LCID section 2.2), which is a guess, and Zeek says so.
func layoutName(id uint32) string {
	if name := layouts()[id]; name != "" {
		return name
	}
	if name := layouts()[id&0xffff]; name != "" {
		return fmt.Sprintf("%s (Best Guess for %d)", name, id)
	}
	return fmt.Sprintf("keyboard-%d", id)
}

func named(table map[uint32]string, n uint32, what string) string {
	if name := table[n]; name != "" {
		return name
	}
	return what + "-" + strconv.FormatUint(uint64(n), 10)
}

// builds are the clients of Windows releases by build number.
var builds = map[uint32]string{
	419: "RDP 4.0", 2195: "RDP 5.0", 2221: "RDP 5.0", 2600: "RDP 5.1", 3790: "RDP 5.2", 6000: "RDP 6.0",
	6001: "RDP 6.1", 6002: "RDP 6.2", 7600: "RDP 7.0", 7601: "RDP 7.1", 9200: "RDP 8.0", 9600: "RDP 8.1",
	25189: "RDP 8.0 (Mac)", 25282: "RDP 8.0 (Mac)",
}

// securityProtocols are those of section 2.2.1.2.1.
var securityProtocols = map[uint32]string{0: "RDP", 1: "SSL", 2: "HYBRID", 8: "HYBRID_EX"}

// failures are those of section 2.2.1.2.2.
var failures = map[uint32]string{
	1: "SSL_REQUIRED_BY_SERVER", 2: "SSL_NOT_ALLOWED_BY_SERVER", 3: "SSL_CERT_NOT_ON_SERVER",
	4: "INCONSISTENT_FLAGS", 5: "HYBRID_REQUIRED_BY_SERVER", 6: "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER",
}

// results are those of a GCC ConferenceCreateResponse (T.124 section 8.7).
var results = map[uint32]string{
	0: "Success", 1: "User rejected", 2: "Resources not available", 3: "Rejected for symmetry breaking", 4: "Locked conference",
}

var certTypes = map[uint32]string{1: "RSA", 2: "X.509"}

// methods and levels are those of section 2.2.1.4.3. FIPS is 16 there; Zeek
// has 10, and calls 16 by its number.
var (
	methods = map[uint32]string{0: "None", 1: "40bit", 2: "128bit", 8: "56bit", 10: "FIPS"}
	levels  = map[uint32]string{0: "None", 1: "Low", 2: "Client compatible", 3: "High", 4: "FIPS"}
)

var colorDepths = map[uint32]string{4: "4bit", 8: "8bit", 15: "15bit", 16: "16bit", 24: "24bit"}
