package ldap

import "longwatch/internal/record"

// Message is one operation that is no search, request and answer together,
// with Zeek's names. The time is that of the first of them. Specification: RFC
// 4511.
type Message struct {
	record.Conn
	ID         int64             `rec:"message_id"`                  // pairs answers with their request
	Version    record.Opt[int64] `rec:"version"`                     // of a bind
	Opcode     string            `rec:"opcode" ecs:"event.action"`   // as bind simple, bind SASL, modify, extended, unbind
	Result     string            `rec:"result" ecs:"event.outcome"`  // as success, invalid credentials
	Diagnostic string            `rec:"diagnostic_message"`          // the server's own words
	Object     string            `rec:"object" ent:"directory"`      // who binds, what is modified or deleted, which extension is called
	Argument   string            `rec:"argument"`                    // REDACTED for a password, a SASL mechanism, or the changes of a modify
	Entry      string            `rec:"entry,extra" ent:"directory"` // what is added, renamed or compared, of which Zeek does not tell
}

// Type is the schema of Message.
var Type = record.Of[Message]("ldap")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// Search is one search and its results, with Zeek's names. Specification: RFC
// 4511, section 4.5.
type Search struct {
	record.Conn
	ID         int64    `rec:"message_id"`                  // pairs answers with their request
	Scope      string   `rec:"scope"`                       // base, single, tree
	Deref      string   `rec:"deref_aliases"`               // never, searching, finding, always
	BaseObject string   `rec:"base_object" ent:"directory"` // entry that is searched from
	Results    uint64   `rec:"result_count"`                // entries found
	Result     string   `rec:"result" ecs:"event.outcome"`  // as success, insufficient access rights
	Diagnostic string   `rec:"diagnostic_message"`          // the server's own words
	Filter     string   `rec:"filter"`                      // RFC 4515, with and and or nested two by two
	Attributes []string `rec:"attributes"`                  // always empty: Zeek has it on demand only
	Wanted     []string `rec:"wanted,extra"`                // attributes asked for; empty: all
	Returned   uint64   `rec:"returned,extra"`              // bytes of the entries found
	Controls   []string `rec:"controls,extra"`              // object identifiers, as 1.2.840.113556.1.4.801 for security descriptors
	SizeLimit  int64    `rec:"size_limit,extra"`            // entries that the client wants at most; 0: all
}

// SearchType is the schema of Search.
var SearchType = record.Of[Search]("ldap_search")

// RecordType returns SearchType.
func (*Search) RecordType() *record.Type { return SearchType }
