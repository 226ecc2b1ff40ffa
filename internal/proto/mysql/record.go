package mysql

import "longwatch/internal/record"

// Command is one command with its outcome; the login is one, too.
// Specification: MySQL and MariaDB, client/server protocol.
type Command struct {
	record.Conn
	Cmd      string             `rec:"cmd" ecs:"event.action"`                           // login, query, quit ...; unknown-N where there is no name
	Arg      record.Opt[string] `rec:"arg"`                                              // the user of a login, the statement of a query; cut at 4096 bytes
	Success  record.Opt[bool]   `rec:"success"`                                          // what the server said; unset when Zeek does not follow the command's answer
	Rows     record.Opt[uint64] `rec:"rows"`                                             // affected rows
	Response string             `rec:"response" ecs:"error.message"`                     // the server's error message
	Code     record.Opt[uint16] `rec:"code,extra" ecs:"error.code"`                      // the server's error number
	User     string             `rec:"user,extra" ecs:"user.name" ent:"user"`            // who is logged in, or asks to be
	Database string             `rec:"database,extra"`                                   // that the login names
	Server   string             `rec:"server_version,extra" ecs:"service.version"`       // of the login's row
	Plugin   string             `rec:"auth_plugin,extra"`                                // how the login proves itself, the last that was asked for
	Program  string             `rec:"program,extra" ecs:"process.name"`                 // what the client calls itself among its attributes
	File     string             `rec:"local_file,extra" ecs:"file.path" ent:"file,sent"` // of the client's host, that the server asked for (LOAD DATA LOCAL)
	Partial  bool               `rec:"partial,extra"`                                    // the capture begins within the connection
}

// Type is the schema of Command.
var Type = record.Of[Command]("mysql")

// RecordType returns Type.
func (*Command) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this row: it looks for MySQL on
// two ports only, and not in connections whose beginning is missing.
func (r *Command) BeyondZeek() bool { return r.Partial || r.RespP != 3306 && r.RespP != 1434 }

// commandNames are the commands as Zeek names them, by number.
var commandNames = [...]string{
	"sleep", "quit", "init_db", "query", "field_list", "create_db", "drop_db", "refresh", "shutdown", "statistics",
	"process_info", "connect", "process_kill", "debug", "ping", "time", "delayed_insert", "change_user", "binlog_dump",
	"table_dump", "connect_out", "register_slave", "stmt_prepare", "stmt_execute", "stmt_send_long_data", "stmt_close",
	"stmt_reset", "set_option", "stmt_fetch", "daemon", "binlog_dump_gtid", "reset_connection",
}
