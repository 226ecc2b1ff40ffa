package hartip

// commandNames are the universal commands (HCF_SPEC-127) and the common
// practice commands (HCF_SPEC-151) that matter most.
var commandNames = map[uint16]string{
	0: "read unique identifier", 1: "read primary variable", 2: "read loop current and percent of range",
	3: "read dynamic variables and loop current", 6: "write polling address", 7: "read loop configuration",
	8: "read dynamic variable classifications", 9: "read device variables with status", 11: "read unique identifier by tag",
	12: "read message", 13: "read tag, descriptor, date", 14: "read primary variable transducer information",
	15: "read device information", 16: "read final assembly number", 17: "write message", 18: "write tag, descriptor, date",
	19: "write final assembly number", 20: "read long tag", 21: "read unique identifier by long tag", 22: "write long tag",
	33: "read device variables", 34: "write primary variable damping", 35: "write primary variable range values",
	36: "set primary variable upper range value", 37: "set primary variable lower range value", 38: "reset configuration changed flag",
	39: "EEPROM control", 40: "enter or exit fixed current mode", 41: "perform self test", 42: "perform device reset",
	43: "set primary variable zero", 44: "write primary variable units", 45: "trim loop current zero", 46: "trim loop current gain",
	47: "write primary variable transfer function", 48: "read additional device status", 49: "write primary variable transducer serial number",
	50: "read dynamic variable assignments", 51: "write dynamic variable assignments", 52: "set device variable zero",
	53: "write device variable units", 54: "read device variable information", 59: "write number of response preambles",
	71: "lock device", 72: "squawk", 73: "find device", 74: "read I/O system capabilities", 75: "poll sub-device", 76: "read lock device state",
	77: "send command to sub-device", 78: "read aggregated commands", 79: "write device variable", 84: "read sub-device identity summary",
	103: "write burst period", 104: "write burst trigger", 105: "read burst mode configuration", 107: "write burst device variables",
	108: "write burst mode command number", 109: "burst mode control",
}

// writes are the commands that change a device.
var writes = map[uint16]bool{
	6: true, 17: true, 18: true, 19: true, 22: true, 34: true, 35: true, 36: true, 37: true, 38: true, 39: true, 40: true, 41: true,
	42: true, 43: true, 44: true, 45: true, 46: true, 47: true, 49: true, 51: true, 52: true, 53: true, 59: true, 71: true, 79: true,
	103: true, 104: true, 107: true, 108: true, 109: true,
}
