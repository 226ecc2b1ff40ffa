package host

import (
	"net/netip"

	"longwatch/internal/record"
)

// LogonSession is a session put together from its logon, what was done in it
// and its logoff. Specification: none; made from the records of this page.
type LogonSession struct {
	Head
	LogonType  int64       `rec:"logon_type" ecs:"winlog.logon.type"`                 // Windows logon type; 0 unknown
	Package    string      `rec:"auth_package"`                                       // protocol that proved who it was
	Source     netip.Addr  `rec:"source_ip" ecs:"source.ip" ent:"address,originator"` // where it came from
	SourceHost string      `rec:"source_host" ecs:"source.domain"`                    // what that host is called
	End        record.Time `rec:"end" ecs:"event.end"`                                // logoff, or the last sign of it
	Begun      bool        `rec:"begun"`                                              // its logon was seen; else ts is the first sign of it
	Ended      bool        `rec:"ended"`                                              // its logoff was seen
	Privileged bool        `rec:"privileged"`                                         // special privileges were assigned
	Processes  int64       `rec:"processes"`                                          // programs started in it
	Images     []string    `rec:"images" ecs:"process.executable"`                    // the first of them, by name
	Shares     []string    `rec:"shares"`                                             // file shares used in it
	Explicit   []string    `rec:"explicit,set"`                                       // accounts whose passwords were typed in it
}

// ProcessNode is a program with the programs that led to it. Specification:
// none; made from the records of this page.
type ProcessNode struct {
	Head
	PID   int64    `rec:"pid" ecs:"process.pid"`            // process id
	GUID  string   `rec:"guid" ecs:"process.entity_id"`     // Sysmon's own id of the process
	Image string   `rec:"image" ecs:"process.executable"`   // path of the program
	Depth int64    `rec:"depth"`                            // known ancestors
	Chain []string `rec:"chain" ecs:"process.Ext.ancestry"` // names of programs from the oldest known ancestor to this one
}

// LogonEdge is who went from where to where, and how often. Specification:
// none; made from the records of this page.
type LogonEdge struct {
	record.Head
	From     string      `rec:"from" ent:"host,originator"` // host, or address where no name is known
	To       string      `rec:"to" ent:"host"`              // host that let in, or refused
	User     string      `rec:"user" ent:"user"`            // account that was used
	Types    []string    `rec:"logon_types,set"`            // network, desktop, service …
	Success  int64       `rec:"successes"`                  // logons
	Failure  int64       `rec:"failures"`                   // refused ones
	Explicit int64       `rec:"explicit"`                   // passwords typed for it at the source
	Last     record.Time `rec:"last"`                       // the last one; ts is the first
}

// The schemas of records that are made from others.
var (
	LogonSessionType = record.Of[LogonSession]("logon_session")
	ProcessNodeType  = record.Of[ProcessNode]("process_tree")
	LogonEdgeType    = record.Of[LogonEdge]("logon_graph")

	// Derived are all of them.
	Derived = []*record.Type{LogonSessionType, ProcessNodeType, LogonEdgeType}
)

// RecordType returns LogonSessionType.
func (*LogonSession) RecordType() *record.Type { return LogonSessionType }

// RecordType returns ProcessNodeType.
func (*ProcessNode) RecordType() *record.Type { return ProcessNodeType }

// RecordType returns LogonEdgeType.
func (*LogonEdge) RecordType() *record.Type { return LogonEdgeType }
