package synchrophasor

import "longwatch/internal/record"

// Summary is a connection of a phasor measurement unit. Specification: IEEE
// C37.118.2.
type Summary struct {
	record.Conn
	Proto      string   `rec:"proto,enum"`         // tcp or udp
	Version    []uint64 `rec:"version,set"`        // of the frames
	StreamID   []uint64 `rec:"data_stream_id,set"` // of the units and concentrators
	History    string   `rec:"history"`            // a letter for each command
	SizeMin    uint64   `rec:"frame_size_min"`     // bytes
	SizeMax    uint64   `rec:"frame_size_max"`     // bytes
	SizeTotal  uint64   `rec:"frame_size_tot"`     // bytes
	DataFrames uint64   `rec:"data_frame_count"`   // measurements
	DataRate   []uint64 `rec:"data_rate,set"`      // measurements a second, as configured
	Access     string   `rec:"access,enum,extra"`  // what the operation does to the process: see package ot
}

// Type is the schema of Summary.
var Type = record.Of[Summary]("synchrophasor")

// RecordType returns Type.
func (*Summary) RecordType() *record.Type { return Type }

// Command is a command to a unit. Specification: IEEE C37.118.2, section 6.6.
type Command struct {
	record.Conn
	Proto     string   `rec:"proto,enum"`        // tcp or udp
	FrameType string   `rec:"frame_type"`        // Command
	FrameSize uint64   `rec:"frame_size"`        // bytes
	Command   string   `rec:"command"`           // by name
	Extended  []uint64 `rec:"extframe"`          // what the user defines
	Access    string   `rec:"access,enum,extra"` // what the operation does to the process: see package ot
}

// CommandType is the schema of Command.
var CommandType = record.Of[Command]("synchrophasor_cmd")

// RecordType returns CommandType.
func (*Command) RecordType() *record.Type { return CommandType }

// Header is what a unit says about itself, for people. Specification: IEEE
// C37.118.2, section 6.5.
type Header struct {
	record.Conn
	Proto     string `rec:"proto,enum"`        // tcp or udp
	FrameType string `rec:"frame_type"`        // Header
	FrameSize uint64 `rec:"frame_size"`        // bytes
	Data      string `rec:"data"`              // the text
	Access    string `rec:"access,enum,extra"` // what the operation does to the process: see package ot
}

// HeaderType is the schema of Header.
var HeaderType = record.Of[Header]("synchrophasor_hdr")

// RecordType returns HeaderType.
func (*Header) RecordType() *record.Type { return HeaderType }

// Config is what a stream consists of. Specification: IEEE C37.118.2, section
// 6.4.
type Config struct {
	record.Conn
	Proto         string   `rec:"proto,enum"`         // tcp or udp
	FrameType     string   `rec:"frame_type"`         // CFG1, CFG2 or CFG3
	FrameSize     uint64   `rec:"frame_size"`         // bytes
	Part          uint64   `rec:"cont_idx"`           // of a CFG3 in parts
	UnitsExpected uint64   `rec:"pmu_count_expected"` // as the frame says
	Units         uint64   `rec:"pmu_count_actual"`   // as are there
	DataRate      uint64   `rec:"data_rate"`          // measurements a second
	ID            string   `rec:"cfg_frame_id"`       // of the frame
	Stations      []string `rec:"stations,extra"`     // names of the units
	Access        string   `rec:"access,enum,extra"`  // what the operation does to the process: see package ot
}

// ConfigType is the schema of Config.
var ConfigType = record.Of[Config]("synchrophasor_cfg")

// RecordType returns ConfigType.
func (*Config) RecordType() *record.Type { return ConfigType }
