package redis

import "longwatch/internal/record"

// Command is one command and its reply, with Zeek's names. Specification:
// Redis serialization protocol (RESP).
type Command struct {
	record.Conn
	Name    string             `rec:"cmd.name" ecs:"event.action"` // as the client wrote it
	Key     record.Opt[string] `rec:"cmd.key"`                     // where the command is known to have one
	Value   record.Opt[string] `rec:"cmd.value"`                   // likewise
	Success record.Opt[bool]   `rec:"success" ecs:"event.outcome"` // unset without a reply
	Reply   record.Opt[string] `rec:"reply.value"`                 // as text, cut at 250 bytes
	Args    string             `rec:"args,extra"`                  // all that the client sent behind the name, cut; what AUTH and HELLO prove themselves with is left out
	User    string             `rec:"user,extra" ecs:"user.name"`  // of AUTH and HELLO
	Beyond  bool               `rec:"-"`                           // Zeek would not write it
}

// Type is the schema of Command.
var Type = record.Of[Command]("redis")

// RecordType returns Type.
func (*Command) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this row: it writes nothing of a
// connection on which no reply was seen.
func (r *Command) BeyondZeek() bool { return r.Beyond }
