package smb

import "longwatch/internal/record"

// Mapping is one share that was connected to, with Zeek's names.
// Specification: MS-SMB2, MS-CIFS.
type Mapping struct {
	record.Conn
	Path      string `rec:"path" ecs:"file.path"` // \\server\share, as the client asked
	Service   string `rec:"service"`              // SMB1: A:, IPC, LPT1:
	NativeFS  string `rec:"native_file_system"`   // SMB1
	ShareType string `rec:"share_type"`           // DISK, PIPE or PRINT
}

// MappingType is the schema of Mapping.
var MappingType = record.Of[Mapping]("smb_mapping")

// RecordType returns MappingType.
func (*Mapping) RecordType() *record.Type { return MappingType }

// File is something done to a file, with Zeek's names. The time is that of the
// request that opened it. Specification: MS-SMB2, MS-CIFS.
type File struct {
	record.Conn
	Action   string                  `rec:"action,enum" ecs:"event.action"`     // SMB::FILE_OPEN, SMB::FILE_RENAME, SMB::FILE_DELETE, SMB::PRINT_OPEN
	Path     string                  `rec:"path"`                               // of the share, when its connecting was seen
	Name     string                  `rec:"name" ecs:"file.name" ent:"file"`    // path within the share
	Size     uint64                  `rec:"size" ecs:"file.size"`               // in bytes, when it was opened
	PrevName string                  `rec:"prev_name" ent:"file,previous"`      // path before it was renamed
	Modified record.Opt[record.Time] `rec:"times.modified" ecs:"file.mtime"`    // when its content was last written
	Accessed record.Opt[record.Time] `rec:"times.accessed" ecs:"file.accessed"` // when it was last read
	Created  record.Opt[record.Time] `rec:"times.created" ecs:"file.created"`   // when it was made
	Changed  record.Opt[record.Time] `rec:"times.changed" ecs:"file.ctime"`     // when its content or attributes were last changed

	beyond bool `rec:"-"`
}

// FileType is the schema of File.
var FileType = record.Of[File]("smb_files")

// RecordType returns FileType.
func (*File) RecordType() *record.Type { return FileType }

// BeyondZeek tells that Zeek would not write this: within a compound it does
// not know which file is meant.
func (f *File) BeyondZeek() bool { return f.beyond }

// Transfer says how much was read from and written to one open file. It is
// written when the file is closed, or when the connection ends; its time is
// that of the first byte. Specification: MS-SMB2, MS-CIFS.
type Transfer struct {
	record.Conn
	Path         string   `rec:"path"`                            // of the share
	ShareType    string   `rec:"share_type"`                      // DISK, PIPE or PRINT
	Name         string   `rec:"name" ecs:"file.name" ent:"file"` // empty when the opening was not seen
	BytesRead    uint64   `rec:"bytes_read"`                      // from the server to the client
	BytesWritten uint64   `rec:"bytes_written"`                   // from the client to the server
	FUIDs        []string `rec:"fuids,set"`                       // of what was read, then of what was written, in files
}

// TransferType is the schema of Transfer.
var TransferType = record.Of[Transfer]("smb_transfer")

// RecordType returns TransferType.
func (*Transfer) RecordType() *record.Type { return TransferType }

// Session sums up a connection: what could be read of it, and what could not.
// Specification: MS-SMB2, MS-CIFS.
type Session struct {
	record.Conn
	Dialect         string           `rec:"dialect"`          // as 3.1.1 or NT LM 0.12; empty when the negotiation was not seen
	SigningRequired record.Opt[bool] `rec:"signing_required"` // by the server
	Guest           bool             `rec:"guest"`            // the server let somebody in as guest or anonymous
	Plain           uint64           `rec:"plain"`            // messages read
	Signed          uint64           `rec:"signed"`           // of these
	Encrypted       uint64           `rec:"encrypted"`        // messages that hide everything (SMB 3)
	Compressed      uint64           `rec:"compressed"`       // messages not read because they are compressed (SMB 3.1.1)
}

// SessionType is the schema of Session.
var SessionType = record.Of[Session]("smb_session")

// RecordType returns SessionType.
func (*Session) RecordType() *record.Type { return SessionType }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Session) BeyondZeek() bool { return true }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Transfer) BeyondZeek() bool { return true }
