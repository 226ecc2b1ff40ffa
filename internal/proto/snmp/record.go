package snmp

import (
	"net/netip"
	"time"

	"longwatch/internal/record"
)

// Record sums up the messages of one connection. Names and meanings are those
// of Zeek's snmp.log. Specification: RFC 1157, RFC 3416, RFC 3414.
type Record struct {
	record.Conn
	Duration        time.Duration           `rec:"duration"`                             // first to last message
	Version         string                  `rec:"version"`                              // 1, 2c or 3
	Community       string                  `rec:"community,secret"`                     // first one seen; in version 3 the first user of a message that is not encrypted
	GetRequests     uint64                  `rec:"get_requests"`                         // variables asked for by get and get-next
	GetBulkRequests uint64                  `rec:"get_bulk_requests"`                    // variables asked for in bulk
	GetResponses    uint64                  `rec:"get_responses"`                        // variables in answers
	SetRequests     uint64                  `rec:"set_requests"`                         // variables to be written
	DisplayString   string                  `rec:"display_string"`                       // what the responder says it is (sysDescr)
	UpSince         record.Opt[record.Time] `rec:"up_since"`                             // when it says it was started
	Traps           uint64                  `rec:"traps,extra"`                          // traps and informs, which the agent sends by itself
	Reports         uint64                  `rec:"reports,extra"`                        // refusals of version 3
	SysName         string                  `rec:"sys_name,extra" ent:"host,managed"`    // its name (sysName)
	AgentAddr       netip.Addr              `rec:"agent_addr,extra" ent:"address,agent"` // of the device a version 1 trap is about
	User            string                  `rec:"user,extra"`                           // of version 3
	EngineID        string                  `rec:"engine_id,extra"`                      // of version 3: the device, in hexadecimal
	Security        string                  `rec:"security,extra"`                       // of version 3: noAuthNoPriv, authNoPriv or authPriv; the best one seen
	Errors          uint64                  `rec:"errors,extra"`                         // answers with an error status
	Written         []string                `rec:"written,extra"`                        // identifiers of variables to be written, at most 16
	Trapped         []string                `rec:"trap_ids,extra,set"`                   // identifiers of traps, at most 16
}

// Type is the schema of Record.
var Type = record.Of[Record]("snmp")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }
