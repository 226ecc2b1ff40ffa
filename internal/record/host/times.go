package host

import "longwatch/internal/record"

// FileTimes is what a file system keeps about one file: its times, which a
// program can set at will, and on NTFS those beside its name, which only the
// system sets. Its TS is the modification time. Specification: body files of The
// Sleuth Kit (https://wiki.sleuthkit.org/index.php?title=Body_file), tables of
// $MFT as MFTECmd writes them.
type FileTimes struct {
	record.Head
	Host        string      `rec:"host" ecs:"host.name" ent:"host"`    // machine, where the evidence's path shows one
	Path        string      `rec:"path" ecs:"file.path" ent:"file"`    // on that machine, as the evidence writes it
	Inode       string      `rec:"inode" ecs:"file.inode"`             // number of its entry
	Size        uint64      `rec:"size" ecs:"file.size"`               // in bytes
	MD5         string      `rec:"md5" ecs:"file.hash.md5" ent:"hash"` // of its content, where it was computed
	Deleted     bool        `rec:"deleted"`                            // its entry is free: the file is gone
	Modified    record.Time `rec:"modified" ecs:"file.mtime"`          // when its content was last written
	Accessed    record.Time `rec:"accessed" ecs:"file.accessed"`       // when it was last read
	Changed     record.Time `rec:"changed" ecs:"file.ctime"`           // when its entry was last written
	Created     record.Time `rec:"created" ecs:"file.created"`         // when it was made
	NameCreated record.Time `rec:"name_created"`                       // NTFS $FILE_NAME: when the name was made; 0 where it is not kept
	NameWritten record.Time `rec:"name_modified"`                      // NTFS $FILE_NAME: modification when the name was made or moved
	Source      string      `rec:"source"`                             // body or mft: body files have whole seconds only
}

// FileTimesType is the schema of FileTimes.
var FileTimesType = record.Of[FileTimes]("file_times")

// RecordType returns FileTimesType.
func (*FileTimes) RecordType() *record.Type { return FileTimesType }
