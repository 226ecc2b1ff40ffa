package cert

import (
	"strconv"
	"time"
)

// relogAfter is how long a certificate is not written again, as Zeek's
// X509::relog_known_certificates_after says.
const relogAfter = 24 * time.Hour

// OncePer tells record files to write a certificate once a day in each role.
func (r *Record) OncePer() (key string, period time.Duration) {
	return r.Fingerprint + strconv.FormatBool(r.HostCert) + strconv.FormatBool(r.ClientCert), relogAfter
}
