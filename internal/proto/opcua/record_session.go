package opcua

import "longwatch/internal/record"

// OpenSecureChannel is a request to open or renew a channel, or the answer.
// Specification: OPC 10000-4 (1.04), section 5.5.2.
type OpenSecureChannel struct {
	Part
	OpcuaLinkID          string                  `rec:"opcua_link_id"`            // the message: opcua_binary's req_ or res_opcua_link_id
	ClientProtoVer       record.Opt[uint64]      `rec:"client_proto_ver"`         // version
	SecTokenRequestType  record.Opt[uint64]      `rec:"sec_token_request_type"`   // 0 new, 1 renew
	MessageSecurityMode  record.Opt[uint64]      `rec:"message_security_mode"`    // 1 none, 2 sign, 3 sign and encrypt
	ClientNonce          record.Opt[string]      `rec:"client_nonce"`             // random bytes of the client
	ReqLifetime          record.Opt[uint64]      `rec:"req_lifetime"`             // milliseconds
	ServerProtoVer       record.Opt[uint64]      `rec:"server_proto_ver"`         // version
	SecTokenSecChannelID record.Opt[uint64]      `rec:"sec_token_sec_channel_id"` // channel
	SecTokenID           record.Opt[uint64]      `rec:"sec_token_id"`             // token
	SecTokenCreatedAt    record.Opt[record.Time] `rec:"sec_token_created_at"`     // when
	SecTokenRevisedTime  record.Opt[uint64]      `rec:"sec_token_revised_time"`   // milliseconds, as granted
	ServerNonce          record.Opt[string]      `rec:"server_nonce"`             // random bytes of the server
}

// OpenSecureChannelType is the schema of OpenSecureChannel.
var OpenSecureChannelType = record.Of[OpenSecureChannel]("opcua_binary_opensecure_channel")

// RecordType returns OpenSecureChannelType.
func (*OpenSecureChannel) RecordType() *record.Type { return OpenSecureChannelType }

// CreateSession is a request to open a session, or the answer. Specification:
// OPC 10000-4 (1.04), section 5.6.2.
type CreateSession struct {
	Part
	OpcuaLinkID            string             `rec:"opcua_link_id"`             // the message: opcua_binary's req_ or res_opcua_link_id
	ApplicationURI         string             `rec:"application_uri"`           // of the application
	ProductURI             string             `rec:"product_uri"`               // of the product
	EncodingMask           record.Opt[uint64] `rec:"encoding_mask"`             // parts of the application name
	Locale                 string             `rec:"locale"`                    // language of the name
	Text                   string             `rec:"text"`                      // name for people
	ApplicationType        record.Opt[uint64] `rec:"application_type"`          // 0 server, 1 client, 2 both, 3 discovery server
	GatewayServerURI       string             `rec:"gateway_server_uri"`        // gateway in between
	DiscoveryProfileURI    string             `rec:"discovery_profile_uri"`     // how to find it
	DiscoveryProfileLinkID string             `rec:"discovery_profile_link_id"` // ties rows together
	ServerURI              string             `rec:"server_uri"`                // server wanted
	EndpointURL            string             `rec:"endpoint_url"`              // address asked for
	SessionName            string             `rec:"session_name"`              // name given by the client
	ClientNonce            string             `rec:"client_nonce"`              // random bytes of the client
	ClientCertSize         record.Opt[uint64] `rec:"client_cert_size"`          // bytes
	ClientCert             string             `rec:"client_cert"`               // begin of the certificate
	ReqSessionTimeout      record.Opt[uint64] `rec:"req_session_timeout"`       // milliseconds
	MaxResMsgSize          record.Opt[uint64] `rec:"max_res_msg_size"`          // bytes the client accepts
	SessionIDEncodingMask  string             `rec:"session_id_encoding_mask"`  // form of the node id
	SessionIDNamespaceIdx  record.Opt[uint64] `rec:"session_id_namespace_idx"`  // its namespace
	SessionIDNumeric       record.Opt[uint64] `rec:"session_id_numeric"`        // when it is a number
	SessionIDString        string             `rec:"session_id_string"`         // when it is a text
	SessionIDGUID          string             `rec:"session_id_guid"`           // when it is a GUID
	SessionIDOpaque        string             `rec:"session_id_opaque"`         // when it is bytes
	AuthTokenEncodingMask  string             `rec:"auth_token_encoding_mask"`  // form of the node id
	AuthTokenNamespaceIdx  record.Opt[uint64] `rec:"auth_token_namespace_idx"`  // its namespace
	AuthTokenNumeric       record.Opt[uint64] `rec:"auth_token_numeric"`        // when it is a number
	AuthTokenString        string             `rec:"auth_token_string"`         // when it is a text
	AuthTokenGUID          string             `rec:"auth_token_guid"`           // when it is a GUID
	AuthTokenOpaque        string             `rec:"auth_token_opaque"`         // when it is bytes
	RevisedSessionTimeout  record.Opt[uint64] `rec:"revised_session_timeout"`   // milliseconds, as granted
	ServerNonce            string             `rec:"server_nonce"`              // random bytes of the server
	ServerCertSize         record.Opt[uint64] `rec:"server_cert_size"`          // bytes
	ServerCert             string             `rec:"server_cert"`               // begin of the certificate
	EndpointLinkID         string             `rec:"endpoint_link_id"`          // ties rows together
	Algorithm              string             `rec:"algorithm"`                 // of the server's signature
	Signature              string             `rec:"signature"`                 // begin of it
	MaxReqMsgSize          record.Opt[uint64] `rec:"max_req_msg_size"`          // bytes the server accepts
}

// CreateSessionType is the schema of CreateSession.
var CreateSessionType = record.Of[CreateSession]("opcua_binary_create_session")

// RecordType returns CreateSessionType.
func (*CreateSession) RecordType() *record.Type { return CreateSessionType }

// CreateSessionDiscovery is an address to find the client at. Specification:
// OPC 10000-4 (1.04), section 5.6.2.
type CreateSessionDiscovery struct {
	Part
	DiscoveryProfileLinkID string `rec:"discovery_profile_link_id"` // ties rows together
	DiscoveryProfileURI    string `rec:"discovery_profile_uri"`     // how to find it
	DiscoveryProfileURL    string `rec:"discovery_profile_url"`     // the address
}

// CreateSessionDiscoveryType is the schema of CreateSessionDiscovery.
var CreateSessionDiscoveryType = record.Of[CreateSessionDiscovery]("opcua_binary_create_session_discovery")

// RecordType returns CreateSessionDiscoveryType.
func (*CreateSessionDiscovery) RecordType() *record.Type { return CreateSessionDiscoveryType }

// CreateSessionEndpoints is an endpoint that the server offers. Specification:
// OPC 10000-4 (1.04), section 5.6.2.
type CreateSessionEndpoints struct {
	Part
	EndpointLinkID         string             `rec:"endpoint_link_id"`          // ties rows together
	EndpointURL            string             `rec:"endpoint_url"`              // address asked for
	ApplicationURI         string             `rec:"application_uri"`           // of the application
	ProductURI             string             `rec:"product_uri"`               // of the product
	EncodingMask           record.Opt[uint64] `rec:"encoding_mask"`             // parts of the application name
	Locale                 string             `rec:"locale"`                    // language of the name
	Text                   string             `rec:"text"`                      // name for people
	ApplicationType        record.Opt[uint64] `rec:"application_type"`          // 0 server, 1 client, 2 both, 3 discovery server
	GatewayServerURI       string             `rec:"gateway_server_uri"`        // gateway in between
	DiscoveryProfileURI    string             `rec:"discovery_profile_uri"`     // how to find it
	DiscoveryProfileLinkID string             `rec:"discovery_profile_link_id"` // ties rows together
	CertSize               record.Opt[uint64] `rec:"cert_size"`                 // bytes
	ServerCert             string             `rec:"server_cert"`               // begin of the certificate
	MessageSecurityMode    record.Opt[uint64] `rec:"message_security_mode"`     // 1 none, 2 sign, 3 sign and encrypt
	SecurityPolicyURI      string             `rec:"security_policy_uri"`       // algorithms
	UserTokenLinkID        string             `rec:"user_token_link_id"`        // ties rows together
	TransportProfileURI    string             `rec:"transport_profile_uri"`     // encoding and transport
	SecurityLevel          record.Opt[uint64] `rec:"security_level"`            // rank among the endpoints
}

// CreateSessionEndpointsType is the schema of CreateSessionEndpoints.
var CreateSessionEndpointsType = record.Of[CreateSessionEndpoints]("opcua_binary_create_session_endpoints")

// RecordType returns CreateSessionEndpointsType.
func (*CreateSessionEndpoints) RecordType() *record.Type { return CreateSessionEndpointsType }

// CreateSessionUserToken is a way to log in at an endpoint. Specification: OPC
// 10000-4 (1.04), section 5.6.2.
type CreateSessionUserToken struct {
	Part
	UserTokenLinkID       string             `rec:"user_token_link_id"`        // ties rows together
	UserTokenPolicyID     string             `rec:"user_token_policy_id"`      // name of it
	UserTokenType         record.Opt[uint64] `rec:"user_token_type"`           // 0 anonymous, 1 user name, 2 certificate, 3 issued token
	UserTokenIssuedType   string             `rec:"user_token_issued_type"`    // kind of issued token
	UserTokenEndpointURL  string             `rec:"user_token_endpoint_url"`   // who issues
	UserTokenSecPolicyURI string             `rec:"user_token_sec_policy_uri"` // algorithms
}

// CreateSessionUserTokenType is the schema of CreateSessionUserToken.
var CreateSessionUserTokenType = record.Of[CreateSessionUserToken]("opcua_binary_create_session_user_token")

// RecordType returns CreateSessionUserTokenType.
func (*CreateSessionUserToken) RecordType() *record.Type { return CreateSessionUserTokenType }

// ActivateSession is a request to give a session its user, or the answer.
// Specification: OPC 10000-4 (1.04), section 5.6.3.
type ActivateSession struct {
	Part
	OpcuaLinkID                   string             `rec:"opcua_link_id"`                      // the message: opcua_binary's req_ or res_opcua_link_id
	ClientAlgorithm               string             `rec:"client_algorithm"`                   // of the client's signature
	ClientSignature               string             `rec:"client_signature"`                   // begin of it, in hexadecimal
	ClientSoftwareCertLinkID      string             `rec:"client_software_cert_link_id"`       // ties rows together
	OpcuaLocaleLinkID             string             `rec:"opcua_locale_link_id"`               // ties rows together
	ExtObjTypeIDEncodingMask      string             `rec:"ext_obj_type_id_encoding_mask"`      // form of the node id
	ExtObjTypeIDNamespaceIdx      record.Opt[uint64] `rec:"ext_obj_type_id_namespace_idx"`      // its namespace
	ExtObjTypeIDNumeric           record.Opt[uint64] `rec:"ext_obj_type_id_numeric"`            // when it is a number
	ExtObjTypeIDString            string             `rec:"ext_obj_type_id_string"`             // when it is a text
	ExtObjTypeIDGUID              string             `rec:"ext_obj_type_id_guid"`               // when it is a GUID
	ExtObjTypeIDOpaque            string             `rec:"ext_obj_type_id_opaque"`             // when it is bytes
	ExtObjTypeIDStr               string             `rec:"ext_obj_type_id_str"`                // type, by name
	ExtObjEncoding                string             `rec:"ext_obj_encoding"`                   // 0x01 binary, 0x02 XML
	ExtObjPolicyID                string             `rec:"ext_obj_policy_id"`                  // of the way to log in
	ExtObjUserName                string             `rec:"ext_obj_user_name" ent:"user"`       // who logs in
	ExtObjPassword                string             `rec:"ext_obj_password,secret"`            // as sent
	ExtObjEncryptionAlgorithom    string             `rec:"ext_obj_encryption_algorithom"`      // of the password or token
	ExtObjCertificateData         string             `rec:"ext_obj_certificate_data"`           // begin of the user's certificate
	ExtObjTokenData               string             `rec:"ext_obj_token_data"`                 // begin of an issued token
	UserTokenAlgorithm            string             `rec:"user_token_algorithm"`               // of the signature over the token
	UserTokenSignature            string             `rec:"user_token_signature"`               // begin of it
	ServerNonce                   string             `rec:"server_nonce"`                       // random bytes of the server
	StatusCodeLinkID              string             `rec:"status_code_link_id"`                // ties rows together
	ActivateSessionDiagInfoLinkID string             `rec:"activate_session_diag_info_link_id"` // ties rows together
}

// ActivateSessionType is the schema of ActivateSession.
var ActivateSessionType = record.Of[ActivateSession]("opcua_binary_activate_session")

// RecordType returns ActivateSessionType.
func (*ActivateSession) RecordType() *record.Type { return ActivateSessionType }

// ActivateSessionClientSoftwareCert is a certificate of client software.
// Specification: OPC 10000-4 (1.04), section 5.6.3.
type ActivateSessionClientSoftwareCert struct {
	Part
	ClientSoftwareCertLinkID string `rec:"client_software_cert_link_id"` // ties rows together
	CertData                 string `rec:"cert_data"`                    // the certificate
	CertSignature            string `rec:"cert_signature"`               // the signature over it
}

// ActivateSessionClientSoftwareCertType is the schema of ActivateSessionClientSoftwareCert.
var ActivateSessionClientSoftwareCertType = record.Of[ActivateSessionClientSoftwareCert]("opcua_binary_activate_session_client_software_cert")

// RecordType returns ActivateSessionClientSoftwareCertType.
func (*ActivateSessionClientSoftwareCert) RecordType() *record.Type {
	return ActivateSessionClientSoftwareCertType
}

// ActivateSessionLocaleID is a language that a session wants. Specification:
// OPC 10000-4 (1.04), section 5.6.3.
type ActivateSessionLocaleID struct {
	Part
	OpcuaLocaleLinkID string `rec:"opcua_locale_link_id"` // ties rows together
	LocalID           string `rec:"local_id"`             // language tag
}

// ActivateSessionLocaleIDType is the schema of ActivateSessionLocaleID.
var ActivateSessionLocaleIDType = record.Of[ActivateSessionLocaleID]("opcua_binary_activate_session_locale_id")

// RecordType returns ActivateSessionLocaleIDType.
func (*ActivateSessionLocaleID) RecordType() *record.Type { return ActivateSessionLocaleIDType }

// CloseSession is a request to end a session. Specification: OPC 10000-4
// (1.04), section 5.6.4.
type CloseSession struct {
	Part
	OpcuaLinkID      string           `rec:"opcua_link_id"`     // the message: opcua_binary's req_ or res_opcua_link_id
	DelSubscriptions record.Opt[bool] `rec:"del_subscriptions"` // whether subscriptions end too
}

// CloseSessionType is the schema of CloseSession.
var CloseSessionType = record.Of[CloseSession]("opcua_binary_close_session")

// RecordType returns CloseSessionType.
func (*CloseSession) RecordType() *record.Type { return CloseSessionType }
