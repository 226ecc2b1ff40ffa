package ntp

import (
	"time"

	"longwatch/internal/record"
)

// Message is one message of synchronization, modes 1 to 5. Names are those of
// Zeek's ntp.log. Specification: RFC 5905.
type Message struct {
	record.Conn
	Version   uint8                   `rec:"version"`          // 1 to 4
	Mode      uint8                   `rec:"mode"`             // 1, 2: symmetric, 3: client, 4: server, 5: broadcast
	Stratum   uint8                   `rec:"stratum"`          // distance from a reference clock; 0: unknown, or a kiss of death
	Poll      time.Duration           `rec:"poll"`             // at most between messages
	Precision time.Duration           `rec:"precision"`        // of the sender's clock
	RootDelay time.Duration           `rec:"root_delay"`       // round trip to the reference clock
	RootDisp  time.Duration           `rec:"root_disp"`        // dispersion to the reference clock
	RefID     string                  `rec:"ref_id"`           // stratum 0: kiss code, 1: kind of clock, above: address of the next server
	RefTime   record.Opt[record.Time] `rec:"ref_time"`         // when the sender's clock was last set
	OrgTime   record.Opt[record.Time] `rec:"org_time"`         // request left, as the sender of the request says
	RecTime   record.Opt[record.Time] `rec:"rec_time"`         // request arrived
	XmtTime   record.Opt[record.Time] `rec:"xmt_time"`         // this message left
	NumExts   uint64                  `rec:"num_exts"`         // extension fields
	Leap      uint8                   `rec:"leap,extra"`       // leap indicator; 3: not synchronized
	KeyID     record.Opt[uint32]      `rec:"key_id,extra"`     // of the message authentication code
	ExtTypes  []string                `rec:"extensions,extra"` // of the extension fields, in hexadecimal; NTS has 0104 to 0404

	beyond bool `rec:"-"` // Zeek would not write it
}

// Type is the schema of Message.
var Type = record.Of[Message]("ntp")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this row: the port is another
// one, or the extension fields are such that Zeek gives up.
func (m *Message) BeyondZeek() bool { return m.beyond }

// Control is one message of mode 6 (RFC 9327). Names are those of Zeek's
// ntp_control.log.
type Control struct {
	record.Conn
	Version     uint8              `rec:"version"`         // 1 to 4
	Mode        uint8              `rec:"mode"`            // always 6
	OpCode      uint8              `rec:"op_code"`         // 1: read status, 2: read variables, 10: read the list of clients ...
	Sequence    uint16             `rec:"sequence"`        // pairs a response with its command
	Status      uint16             `rec:"status"`          // of the system, a peer or a clock
	Association uint16             `rec:"association_id"`  // 0: the system
	Response    bool               `rec:"resp_bit"`        // a response
	Error       bool               `rec:"err_bit"`         // that says no
	More        bool               `rec:"more_bit"`        // and has another behind it
	Data        string             `rec:"data"`            // as text
	KeyID       record.Opt[uint32] `rec:"key_id"`          // of the authentication
	Checksum    string             `rec:"crypto_checksum"` // the authentication

	beyond bool `rec:"-"`
}

// ControlType is the schema of Control.
var ControlType = record.Of[Control]("ntp_control")

// RecordType returns ControlType.
func (*Control) RecordType() *record.Type { return ControlType }

// BeyondZeek tells that Zeek would not write this row.
func (m *Control) BeyondZeek() bool { return m.beyond }

// Private is one message of mode 7, as ntpdc sends them. Names are those of
// Zeek's ntp_private.log. Specification: RFC 1305 reserves the mode; its form
// is that of ntpdc.
type Private struct {
	record.Conn
	Version        uint8  `rec:"version"`         // 1 to 4
	Mode           uint8  `rec:"mode"`            // always 7
	ReqCode        uint8  `rec:"req_code"`        // 42: list of clients, loved for amplification
	Sequence       uint8  `rec:"sequence"`        // of a response in several parts
	Implementation uint8  `rec:"implementation"`  // whose codes these are; 3: xntpd
	Auth           bool   `rec:"auth_bit"`        // authenticated
	Err            uint8  `rec:"err"`             // 0: none
	Data           string `rec:"data"`            // what Zeek takes for it: as many bytes from the item size on as there are items
	Response       bool   `rec:"resp_bit,extra"`  // a response
	More           bool   `rec:"more_bit,extra"`  // and has another behind it
	Items          uint16 `rec:"items,extra"`     // data items
	ItemSize       uint16 `rec:"item_size,extra"` // bytes of one

	beyond bool `rec:"-"`
}

// PrivateType is the schema of Private.
var PrivateType = record.Of[Private]("ntp_private")

// RecordType returns PrivateType.
func (*Private) RecordType() *record.Type { return PrivateType }

// BeyondZeek tells that Zeek would not write this row.
func (m *Private) BeyondZeek() bool { return m.beyond }
