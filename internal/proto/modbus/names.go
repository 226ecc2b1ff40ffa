package modbus

import (
	"fmt"
	"strconv"

	"longwatch/internal/record/ot"
)

// Function codes (Modbus Application Protocol V1.1b3, section 6).
const (
	readCoils      = 0x01
	readDiscrete   = 0x02
	readHolding    = 0x03
	readInput      = 0x04
	writeCoil      = 0x05
	writeRegister  = 0x06
	readStatus     = 0x07
	diagnostics    = 0x08
	eventCounter   = 0x0b
	eventLog       = 0x0c
	writeCoils     = 0x0f
	writeRegisters = 0x10
	reportID       = 0x11
	readFile       = 0x14
	writeFile      = 0x15
	maskWrite      = 0x16
	readWrite      = 0x17
	readFIFO       = 0x18
	encapsulated   = 0x2b
	unity          = 0x5a // Schneider's programming protocol, UMAS
	errorBit       = 0x80
	deviceID       = 0x0e // encapsulated: read device identification
	canOpen        = 0x0d // encapsulated: CANopen general reference
	maxSerial      = 247  // highest unit of a serial line
)

// functions are Zeek's names, and what each does. The machine specific ones
// are those of Modicon's controllers.
var functions = map[uint8]struct{ name, access string }{
	readCoils:      {"READ_COILS", ot.Read},
	readDiscrete:   {"READ_DISCRETE_INPUTS", ot.Read},
	readHolding:    {"READ_HOLDING_REGISTERS", ot.Read},
	readInput:      {"READ_INPUT_REGISTERS", ot.Read},
	writeCoil:      {"WRITE_SINGLE_COIL", ot.Write},
	writeRegister:  {"WRITE_SINGLE_REGISTER", ot.Write},
	readStatus:     {"READ_EXCEPTION_STATUS", ot.Read},
	diagnostics:    {"DIAGNOSTICS", ot.Read},
	0x09:           {"PROGRAM_484", ot.Program},
	0x0a:           {"POLL_484", ot.Other},
	eventCounter:   {"GET_COMM_EVENT_COUNTER", ot.Read},
	eventLog:       {"GET_COMM_EVENT_LOG", ot.Read},
	0x0d:           {"PROGRAM_584_984", ot.Program},
	0x0e:           {"POLL_584_984", ot.Other},
	writeCoils:     {"WRITE_MULTIPLE_COILS", ot.Write},
	writeRegisters: {"WRITE_MULTIPLE_REGISTERS", ot.Write},
	reportID:       {"REPORT_SLAVE_ID", ot.Read},
	0x12:           {"PROGRAM_884_U84", ot.Program},
	0x13:           {"RESET_COMM_LINK_884_U84", ot.Control},
	readFile:       {"READ_FILE_RECORD", ot.Read},
	writeFile:      {"WRITE_FILE_RECORD", ot.Write},
	maskWrite:      {"MASK_WRITE_REGISTER", ot.Write},
	readWrite:      {"READ_WRITE_MULTIPLE_REGISTERS", ot.Write},
	readFIFO:       {"READ_FIFO_QUEUE", ot.Read},
	0x28:           {"PROGRAM_CONCEPT", ot.Program},
	0x29:           {"MULTIPLE_FUNCTION_CODES", ot.Other},
	encapsulated:   {"ENCAP_INTERFACE_TRANSPORT", ot.Read},
	unity:          {"PROGRAM_UNITY", ot.Program},
	0x5b:           {"OBJECT_MESSAGING", ot.Other},
	0x7d:           {"FIRMWARE_REPLACEMENT", ot.Program},
	0x7e:           {"PROGRAM_584_984_2", ot.Program},
	0x7f:           {"REPORT_LOCAL_ADDRESS", ot.Config},
}

// functionName names a function code as Zeek does, the error bit included.
func functionName(fc uint8) string {
	if f, ok := functions[fc]; ok {
		return f.name
	}
	if f, ok := functions[fc&^errorBit]; ok && fc&errorBit != 0 {
		return f.name + "_EXCEPTION"
	}
	return "unknown-" + strconv.Itoa(int(fc))
}

// access tells what a function does by its code.
func access(fc uint8) string {
	if f, ok := functions[fc&^errorBit]; ok {
		return f.access
	}
	return ot.Other
}

// exceptions are Zeek's names (section 7).
var exceptions = map[uint8]string{
	0x01: "ILLEGAL_FUNCTION",
	0x02: "ILLEGAL_DATA_ADDRESS",
	0x03: "ILLEGAL_DATA_VALUE",
	0x04: "SLAVE_DEVICE_FAILURE",
	0x05: "ACKNOWLEDGE",
	0x06: "SLAVE_DEVICE_BUSY",
	0x08: "MEMORY_PARITY_ERROR",
	0x0a: "GATEWAY_PATH_UNAVAILABLE",
	0x0b: "GATEWAY_TARGET_DEVICE_FAILED_TO_RESPOND",
}

func exceptionName(code uint8) string {
	if s, ok := exceptions[code]; ok {
		return s
	}
	return "unknown-" + strconv.Itoa(int(code))
}

// subfunctions are those of diagnostics (section 6.8).
var subfunctions = map[uint16]struct{ name, access string }{
	0x00: {"Return Query Data", ot.Read},
	0x01: {"Restart Communications Option", ot.Control},
	0x02: {"Return Diagnostic Register", ot.Read},
	0x03: {"Change ASCII Input Delimiter", ot.Config},
	0x04: {"Force Listen Only Mode", ot.Control},
	0x0a: {"Clear Counters and Diagnostic Register", ot.Control},
	0x0b: {"Return Bus Message Count", ot.Read},
	0x0c: {"Return Bus Communication Error Count", ot.Read},
	0x0d: {"Return Bus Exception Error Count", ot.Read},
	0x0e: {"Return Server Message Count", ot.Read},
	0x0f: {"Return Server No Response Count", ot.Read},
	0x10: {"Return Server NAK Count", ot.Read},
	0x11: {"Return Server Busy Count", ot.Read},
	0x12: {"Return Bus Character Overrun Count", ot.Read},
	0x14: {"Clear Overrun Counter and Flag", ot.Control},
}

func subfunction(code uint16) (name, access string) {
	if s, ok := subfunctions[code]; ok {
		return s.name, s.access
	}
	return "unknown-" + strconv.Itoa(int(code)), ot.Other
}

// umas are the functions of Schneider's programming protocol that are known
// from public research; there is no public specification.
var umas = map[uint8]struct{ name, access string }{
	0x01: {"INIT_COMM", ot.Other},
	0x02: {"READ_ID", ot.Read},
	0x03: {"READ_PROJECT_INFO", ot.Read},
	0x04: {"READ_PLC_INFO", ot.Read},
	0x06: {"READ_CARD_INFO", ot.Read},
	0x0a: {"REPEAT", ot.Other},
	0x10: {"TAKE_PLC_RESERVATION", ot.Config},
	0x11: {"RELEASE_PLC_RESERVATION", ot.Config},
	0x12: {"KEEP_ALIVE", ot.Other},
	0x20: {"READ_MEMORY_BLOCK", ot.Read},
	0x21: {"WRITE_MEMORY_BLOCK", ot.Program},
	0x22: {"READ_VARIABLES", ot.Read},
	0x23: {"WRITE_VARIABLES", ot.Write},
	0x24: {"READ_COILS_REGISTERS", ot.Read},
	0x25: {"WRITE_COILS_REGISTERS", ot.Write},
	0x30: {"INITIALIZE_UPLOAD", ot.Program},
	0x31: {"UPLOAD_BLOCK", ot.Program},
	0x32: {"END_STRATEGY_UPLOAD", ot.Program},
	0x33: {"INITIALIZE_DOWNLOAD", ot.Program},
	0x34: {"DOWNLOAD_BLOCK", ot.Program},
	0x35: {"END_STRATEGY_DOWNLOAD", ot.Program},
	0x39: {"READ_ETH_MASTER_DATA", ot.Read},
	0x40: {"START_PLC", ot.Control},
	0x41: {"STOP_PLC", ot.Control},
	0x50: {"MONITOR_PLC", ot.Read},
	0x58: {"CHECK_PLC", ot.Read},
	0x70: {"READ_IO_OBJECT", ot.Read},
	0x71: {"WRITE_IO_OBJECT", ot.Write},
	0x73: {"GET_STATUS_MODULE", ot.Read},
}

// Answers of UMAS, in the place of the function.
const (
	umasOK     = 0xfe
	umasFailed = 0xfd
)

func umasName(code uint8) (name, access string) {
	if u, ok := umas[code]; ok {
		return u.name, u.access
	}
	return fmt.Sprintf("unknown-0x%02x", code), ot.Program
}

// What devices tell of themselves (section 6.21).
var (
	identityLevels = map[uint8]string{
		0x01: "Basic Identification (Stream)",
		0x02: "Regular Identification (Stream)",
		0x04: "Extended Identification (Stream)",
		0x81: "Basic Identification (Stream, Individual)",
		0x82: "Regular Identification (Stream, Individual)",
		0x83: "Extended Identification (Stream, Individual)",
	}
	identityObjects = [...]string{"VendorName", "ProductCode", "MajorMinorVersion", "VendorURL", "ProductName", "ModelName", "UserApplicationName"}
	identityAsked   = [...]string{"Basic Device Identification", "Regular Device Identification", "Extended Device Identification", "Specific Device Identification"}
)

// inWords is the name of code in a list, or Unknown.
func inWords(list []string, code uint8) string {
	if int(code) < len(list) {
		return list[code]
	}
	return "Unknown"
}

func hexCode(code uint8) string { return fmt.Sprintf("0x%02x", code) }
