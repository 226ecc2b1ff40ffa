package opcua

import "longwatch/internal/record"

// StatusCodeDetail is a status code, taken apart. Specification: OPC 10000-4,
// StatusCode; OPC 10000-6, annex A.2.
type StatusCodeDetail struct {
	Part
	StatusCodeLinkID    string             `rec:"status_code_link_id"` // ties rows together
	Source              record.Opt[uint64] `rec:"source"`              // where it stands
	SourceStr           string             `rec:"source_str"`          // by name
	SourceLevel         record.Opt[uint64] `rec:"source_level"`        // depth
	StatusCode          string             `rec:"status_code"`         // the code
	Severity            record.Opt[uint64] `rec:"severity"`            // 0 good, 1 uncertain, 2 bad
	SeverityStr         string             `rec:"severity_str"`        // by name
	SubCode             record.Opt[uint64] `rec:"sub_code"`            // low byte of the code proper
	SubCodeStr          string             `rec:"sub_code_str"`        // name of the code
	StructureChanged    record.Opt[bool]   `rec:"structure_changed"`   // of the value's type
	SemanticsChanged    record.Opt[bool]   `rec:"semantics_changed"`   // of the value
	InfoType            record.Opt[uint64] `rec:"info_type"`           // whether the rest is in use
	InfoTypeStr         string             `rec:"info_type_str"`       // by name
	LimitBits           record.Opt[uint64] `rec:"limit_bits"`          // value at its limit
	LimitBitsStr        string             `rec:"limit_bits_str"`      // by name
	Overflow            record.Opt[bool]   `rec:"overflow"`            // values were lost
	HistorianBits       record.Opt[uint64] `rec:"historian_bits"`      // raw, calculated, interpolated
	HistorianBitsStr    string             `rec:"historian_bits_str"`  // by name
	HistorianPartial    record.Opt[bool]   `rec:"historianPartial"`    // calculated of incomplete data
	HistorianExtraData  record.Opt[bool]   `rec:"historianExtraData"`  // hides other data
	HistorianMultiValue record.Opt[bool]   `rec:"historianMultiValue"` // several values fit
}

// StatusCodeDetailType is the schema of StatusCodeDetail.
var StatusCodeDetailType = record.Of[StatusCodeDetail]("opcua_binary_status_code_detail")

// RecordType returns StatusCodeDetailType.
func (*StatusCodeDetail) RecordType() *record.Type { return StatusCodeDetailType }

// DiagnosticInfoDetail is what the server says of an error. Specification: OPC
// 10000-6 (1.04), section 5.2.2.12.
type DiagnosticInfoDetail struct {
	Part
	DiagInfoLinkID   string             `rec:"diag_info_link_id"`   // ties rows together
	RootObjectID     string             `rec:"root_object_id"`      // outermost of nested diagnostics
	Source           record.Opt[uint64] `rec:"source"`              // where it stands
	SourceStr        string             `rec:"source_str"`          // by name
	InnerDiagLevel   record.Opt[uint64] `rec:"inner_diag_level"`    // depth
	HasSymbolicID    record.Opt[bool]   `rec:"has_symbolic_id"`     // whether the next is there
	SymbolicID       record.Opt[uint64] `rec:"symbolic_id"`         // index into the string table
	SymbolicIDStr    string             `rec:"symbolic_id_str"`     // the text
	HasNamespaceURI  record.Opt[bool]   `rec:"has_namespace_uri"`   // whether the next is there
	NamespaceURI     record.Opt[uint64] `rec:"namespace_uri"`       // index into the string table
	NamespaceURIStr  string             `rec:"namespace_uri_str"`   // the text
	HasLocale        record.Opt[bool]   `rec:"has_locale"`          // whether the next is there
	Locale           record.Opt[uint64] `rec:"locale"`              // index into the string table
	LocaleStr        string             `rec:"locale_str"`          // the text
	HasLocaleTxt     record.Opt[bool]   `rec:"has_locale_txt"`      // whether the next is there
	LocaleTxt        record.Opt[uint64] `rec:"locale_txt"`          // index into the string table
	LocaleTxtStr     string             `rec:"locale_txt_str"`      // the text
	HasAddlInfo      record.Opt[bool]   `rec:"has_addl_info"`       // whether the next is there
	AddlInfo         string             `rec:"addl_info"`           // more from the vendor
	HasInnerStatCode record.Opt[bool]   `rec:"has_inner_stat_code"` // whether the next is there
	InnerStatCode    string             `rec:"inner_stat_code"`     // status of an inner system
	HasInnerDiagInfo record.Opt[bool]   `rec:"has_inner_diag_info"` // whether the next is there
}

// DiagnosticInfoDetailType is the schema of DiagnosticInfoDetail.
var DiagnosticInfoDetailType = record.Of[DiagnosticInfoDetail]("opcua_binary_diag_info_detail")

// RecordType returns DiagnosticInfoDetailType.
func (*DiagnosticInfoDetail) RecordType() *record.Type { return DiagnosticInfoDetailType }

// VariantMetadata tells the type of a value. Specification: OPC 10000-6
// (1.04), section 5.2.2.16.
type VariantMetadata struct {
	Part
	VariantSourceDataLinkID        string             `rec:"variant_source_data_link_id"`          // ties rows together
	VariantDataSource              record.Opt[uint64] `rec:"variant_data_source"`                  // where it stands
	VariantDataSourceStr           string             `rec:"variant_data_source_str"`              // by name
	DaraVariantEncodingMask        string             `rec:"dara_variant_encoding_mask"`           // type and array bits
	DataVariantDataType            record.Opt[uint64] `rec:"data_variant_data_type"`               // 0 value, 1 array, 2 matrix
	DataVariantDataTypeStr         string             `rec:"data_variant_data_type_str"`           // by name
	BuiltInDataType                record.Opt[uint64] `rec:"built_in_data_type"`                   // type
	BuiltInDataTypeStr             string             `rec:"built_in_data_type_str"`               // by name
	VariantDataLinkID              string             `rec:"variant_data_link_id"`                 // ties rows together
	VariantDataArrayDim            record.Opt[uint64] `rec:"variant_data_array_dim"`               // elements, or dimensions of a matrix
	VariantDataArrayMultiDimLinkID string             `rec:"variant_data_array_multi_dim_link_id"` // ties rows together
}

// VariantMetadataType is the schema of VariantMetadata.
var VariantMetadataType = record.Of[VariantMetadata]("opcua_binary_variant_metadata")

// RecordType returns VariantMetadataType.
func (*VariantMetadata) RecordType() *record.Type { return VariantMetadataType }

// VariantData is a value, or an element of an array. Specification: OPC
// 10000-6 (1.04), section 5.2.2.16.
type VariantData struct {
	Part
	VariantDataLinkID               string                  `rec:"variant_data_link_id"`                // ties rows together
	VariantDataValueSignedNumeric   record.Opt[int64]       `rec:"variant_data_value_signed_numeric"`   // the value
	VariantDataValueUnsignedNumeric record.Opt[uint64]      `rec:"variant_data_value_unsigned_numeric"` // the value
	VariantDataValueString          string                  `rec:"variant_data_value_string"`           // the value
	VariantDataNodeIDEncodingMask   string                  `rec:"variant_data_node_id_encoding_mask"`  // form of the node id
	VariantDataNodeIDNamespaceIdx   record.Opt[uint64]      `rec:"variant_data_node_id_namespace_idx"`  // its namespace
	VariantDataNodeIDNumeric        record.Opt[uint64]      `rec:"variant_data_node_id_numeric"`        // when it is a number
	VariantDataNodeIDString         string                  `rec:"variant_data_node_id_string"`         // when it is a text
	VariantDataNodeIDGUID           string                  `rec:"variant_data_node_id_guid"`           // when it is a GUID
	VariantDataNodeIDOpaque         string                  `rec:"variant_data_node_id_opaque"`         // when it is bytes
	VariantDataNodeIDNamespaceURI   string                  `rec:"variant_data_node_id_namespace_uri"`  // its namespace, in full
	VariantDataNodeIDServerIdx      record.Opt[uint64]      `rec:"variant_data_node_id_server_idx"`     // server it is on
	VariantDataValueTime            record.Opt[record.Time] `rec:"variant_data_value_time"`             // the value
	VariantDataEncodingNameIdx      record.Opt[uint64]      `rec:"variant_data_encoding_name_idx"`      // namespace of a name
	VariantDataEncodingName         string                  `rec:"variant_data_encoding_name"`          // a name
	VariantDataMask                 string                  `rec:"variant_data_mask"`                   // parts of a text
	VariantDataLocale               string                  `rec:"variant_data_locale"`                 // language of a text
	VariantDataText                 string                  `rec:"variant_data_text"`                   // a text
	VariantDataValueDecimal         record.Opt[float64]     `rec:"variant_data_value_decimal"`          // the value
	VariantDataStatusCodeLinkID     string                  `rec:"variant_data_status_code_link_id"`    // ties rows together
	VariantDataDiagInfoLinkID       string                  `rec:"variant_data_diag_info_link_id"`      // ties rows together
	VariantDataExtObjLinkID         string                  `rec:"variant_data_ext_obj_link_id"`        // ties rows together
	VariantMetadataDataLinkID       string                  `rec:"variant_metadata_data_link_id"`       // ties rows together
	VariantDataValueLinkID          string                  `rec:"variant_data_value_link_id"`          // ties rows together
}

// VariantDataType is the schema of VariantData.
var VariantDataType = record.Of[VariantData]("opcua_binary_variant_data")

// RecordType returns VariantDataType.
func (*VariantData) RecordType() *record.Type { return VariantDataType }

// VariantArrayDims is the size of an array in one dimension. Specification:
// OPC 10000-6 (1.04), section 5.2.2.16.
type VariantArrayDims struct {
	Part
	ArrayDimLinkID string             `rec:"array_dim_link_id"` // ties rows together
	Dimension      record.Opt[uint64] `rec:"dimension"`         // elements
}

// VariantArrayDimsType is the schema of VariantArrayDims.
var VariantArrayDimsType = record.Of[VariantArrayDims]("opcua_binary_variant_array_dims")

// RecordType returns VariantArrayDimsType.
func (*VariantArrayDims) RecordType() *record.Type { return VariantArrayDimsType }

// VariantExtensionObject is a value of a structured type. Specification: OPC
// 10000-6 (1.04), section 5.2.2.15.
type VariantExtensionObject struct {
	Part
	ExtObjLinkID             string             `rec:"ext_obj_link_id"`               // ties rows together
	ExtObjNodeIDEncodingMask string             `rec:"ext_obj_node_id_encoding_mask"` // form of the node id
	ExtObjNodeIDNamespaceIdx record.Opt[uint64] `rec:"ext_obj_node_id_namespace_idx"` // its namespace
	ExtObjNodeIDNumeric      record.Opt[uint64] `rec:"ext_obj_node_id_numeric"`       // when it is a number
	ExtObjNodeIDString       string             `rec:"ext_obj_node_id_string"`        // when it is a text
	ExtObjNodeIDGUID         string             `rec:"ext_obj_node_id_guid"`          // when it is a GUID
	ExtObjNodeIDOpaque       string             `rec:"ext_obj_node_id_opaque"`        // when it is bytes
	ExtObjTypeIDStr          string             `rec:"ext_obj_type_id_str"`           // type, by name
	ExtObjEncoding           string             `rec:"ext_obj_encoding"`              // 0x01 binary, 0x02 XML
}

// VariantExtensionObjectType is the schema of VariantExtensionObject.
var VariantExtensionObjectType = record.Of[VariantExtensionObject]("opcua_binary_variant_extension_object")

// RecordType returns VariantExtensionObjectType.
func (*VariantExtensionObject) RecordType() *record.Type { return VariantExtensionObjectType }

// VariantDataValue is a value within a value, with its times. Specification:
// OPC 10000-6 (1.04), section 5.2.2.17.
type VariantDataValue struct {
	Part
	VariantDataValueSourceLink string                  `rec:"variant_data_value_source_link"` // ties rows together
	DataValueEncodingMask      string                  `rec:"data_value_encoding_mask"`       // parts of the value
	StatusCodeLinkID           string                  `rec:"status_code_link_id"`            // ties rows together
	SourceTimestamp            record.Opt[record.Time] `rec:"source_timestamp"`               // when the device had it
	SourcePicoSec              record.Opt[uint64]      `rec:"source_pico_sec"`                // more of that time
	ServerTimestamp            record.Opt[record.Time] `rec:"server_timestamp"`               // when the server had it
	ServerPicoSec              record.Opt[uint64]      `rec:"server_pico_sec"`                // more of that time
	VariantMetadataLinkID      string                  `rec:"variant_metadata_link_id"`       // ties rows together
}

// VariantDataValueType is the schema of VariantDataValue.
var VariantDataValueType = record.Of[VariantDataValue]("opcua_binary_variant_data_value")

// RecordType returns VariantDataValueType.
func (*VariantDataValue) RecordType() *record.Type { return VariantDataValueType }
