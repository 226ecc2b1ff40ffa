package opcua

import (
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
)

// Message is one message of the connection protocol, or a request joined with
// its answer. Specification: OPC 10000-6 (1.04), section 7.
type Message struct {
	record.Conn
	MsgType          string             `rec:"msg_type"`           // HEL, ACK, ERR, OPN, MSG, CLO
	IsFinal          string             `rec:"is_final"`           // F, or A when it was given up
	TotalSize        uint64             `rec:"total_size"`         // bytes of request and answer
	Error            record.Opt[uint64] `rec:"error"`              // of an ERR
	Reason           string             `rec:"reason"`             // of an ERR, for people
	Version          record.Opt[uint64] `rec:"version"`            // of the connection protocol
	RcvBufSize       record.Opt[uint64] `rec:"rcv_buf_size"`       // largest chunk it takes
	SndBufSize       record.Opt[uint64] `rec:"snd_buf_size"`       // largest chunk it sends
	MaxMsgSize       record.Opt[uint64] `rec:"max_msg_size"`       // 0: no limit
	MaxChunkCnt      record.Opt[uint64] `rec:"max_chunk_cnt"`      // 0: no limit
	EndpointURL      string             `rec:"endpoint_url"`       // what the client connects to
	SecChannelID     []uint64           `rec:"sec_channel_id"`     // secure channel of the request, and of the answer when it is another
	SecPolicyURILen  record.Opt[int64]  `rec:"sec_policy_uri_len"` // -1: none
	SecPolicyURI     string             `rec:"sec_policy_uri"`     // algorithms of the channel
	SndCertLen       record.Opt[int64]  `rec:"snd_cert_len"`       // -1: none
	SndCert          string             `rec:"snd_cert"`           // begin of the sender's certificate
	RcvCertLen       record.Opt[int64]  `rec:"rcv_cert_len"`       // -1: none
	RcvCert          string             `rec:"rcv_cert"`           // thumbprint of the receiver's certificate
	RequestID        record.Opt[uint64] `rec:"request_id"`         // pairs an answer with its request
	ReqLinkID        string             `rec:"req_opcua_link_id"`  // ties the request to the rows of its parts
	ReqMsgSize       record.Opt[uint64] `rec:"req_msg_size"`       // bytes of the request
	ReqSeqNumber     record.Opt[uint64] `rec:"req_seq_number"`     // counts the chunks of the channel
	ReqEncodingMask  record.Opt[uint64] `rec:"req_encoding_mask"`  // form of the identifier
	ReqNamespaceIdx  record.Opt[uint64] `rec:"req_namespace_idx"`  // its namespace
	ReqIdentifier    record.Opt[uint64] `rec:"req_identifier"`     // what is asked for
	ReqIdentifierStr string             `rec:"req_identifier_str"` // by name

	ReqHdrNodeIDType         string                  `rec:"req_hdr_node_id_type"`          // form of the session's token
	ReqHdrNodeIDNamespaceIdx record.Opt[uint64]      `rec:"req_hdr_node_id_namespace_idx"` // its namespace
	ReqHdrNodeIDNumeric      record.Opt[uint64]      `rec:"req_hdr_node_id_numeric"`       // when it is a number
	ReqHdrNodeIDString       string                  `rec:"req_hdr_node_id_string"`        // when it is a text
	ReqHdrNodeIDGUID         string                  `rec:"req_hdr_node_id_guid"`          // when it is a GUID
	ReqHdrNodeIDOpaque       string                  `rec:"req_hdr_node_id_opaque"`        // when it is bytes
	ReqHdrTimestamp          record.Opt[record.Time] `rec:"req_hdr_timestamp"`             // when the client made it
	ReqHdrRequestHandle      record.Opt[uint64]      `rec:"req_hdr_request_handle"`        // client's number for it
	ReqHdrReturnDiag         record.Opt[uint64]      `rec:"req_hdr_return_diag"`           // diagnostics wanted
	ReqHdrAuditEntryID       record.Opt[string]      `rec:"req_hdr_audit_entry_id"`        // client's entry for the audit log
	ReqHdrTimeoutHint        record.Opt[uint64]      `rec:"req_hdr_timeout_hint"`          // milliseconds
	ReqHdrAddHdrTypeID       record.Opt[uint64]      `rec:"req_hdr_add_hdr_type_id"`       // of an additional header
	ReqHdrAddHdrEncMask      record.Opt[uint64]      `rec:"req_hdr_add_hdr_enc_mask"`      // of an additional header

	ResLinkID        string             `rec:"res_opcua_link_id"`  // ties the answer to the rows of its parts
	ResMsgSize       record.Opt[uint64] `rec:"res_msg_size"`       // bytes of the answer
	ResSeqNumber     record.Opt[uint64] `rec:"res_seq_number"`     // counts the chunks of the channel
	ResEncodingMask  record.Opt[uint64] `rec:"res_encoding_mask"`  // form of the identifier
	ResNamespaceIdx  record.Opt[uint64] `rec:"res_namespace_idx"`  // its namespace
	ResIdentifier    record.Opt[uint64] `rec:"res_identifier"`     // what is answered
	ResIdentifierStr string             `rec:"res_identifier_str"` // by name

	ResHdrTimestamp           record.Opt[record.Time] `rec:"res_hdr_timestamp"`             // when the server made it
	ResHdrRequestHandle       record.Opt[uint64]      `rec:"res_hdr_request_handle"`        // client's number for the request
	StatusCodeLinkID          string                  `rec:"status_code_link_id"`           // ties the answer to its status
	ResHdrServiceDiagEncoding record.Opt[uint64]      `rec:"res_hdr_service_diag_encoding"` // parts of its diagnostics
	ResHdrAddHdrTypeID        record.Opt[uint64]      `rec:"res_hdr_add_hdr_type_id"`       // of an additional header
	ResHdrAddHdrEncMask       record.Opt[uint64]      `rec:"res_hdr_add_hdr_enc_mask"`      // of an additional header

	Access string `rec:"access,enum,extra"` // what the operation does to the process: see package ot
	Beyond bool   `rec:"-"`                 // whether Zeek's analyzer would not write the row
}

// Type is the schema of Message.
var Type = record.Of[Message]("opcua_binary")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// BeyondZeek tells whether Zeek's analyzer would not write the row.
func (m *Message) BeyondZeek() bool { return m.Beyond }

// Part is the head of the records of what a message carries.
type Part struct {
	record.Conn
	ot.Way
	Access string `rec:"access,enum,extra"` // what the operation does to the process: see package ot
	Beyond bool   `rec:"-"`                 // whether Zeek's analyzer would not write the row
}

// BeyondZeek tells whether Zeek's analyzer would not write the row.
func (p *Part) BeyondZeek() bool { return p.Beyond }
