package fins

// The commands whose fields are read.
const (
	memoryRead  = 0x0101
	memoryWrite = 0x0102
	memoryFill  = 0x0103
)

// commandNames are the commands of FINS (W227, section 5).
var commandNames = map[uint16]string{
	memoryRead: "memory area read", memoryWrite: "memory area write", memoryFill: "memory area fill",
	0x0104: "multiple memory area read", 0x0105: "memory area transfer", 0x0201: "parameter area read", 0x0202: "parameter area write",
	0x0203: "parameter area clear", 0x0220: "data link table read", 0x0221: "data link table write",
	0x0304: "program area protect", 0x0305: "program area protect clear", 0x0306: "program area read", 0x0307: "program area write",
	0x0308: "program area clear", 0x0401: "run", 0x0402: "stop", 0x0403: "reset", 0x0501: "controller data read",
	0x0502: "connection data read", 0x0601: "controller status read", 0x0602: "network status read", 0x0603: "data link status read",
	0x0620: "cycle time read", 0x0701: "clock read", 0x0702: "clock write", 0x0801: "loop-back test", 0x0802: "broadcast test results read",
	0x0803: "broadcast test data send", 0x0920: "message read, clear", 0x0c01: "access right acquire", 0x0c02: "access right forced acquire",
	0x0c03: "access right release", 0x2101: "error clear", 0x2102: "error log read", 0x2103: "error log clear", 0x2140: "access log read",
	0x2141: "access log clear", 0x2201: "file name read", 0x2202: "single file read", 0x2203: "single file write", 0x2204: "memory card format",
	0x2205: "file delete", 0x2206: "volume label create or delete", 0x2207: "file copy", 0x2208: "file name change", 0x2209: "file data check",
	0x220a: "memory area file transfer", 0x220b: "parameter area file transfer", 0x220c: "program area file transfer",
	0x220f: "file memory index read", 0x2210: "file memory read", 0x2211: "file memory write", 0x2215: "directory create or delete",
	0x2301: "forced set or reset", 0x2302: "forced set or reset cancel", 0x230a: "multiple forced status read", 0x2601: "name set",
	0x2602: "name delete", 0x2603: "name read",
}

// writes are the commands that change a controller.
var writes = map[uint16]bool{
	memoryWrite: true, memoryFill: true, 0x0105: true, 0x0202: true, 0x0203: true, 0x0221: true, 0x0304: true, 0x0305: true, 0x0307: true,
	0x0308: true, 0x0401: true, 0x0402: true, 0x0403: true, 0x0702: true, 0x0c02: true, 0x2101: true, 0x2103: true, 0x2141: true,
	0x2203: true, 0x2204: true, 0x2205: true, 0x2206: true, 0x2207: true, 0x2208: true, 0x220a: true, 0x220b: true, 0x220c: true,
	0x2211: true, 0x2215: true, 0x2301: true, 0x2302: true, 0x2601: true, 0x2602: true,
}
