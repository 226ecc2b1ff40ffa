package opcua

import "longwatch/internal/record"

// Browse is a request for the nodes around others, or the answer.
// Specification: OPC 10000-4 (1.04), section 5.8.2.
type Browse struct {
	Part
	OpcuaLinkID                        string                  `rec:"opcua_link_id"`                          // the message: opcua_binary's req_ or res_opcua_link_id
	BrowseServiceType                  string                  `rec:"browse_service_type"`                    // name of the message
	BrowseViewIDEncodingMask           string                  `rec:"browse_view_id_encoding_mask"`           // form of the node id
	BrowseViewIDNamespaceIdx           record.Opt[uint64]      `rec:"browse_view_id_namespace_idx"`           // its namespace
	BrowseViewIDNumeric                record.Opt[uint64]      `rec:"browse_view_id_numeric"`                 // when it is a number
	BrowseViewIDString                 string                  `rec:"browse_view_id_string"`                  // when it is a text
	BrowseViewIDGUID                   string                  `rec:"browse_view_id_guid"`                    // when it is a GUID
	BrowseViewIDOpaque                 string                  `rec:"browse_view_id_opaque"`                  // when it is bytes
	BrowseViewDescriptionTimestamp     record.Opt[record.Time] `rec:"browse_view_description_timestamp"`      // of the view
	BrowseViewDescriptionViewVersion   record.Opt[uint64]      `rec:"browse_view_description_view_version"`   // of the view
	ReqMaxRefNodes                     record.Opt[uint64]      `rec:"req_max_ref_nodes"`                      // answers wanted at most; 0: all
	BrowseDescriptionLinkID            string                  `rec:"browse_description_link_id"`             // ties rows together
	BrowseNextReleaseContinuationPoint record.Opt[bool]        `rec:"browse_next_release_continuation_point"` // whether the server may forget the place
	BrowseNextLinkID                   string                  `rec:"browse_next_link_id"`                    // ties rows together
	BrowseResponseLinkID               string                  `rec:"browse_response_link_id"`                // ties rows together
	BrowseDiagInfoLinkID               string                  `rec:"browse_diag_info_link_id"`               // ties rows together
}

// BrowseType is the schema of Browse.
var BrowseType = record.Of[Browse]("opcua_binary_browse")

// RecordType returns BrowseType.
func (*Browse) RecordType() *record.Type { return BrowseType }

// BrowseDescription is a node to browse from. Specification: OPC 10000-4
// (1.04), section 5.8.2.
type BrowseDescription struct {
	Part
	BrowseDescriptionLinkID          string             `rec:"browse_description_link_id"`           // ties rows together
	BrowseDescriptionEncodingMask    string             `rec:"browse_description_encoding_mask"`     // form of the node id
	BrowseDescriptionNamespaceIdx    record.Opt[uint64] `rec:"browse_description_namespace_idx"`     // its namespace
	BrowseDescriptionNumeric         record.Opt[uint64] `rec:"browse_description_numeric"`           // when it is a number
	BrowseDescriptionString          string             `rec:"browse_description_string"`            // when it is a text
	BrowseDescriptionGUID            string             `rec:"browse_description_guid"`              // when it is a GUID
	BrowseDescriptionOpaque          string             `rec:"browse_description_opaque"`            // when it is bytes
	BrowseDirection                  string             `rec:"browse_direction"`                     // FWD, INVERSE or BOTH
	BrowseDescriptionRefEncodingMask string             `rec:"browse_description_ref_encoding_mask"` // form of the node id
	BrowseDescriptionRefNamespaceIdx record.Opt[uint64] `rec:"browse_description_ref_namespace_idx"` // its namespace
	BrowseDescriptionRefNumeric      record.Opt[uint64] `rec:"browse_description_ref_numeric"`       // when it is a number
	BrowseDescriptionRefString       string             `rec:"browse_description_ref_string"`        // when it is a text
	BrowseDescriptionRefGUID         string             `rec:"browse_description_ref_guid"`          // when it is a GUID
	BrowseDescriptionRefOpaque       string             `rec:"browse_description_ref_opaque"`        // when it is bytes
	BrowseDescriptionIncludeSubtypes record.Opt[bool]   `rec:"browse_description_include_subtypes"`  // of the reference type
	BrowseNodeClassMask              string             `rec:"browse_node_class_mask"`               // classes wanted
	BrowseResultMask                 string             `rec:"browse_result_mask"`                   // fields wanted
}

// BrowseDescriptionType is the schema of BrowseDescription.
var BrowseDescriptionType = record.Of[BrowseDescription]("opcua_binary_browse_description")

// RecordType returns BrowseDescriptionType.
func (*BrowseDescription) RecordType() *record.Type { return BrowseDescriptionType }

// BrowseRequestContinuationPoint is a place to browse on from. Specification:
// OPC 10000-4 (1.04), section 5.8.3.
type BrowseRequestContinuationPoint struct {
	Part
	BrowseNextLinkID  string `rec:"browse_next_link_id"` // ties rows together
	ContinuationPoint string `rec:"continuation_point"`  // where to go on
}

// BrowseRequestContinuationPointType is the schema of BrowseRequestContinuationPoint.
var BrowseRequestContinuationPointType = record.Of[BrowseRequestContinuationPoint]("opcua_binary_browse_request_continuation_point")

// RecordType returns BrowseRequestContinuationPointType.
func (*BrowseRequestContinuationPoint) RecordType() *record.Type {
	return BrowseRequestContinuationPointType
}

// BrowseResult is the answer for one node. Specification: OPC 10000-4 (1.04),
// section 5.8.2.
type BrowseResult struct {
	Part
	BrowseResponseLinkID          string `rec:"browse_response_link_id"`          // ties rows together
	StatusCodeLinkID              string `rec:"status_code_link_id"`              // ties rows together
	BrowseResultContinuationPoint string `rec:"browse_result_continuation_point"` // where to go on for more
	BrowseReferenceLinkID         string `rec:"browse_reference_link_id"`         // ties rows together
}

// BrowseResultType is the schema of BrowseResult.
var BrowseResultType = record.Of[BrowseResult]("opcua_binary_browse_result")

// RecordType returns BrowseResultType.
func (*BrowseResult) RecordType() *record.Type { return BrowseResultType }

// BrowseReference is a node found by browsing. Specification: OPC 10000-4
// (1.04), section 5.8.2.
type BrowseReference struct {
	Part
	BrowseReferenceLinkID             string             `rec:"browse_reference_link_id"`               // ties rows together
	BrowseResponseRefEncodingMask     string             `rec:"browse_response_ref_encoding_mask"`      // form of the node id
	BrowseResponseRefNamespaceIdx     record.Opt[uint64] `rec:"browse_response_ref_namespace_idx"`      // its namespace
	BrowseResponseRefNumeric          record.Opt[uint64] `rec:"browse_response_ref_numeric"`            // when it is a number
	BrowseResponseRefString           string             `rec:"browse_response_ref_string"`             // when it is a text
	BrowseResponseRefGUID             string             `rec:"browse_response_ref_guid"`               // when it is a GUID
	BrowseResponseRefOpaque           string             `rec:"browse_response_ref_opaque"`             // when it is bytes
	BrowseResponseIsForward           record.Opt[bool]   `rec:"browse_response_is_forward"`             // direction of the reference
	BrowseResponseRefTypeEncodingMask string             `rec:"browse_response_ref_type_encoding_mask"` // form of the node id
	BrowseResponseRefTypeNamespaceIdx record.Opt[uint64] `rec:"browse_response_ref_type_namespace_idx"` // its namespace
	BrowseResponseRefTypeNumeric      record.Opt[uint64] `rec:"browse_response_ref_type_numeric"`       // when it is a number
	BrowseResponseRefTypeString       string             `rec:"browse_response_ref_type_string"`        // when it is a text
	BrowseResponseRefTypeGUID         string             `rec:"browse_response_ref_type_guid"`          // when it is a GUID
	BrowseResponseRefTypeOpaque       string             `rec:"browse_response_ref_type_opaque"`        // when it is bytes
	BrowseResponseRefTypeNamespaceURI string             `rec:"browse_response_ref_type_namespace_uri"` // its namespace, in full
	BrowseResponseRefTypeServerIdx    record.Opt[uint64] `rec:"browse_response_ref_type_server_idx"`    // server it is on
	BrowseResponseRefNameIdx          record.Opt[uint64] `rec:"browse_response_ref_name_idx"`           // namespace of the name
	BrowseResponseRefName             string             `rec:"browse_response_ref_name"`               // name of the node
	BrowseResponseDisplayNameMask     string             `rec:"browse_response_display_name_mask"`      // parts of the display name
	BrowseResponseDisplayNameLocale   string             `rec:"browse_response_display_name_locale"`    // language
	BrowseResponseDisplayNameText     string             `rec:"browse_response_display_name_text"`      // name for people
	BrowseResponseNodeClass           string             `rec:"browse_response_node_class"`             // class of the node
	BrowseResponseTypeDefEncodingMask string             `rec:"browse_response_type_def_encoding_mask"` // form of the node id
	BrowseResponseTypeDefNamespaceIdx record.Opt[uint64] `rec:"browse_response_type_def_namespace_idx"` // its namespace
	BrowseResponseTypeDefNumeric      record.Opt[uint64] `rec:"browse_response_type_def_numeric"`       // when it is a number
	BrowseResponseTypeDefString       string             `rec:"browse_response_type_def_string"`        // when it is a text
	BrowseResponseTypeDefGUID         string             `rec:"browse_response_type_def_guid"`          // when it is a GUID
	BrowseResponseTypeDefOpaque       string             `rec:"browse_response_type_def_opaque"`        // when it is bytes
	BrowseResponseTypeDefNamespaceURI string             `rec:"browse_response_type_def_namespace_uri"` // its namespace, in full
	BrowseResponseTypeDefServerIdx    record.Opt[uint64] `rec:"browse_response_type_def_server_idx"`    // server it is on
}

// BrowseReferenceType is the schema of BrowseReference.
var BrowseReferenceType = record.Of[BrowseReference]("opcua_binary_browse_response_references")

// RecordType returns BrowseReferenceType.
func (*BrowseReference) RecordType() *record.Type { return BrowseReferenceType }
