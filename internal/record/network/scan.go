package network

import (
	"net/netip"

	"longwatch/internal/record"
)

// ScanResult is one service of one address as somebody who scans the Internet,
// or the user, found it.
type ScanResult struct {
	record.Head
	Addr    netip.Addr `rec:"addr" ent:"address"`                             // that was scanned
	Port    uint16     `rec:"port,port"`                                      // of the service; 0 when the list does not say
	Product string     `rec:"product"`                                        // as the list names device or program
	Banner  string     `rec:"banner"`                                         // first line of what the service said, at most 200 bytes
	Country string     `rec:"country" ecs:"destination.geo.country_iso_code"` // where the list places it, ISO 3166-1 alpha-2
	Holder  string     `rec:"holder" ecs:"destination.as.organization.name"`  // whom the list says that the address belongs to
}

// ScanResultType is the schema of ScanResult.
var ScanResultType = record.Of[ScanResult]("scan_result")

// RecordType returns ScanResultType.
func (*ScanResult) RecordType() *record.Type { return ScanResultType }

// BeyondZeek keeps the record out of Zeek's formats.
func (*ScanResult) BeyondZeek() bool { return true }
