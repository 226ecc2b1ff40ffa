package host

import (
	"time"

	"longwatch/internal/record"
)

// Persistence is one entry of a file by which a Unix host starts something or
// lets somebody in: a command of a unit, a line of a crontab, a public key.
// Specification: systemd.unit(5), crontab(5), sshd(8), ld.so(8), udev(7),
// sudoers(5), pam.conf(5).
type Persistence struct {
	Head
	Kind    string      `rec:"kind"`                                                    // systemd-unit, systemd-timer, cron, rc, profile, authorized-key, preload, loader-path, pam, udev, sudoers
	Path    string      `rec:"path" ecs:"file.path" ent:"file"`                         // of the file, as it lies in the evidence
	Name    string      `rec:"name"`                                                    // unit, key's comment, PAM service and the like
	Command string      `rec:"command" ecs:"process.command_line" match:"command_line"` // what is run or loaded; fingerprint of a key
	Account string      `rec:"account" ent:"user"`                                      // that it runs as, or that lets in
	Entry   string      `rec:"entry"`                                                   // the line as it stands, white space cut
	Created record.Time `rec:"created" ecs:"file.created"`                              // birth of the file, where the evidence keeps it; ts is its last change
}

// History is the file in which a shell or client keeps what was typed.
// Specification: bash(1), zshall(1) and the like.
type History struct {
	Head
	Shell    string                    `rec:"shell"`                           // bash, zsh, fish, mysql, psql, python, sqlite, less …
	Path     string                    `rec:"path" ecs:"file.path" ent:"file"` // of the file
	Link     string                    `rec:"link" ecs:"file.target_path"`     // what it is a symbolic link to
	Size     int64                     `rec:"size" ecs:"file.size"`            // in bytes
	Lines    int64                     `rec:"lines"`                           // commands
	Stamped  int64                     `rec:"stamped"`                         // of them with a time
	First    record.Time               `rec:"first"`                           // earliest time
	Last     record.Time               `rec:"last"`                            // latest time; ts is when the file was last changed
	Gap      record.Opt[time.Duration] `rec:"longest_gap"`                     // longest time between two commands in a row
	Backward int64                     `rec:"backward"`                        // times that are before the one of the command above, as several sessions write them
}

// The schemas of what a Unix host's files say.
var (
	PersistenceType = record.Of[Persistence]("persistence")
	HistoryType     = record.Of[History]("shell_history")
)

// RecordType returns PersistenceType.
func (*Persistence) RecordType() *record.Type { return PersistenceType }

// RecordType returns HistoryType.
func (*History) RecordType() *record.Type { return HistoryType }
