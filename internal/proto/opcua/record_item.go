package opcua

import "longwatch/internal/record"

// Read is a request to read attributes of nodes, or the answer. Specification:
// OPC 10000-4 (1.04), section 5.10.2.
type Read struct {
	Part
	OpcuaLinkID           string             `rec:"opcua_link_id"`            // the message: opcua_binary's req_ or res_opcua_link_id
	MaxAge                record.Opt[uint64] `rec:"max_age"`                  // milliseconds a value may be old
	TimestampsToReturn    record.Opt[uint64] `rec:"timestamps_to_return"`     // which times are wanted
	TimestampsToReturnStr string             `rec:"timestamps_to_return_str"` // by name
	NodesToReadLinkID     string             `rec:"nodes_to_read_link_id"`    // ties rows together
	ReadResultsLinkID     string             `rec:"read_results_link_id"`     // ties rows together
	DiagInfoLinkID        string             `rec:"diag_info_link_id"`        // ties rows together
}

// ReadType is the schema of Read.
var ReadType = record.Of[Read]("opcua_binary_read")

// RecordType returns ReadType.
func (*Read) RecordType() *record.Type { return ReadType }

// ReadNodesToRead is an attribute to read. Specification: OPC 10000-4 (1.04),
// section 5.10.2.
type ReadNodesToRead struct {
	Part
	NodesToReadLinkID   string             `rec:"nodes_to_read_link_id"`  // ties rows together
	NodeIDEncodingMask  string             `rec:"node_id_encoding_mask"`  // form of the node id
	NodeIDNamespaceIdx  record.Opt[uint64] `rec:"node_id_namespace_idx"`  // its namespace
	NodeIDNumeric       record.Opt[uint64] `rec:"node_id_numeric"`        // when it is a number
	NodeIDString        string             `rec:"node_id_string"`         // when it is a text
	NodeIDGUID          string             `rec:"node_id_guid"`           // when it is a GUID
	NodeIDOpaque        string             `rec:"node_id_opaque"`         // when it is bytes
	AttributeID         record.Opt[uint64] `rec:"attribute_id"`           // attribute, 13 is the value
	AttributeIDStr      string             `rec:"attribute_id_str"`       // by name
	IndexRange          string             `rec:"index_range"`            // part of an array
	DataEncodingNameIdx record.Opt[uint64] `rec:"data_encoding_name_idx"` // namespace of the encoding
	DataEncodingName    string             `rec:"data_encoding_name"`     // encoding wanted
}

// ReadNodesToReadType is the schema of ReadNodesToRead.
var ReadNodesToReadType = record.Of[ReadNodesToRead]("opcua_binary_read_nodes_to_read")

// RecordType returns ReadNodesToReadType.
func (*ReadNodesToRead) RecordType() *record.Type { return ReadNodesToReadType }

// ReadResults is a value read. Specification: OPC 10000-4 (1.04), section
// 5.10.2.
type ReadResults struct {
	Part
	ResultsLinkID                    string                  `rec:"results_link_id"`                       // ties rows together
	Level                            record.Opt[uint64]      `rec:"level"`                                 // position in the list
	DataValueEncodingMask            string                  `rec:"data_value_encoding_mask"`              // parts of the value
	StatusCodeLinkID                 string                  `rec:"status_code_link_id"`                   // ties rows together
	SourceTimestamp                  record.Opt[record.Time] `rec:"source_timestamp"`                      // when the device had it
	SourcePicoSec                    record.Opt[uint64]      `rec:"source_pico_sec"`                       // more of that time
	ServerTimestamp                  record.Opt[record.Time] `rec:"server_timestamp"`                      // when the server had it
	ServerPicoSec                    record.Opt[uint64]      `rec:"server_pico_sec"`                       // more of that time
	ReadResultsVariantMetadataLinkID string                  `rec:"read_results_variant_metadata_link_id"` // ties rows together
}

// ReadResultsType is the schema of ReadResults.
var ReadResultsType = record.Of[ReadResults]("opcua_binary_read_results")

// RecordType returns ReadResultsType.
func (*ReadResults) RecordType() *record.Type { return ReadResultsType }

// Write is an attribute to write, or the answer for all of them.
// Specification: OPC 10000-4 (1.04), section 5.10.4.
type Write struct {
	Part
	OpcuaLinkID                       string                  `rec:"opcua_link_id"`                          // the message: opcua_binary's req_ or res_opcua_link_id
	NodeIDEncodingMask                string                  `rec:"node_id_encoding_mask"`                  // form of the node id
	NodeIDNamespaceIdx                record.Opt[uint64]      `rec:"node_id_namespace_idx"`                  // its namespace
	NodeIDNumeric                     record.Opt[uint64]      `rec:"node_id_numeric"`                        // when it is a number
	NodeIDString                      string                  `rec:"node_id_string"`                         // when it is a text
	NodeIDGUID                        string                  `rec:"node_id_guid"`                           // when it is a GUID
	NodeIDOpaque                      string                  `rec:"node_id_opaque"`                         // when it is bytes
	AttributeID                       record.Opt[uint64]      `rec:"attribute_id"`                           // attribute, 13 is the value
	AttributeIDStr                    string                  `rec:"attribute_id_str"`                       // by name
	IndexRange                        string                  `rec:"index_range"`                            // part of an array
	DataValueEncodingMask             string                  `rec:"data_value_encoding_mask"`               // parts of the value
	ReqStatusCodeLinkID               string                  `rec:"req_status_code_link_id"`                // ties rows together
	SourceTimestamp                   record.Opt[record.Time] `rec:"source_timestamp"`                       // when the device had it
	SourcePicoSec                     record.Opt[uint64]      `rec:"source_pico_sec"`                        // more of that time
	ServerTimestamp                   record.Opt[record.Time] `rec:"server_timestamp"`                       // when the server had it
	ServerPicoSec                     record.Opt[uint64]      `rec:"server_pico_sec"`                        // more of that time
	WriteResultsVariantMetadataLinkID string                  `rec:"write_results_variant_metadata_link_id"` // ties rows together
	ResStatusCodeLinkID               string                  `rec:"res_status_code_link_id"`                // ties rows together
	DiagInfoLinkID                    string                  `rec:"diag_info_link_id"`                      // ties rows together
}

// WriteType is the schema of Write.
var WriteType = record.Of[Write]("opcua_binary_write")

// RecordType returns WriteType.
func (*Write) RecordType() *record.Type { return WriteType }

// CreateMonitoredItems is a request to watch values, or the answer.
// Specification: OPC 10000-4 (1.04), section 5.12.2.
type CreateMonitoredItems struct {
	Part
	OpcuaLinkID                        string             `rec:"opcua_link_id"`                            // the message: opcua_binary's req_ or res_opcua_link_id
	SubscriptionID                     record.Opt[uint64] `rec:"subscription_id"`                          // of the subscription
	TimestampsToReturn                 record.Opt[uint64] `rec:"timestamps_to_return"`                     // which times are wanted
	TimestampsToReturnStr              string             `rec:"timestamps_to_return_str"`                 // by name
	CreateItemLinkID                   string             `rec:"create_item_link_id"`                      // ties rows together
	CreateMonitoredItemsDiagInfoLinkID string             `rec:"create_monitored_items_diag_info_link_id"` // ties rows together
}

// CreateMonitoredItemsType is the schema of CreateMonitoredItems.
var CreateMonitoredItemsType = record.Of[CreateMonitoredItems]("opcua_binary_create_monitored_items")

// RecordType returns CreateMonitoredItemsType.
func (*CreateMonitoredItems) RecordType() *record.Type { return CreateMonitoredItemsType }

// CreateMonitoredItemsItem is a value to watch, or the answer for it.
// Specification: OPC 10000-4 (1.04), section 5.12.2.
type CreateMonitoredItemsItem struct {
	Part
	CreateItemLinkID                                       string              `rec:"create_item_link_id"`                                             // ties rows together
	ItemToMonitorNodeIDEncodingMask                        string              `rec:"item_to_monitor_node_id_encoding_mask"`                           // form of the node id
	ItemToMonitorNodeIDNamespaceIdx                        record.Opt[uint64]  `rec:"item_to_monitor_node_id_namespace_idx"`                           // its namespace
	ItemToMonitorNodeIDNumeric                             record.Opt[uint64]  `rec:"item_to_monitor_node_id_numeric"`                                 // when it is a number
	ItemToMonitorNodeIDString                              string              `rec:"item_to_monitor_node_id_string"`                                  // when it is a text
	ItemToMonitorNodeIDGUID                                string              `rec:"item_to_monitor_node_id_guid"`                                    // when it is a GUID
	ItemToMonitorNodeIDOpaque                              string              `rec:"item_to_monitor_node_id_opaque"`                                  // when it is bytes
	ItemToMonitorAttributeID                               string              `rec:"item_to_monitor_attribute_id"`                                    // attribute, by name
	ItemToMonitorIndexRange                                string              `rec:"item_to_monitor_index_range"`                                     // part of an array
	ItemToMonitorNamespaceIdx                              record.Opt[uint64]  `rec:"item_to_monitor_namespace_idx"`                                   // namespace of the encoding
	ItemToMonitorName                                      string              `rec:"item_to_monitor_name"`                                            // encoding wanted
	MonitoringMode                                         string              `rec:"monitoring_mode"`                                                 // Disabled, Sampling or Reporting
	MonitoringParametersClientHandle                       record.Opt[uint64]  `rec:"monitoring_parameters_client_handle"`                             // client's number for the item
	MonitoringParametersSamplingInterval                   record.Opt[float64] `rec:"monitoring_parameters_sampling_interval"`                         // milliseconds
	MonitoringParametersQueueSize                          record.Opt[uint64]  `rec:"monitoring_parameters_queue_size"`                                // values kept
	MonitoringParametersDiscardOldest                      record.Opt[bool]    `rec:"monitoring_parameters_discard_oldest"`                            // when the queue is full
	MonitoringParametersFilterInfoTypeIDNodeIDEncodingMask string              `rec:"monitoring_parameters_filter_info_type_id_node_id_encoding_mask"` // form of the node id
	MonitoringParametersFilterInfoTypeIDNodeIDNamespaceIdx record.Opt[uint64]  `rec:"monitoring_parameters_filter_info_type_id_node_id_namespace_idx"` // its namespace
	MonitoringParametersFilterInfoTypeIDNodeIDNumeric      record.Opt[uint64]  `rec:"monitoring_parameters_filter_info_type_id_node_id_numeric"`       // when it is a number
	MonitoringParametersFilterInfoTypeIDNodeIDString       string              `rec:"monitoring_parameters_filter_info_type_id_node_id_string"`        // when it is a text
	MonitoringParametersFilterInfoTypeIDNodeIDGUID         string              `rec:"monitoring_parameters_filter_info_type_id_node_id_guid"`          // when it is a GUID
	MonitoringParametersFilterInfoTypeIDNodeIDOpaque       string              `rec:"monitoring_parameters_filter_info_type_id_node_id_opaque"`        // when it is bytes
	MonitoringParametersFilterInfoTypeIDString             string              `rec:"monitoring_parameters_filter_info_type_id_string"`                // kind of filter, by name
	MonitoringParametersFilterInfoTypeIDEncoding           string              `rec:"monitoring_parameters_filter_info_type_id_encoding"`              // 0x01 binary, 0x02 XML
	FilterInfoDetailsLinkID                                string              `rec:"filter_info_details_link_id"`                                     // ties rows together
	MonitoringParametersStatusCodeLinkID                   string              `rec:"monitoring_parameters_status_code_link_id"`                       // ties rows together
	MonitoredItemIndexID                                   record.Opt[uint64]  `rec:"monitored_item_index_id"`                                         // server's number for the item
	MonitoringParametersRevisedSamplingInterval            record.Opt[float64] `rec:"monitoring_parameters_revised_sampling_interval"`                 // milliseconds, as granted
	MonitoringParametersRevisedQueueSize                   record.Opt[uint64]  `rec:"monitoring_parameters_revised_queue_size"`                        // as granted
}

// CreateMonitoredItemsItemType is the schema of CreateMonitoredItemsItem.
var CreateMonitoredItemsItemType = record.Of[CreateMonitoredItemsItem]("opcua_binary_create_monitored_items_create_item")

// RecordType returns CreateMonitoredItemsItemType.
func (*CreateMonitoredItemsItem) RecordType() *record.Type { return CreateMonitoredItemsItemType }

// CreateSubscription is a request for a subscription, or the answer.
// Specification: OPC 10000-4 (1.04), section 5.13.2.
type CreateSubscription struct {
	Part
	OpcuaLinkID                 string             `rec:"opcua_link_id"`                  // the message: opcua_binary's req_ or res_opcua_link_id
	RequestedPublishingInterval record.Opt[uint64] `rec:"requested_publishing_interval"`  // milliseconds
	RequestedLifetimeCount      record.Opt[uint64] `rec:"requested_lifetime_count"`       // intervals without a request
	RequestedMaxKeepAliveCount  record.Opt[uint64] `rec:"requested_max_keep_alive_count"` // intervals without news
	MaxNotificationsPerPublish  record.Opt[uint64] `rec:"max_notifications_per_publish"`  // 0: no limit
	PublishingEnabled           record.Opt[bool]   `rec:"publishing_enabled"`             // from the start
	Priority                    record.Opt[uint64] `rec:"priority"`                       // among subscriptions
	SubscriptionID              record.Opt[uint64] `rec:"subscription_id"`                // of the subscription
	RevisedPublishingInterval   record.Opt[uint64] `rec:"revised_publishing_interval"`    // as granted
	RevisedLifetimeCount        record.Opt[uint64] `rec:"revised_lifetime_count"`         // as granted
	RevisedMaxKeepAliveCount    record.Opt[uint64] `rec:"revised_max_keep_alive_count"`   // as granted
}

// CreateSubscriptionType is the schema of CreateSubscription.
var CreateSubscriptionType = record.Of[CreateSubscription]("opcua_binary_create_subscription")

// RecordType returns CreateSubscriptionType.
func (*CreateSubscription) RecordType() *record.Type { return CreateSubscriptionType }
