// Package intel holds indicators (addresses, domains, hashes and the like that
// somebody published as bad) and matches records against millions of them:
//
//	set, report := intel.Load(intel.Path("feeds/"), intel.FS(content.Campaigns, "campaigns"))
//	m := set.Matcher()
//	m.Match(rec, func(f finding.Finding) { … })
//
// Rows come from Zeek intel files, STIX bundles, MISP events, OpenIOC, response
// policy zones, plain lists, CSV, the catalogues of known exploited flaws and
// misused programs, and the dated indicator tables of the campaign dossiers. Every row is loaded or reported with its
// file, line and reason. A Set is not changed after Load; Match may be called
// from many goroutines at once.
package intel

import (
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Kind is what an indicator is compared with.
type Kind uint8

// The kinds of indicator.
const (
	Address     Kind = iota + 1 // one IP address
	Subnet                      // an IP prefix; the longest one wins
	Domain                      // a name and everything below it
	URL                         // host and path; everything below the path
	Software                    // program name and version as a sensor writes it
	Email                       // an e-mail address
	User                        // an account name
	Hash                        // MD5, SHA-1, SHA-256 or SHA-512 of a file, or an imphash
	File                        // a file name, or the end of a path
	Certificate                 // digest of a certificate
	PublicKey                   // digest of a public key
	JA3                         // JA3 or JA3S digest
	JA4                         // JA4 fingerprint
	UserAgent                   // an HTTP user agent, whole
	HASSH                       // HASSH digest of an SSH client or server
	Serial                      // serial number of a certificate
	Pipe                        // name of a pipe of Windows
	RegistryKey                 // key of the registry and everything below it; key|value for what one holds
	Mutex                       // name of a mutex of Windows
	CommandLine                 // piece of a command line, in any place of it

	// Context: what is known of a thing, which matches nothing by itself.
	Vulnerability // a CVE identifier
	Tool          // the name of a program that comes with a system and can be misused
	kinds
)

var kindNames = [kinds]string{
	"", "address", "subnet", "domain", "url", "software", "email", "user", "hash", "file", "certificate", "public_key", "ja3", "ja4", "user_agent",
	"hassh", "serial", "pipe", "registry_key", "mutex", "command_line", "vulnerability", "tool",
}

// String is the name used in reports and in indicators.yaml.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return "unknown"
}

// Weight is how much a match counts, as the dossiers grade it.
type Weight uint8

// The weights. Unrated is a feed that says nothing; None is context only.
const (
	Unrated Weight = iota
	None
	Weak
	Medium
	Strong
)

var weightNames = [...]string{"unrated", "none", "weak", "medium", "strong"}

// String is the name used in indicators.yaml.
func (w Weight) String() string { return weightNames[w] }

// confidence is what a weight says on the scale of 0 to 100.
func (w Weight) confidence() uint8 { return [...]uint8{50, 0, 30, 60, 90}[w] }

// Indicator is one value that somebody published, and what they said of it.
type Indicator struct {
	Kind  Kind
	Value string // normalised: lower case, refanged, without scheme or default port

	Source     string // feed or publisher
	Desc       string // what the feed says about it
	URL        string // where to read more
	Confidence uint8  // 0 to 100
	Severity   finding.Severity
	Rated      bool // the feed itself gave Severity

	From, Until record.Time // window in which it meant something; 0 is open
	Weight      Weight
	Profile     string   // campaign id, for indicators of dossiers
	Dossier     []string // ids of the dossier's detections
	Title       string   // title of the finding; empty for a general one
	Port        uint16   // when not 0, only with this responder port
	Role        string   // when not empty, only for values in this role
	In          string   // when not empty, only at this place, as meta.if_in of Zeek names it: HTTP::IN_HOST_HEADER
	Reserved    bool     // in address space, or at a place of the registry, that anybody may use: never more than context

	Marking string      // TLP marking of the source: clear, green, amber, amber+strict, red; empty when it gives none
	Phases  []string    // kill-chain phases that the source names, such as mitre-attack:command-and-control
	Seen    record.Span // when the source saw it first and last; what decays is counted from the last

	Event string   // what it was published in together with others: an event, a report
	Links []string // what its source relates it to, such as: indicates malware "Name"

	File string // where it was read
	Line int
}

// Within tells whether the indicator meant something at t. An unknown time is
// taken as within.
func (i *Indicator) Within(t record.Time) bool {
	return t == 0 || ((i.From == 0 || t >= i.From) && (i.Until == 0 || t <= i.Until))
}
