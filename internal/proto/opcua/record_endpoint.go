package opcua

import "longwatch/internal/record"

// GetEndpoints is a request for the endpoints of a server, or the answer.
// Specification: OPC 10000-4 (1.04), section 5.4.4.
type GetEndpoints struct {
	Part
	OpcuaLinkID               string `rec:"opcua_link_id"`                // the message: opcua_binary's req_ or res_opcua_link_id
	EndpointURL               string `rec:"endpoint_url"`                 // address asked for
	LocaleLinkID              string `rec:"locale_link_id"`               // ties rows together
	ProfileURILinkID          string `rec:"profile_uri_link_id"`          // ties rows together
	EndpointDescriptionLinkID string `rec:"endpoint_description_link_id"` // ties rows together
}

// GetEndpointsType is the schema of GetEndpoints.
var GetEndpointsType = record.Of[GetEndpoints]("opcua_binary_get_endpoints")

// RecordType returns GetEndpointsType.
func (*GetEndpoints) RecordType() *record.Type { return GetEndpointsType }

// GetEndpointsDescription is an endpoint of a server. Specification: OPC
// 10000-4 (1.04), section 5.4.4.
type GetEndpointsDescription struct {
	Part
	EndpointDescriptionLinkID string             `rec:"endpoint_description_link_id"` // ties rows together
	EndpointURI               string             `rec:"endpoint_uri"`                 // address of the endpoint
	ApplicationURI            string             `rec:"application_uri"`              // of the application
	ProductURI                string             `rec:"product_uri"`                  // of the product
	EncodingMask              record.Opt[uint64] `rec:"encoding_mask"`                // parts of the application name
	Locale                    string             `rec:"locale"`                       // language of the name
	Text                      string             `rec:"text"`                         // name for people
	ApplicationType           record.Opt[uint64] `rec:"application_type"`             // 0 server, 1 client, 2 both, 3 discovery server
	GatewayServerURI          string             `rec:"gateway_server_uri"`           // gateway in between
	DiscoveryProfileURI       string             `rec:"discovery_profile_uri"`        // how to find it
	DiscoveryProfileLinkID    string             `rec:"discovery_profile_link_id"`    // ties rows together
	CertSize                  record.Opt[uint64] `rec:"cert_size"`                    // bytes
	ServerCert                string             `rec:"server_cert"`                  // begin of the certificate
	MessageSecurityMode       record.Opt[uint64] `rec:"message_security_mode"`        // 1 none, 2 sign, 3 sign and encrypt
	SecurityPolicyURI         string             `rec:"security_policy_uri"`          // algorithms
	UserTokenLinkID           string             `rec:"user_token_link_id"`           // ties rows together
	TransportProfileURI       string             `rec:"transport_profile_uri"`        // encoding and transport
	SecurityLevel             record.Opt[uint64] `rec:"security_level"`               // rank among the endpoints
}

// GetEndpointsDescriptionType is the schema of GetEndpointsDescription.
var GetEndpointsDescriptionType = record.Of[GetEndpointsDescription]("opcua_binary_get_endpoints_description")

// RecordType returns GetEndpointsDescriptionType.
func (*GetEndpointsDescription) RecordType() *record.Type { return GetEndpointsDescriptionType }

// GetEndpointsDiscovery is an address to find the server at. Specification:
// OPC 10000-4 (1.04), section 5.4.4.
type GetEndpointsDiscovery struct {
	Part
	DiscoveryProfileLinkID string `rec:"discovery_profile_link_id"` // ties rows together
	DiscoveryProfileURL    string `rec:"discovery_profile_url"`     // the address
}

// GetEndpointsDiscoveryType is the schema of GetEndpointsDiscovery.
var GetEndpointsDiscoveryType = record.Of[GetEndpointsDiscovery]("opcua_binary_get_endpoints_discovery")

// RecordType returns GetEndpointsDiscoveryType.
func (*GetEndpointsDiscovery) RecordType() *record.Type { return GetEndpointsDiscoveryType }

// GetEndpointsUserToken is a way to log in at an endpoint. Specification: OPC
// 10000-4 (1.04), section 5.4.4.
type GetEndpointsUserToken struct {
	Part
	UserTokenLinkID       string             `rec:"user_token_link_id"`        // ties rows together
	UserTokenPolicyID     string             `rec:"user_token_policy_id"`      // name of it
	UserTokenType         record.Opt[uint64] `rec:"user_token_type"`           // 0 anonymous, 1 user name, 2 certificate, 3 issued token
	UserTokenIssuedType   string             `rec:"user_token_issued_type"`    // kind of issued token
	UserTokenEndpointURL  string             `rec:"user_token_endpoint_url"`   // who issues
	UserTokenSecPolicyURI string             `rec:"user_token_sec_policy_uri"` // algorithms
}

// GetEndpointsUserTokenType is the schema of GetEndpointsUserToken.
var GetEndpointsUserTokenType = record.Of[GetEndpointsUserToken]("opcua_binary_get_endpoints_user_token")

// RecordType returns GetEndpointsUserTokenType.
func (*GetEndpointsUserToken) RecordType() *record.Type { return GetEndpointsUserTokenType }

// GetEndpointsLocaleID is a language that is asked for. Specification: OPC
// 10000-4 (1.04), section 5.4.4.
type GetEndpointsLocaleID struct {
	Part
	LocaleLinkID string `rec:"locale_link_id"` // ties rows together
	LocaleID     string `rec:"locale_id"`      // language tag
}

// GetEndpointsLocaleIDType is the schema of GetEndpointsLocaleID.
var GetEndpointsLocaleIDType = record.Of[GetEndpointsLocaleID]("opcua_binary_get_endpoints_locale_id")

// RecordType returns GetEndpointsLocaleIDType.
func (*GetEndpointsLocaleID) RecordType() *record.Type { return GetEndpointsLocaleIDType }

// GetEndpointsProfileURI is a transport that is asked for. Specification: OPC
// 10000-4 (1.04), section 5.4.4.
type GetEndpointsProfileURI struct {
	Part
	ProfileURILinkID string `rec:"profile_uri_link_id"` // ties rows together
	ProfileURI       string `rec:"profile_uri"`         // the transport
}

// GetEndpointsProfileURIType is the schema of GetEndpointsProfileURI.
var GetEndpointsProfileURIType = record.Of[GetEndpointsProfileURI]("opcua_binary_get_endpoints_profile_uri")

// RecordType returns GetEndpointsProfileURIType.
func (*GetEndpointsProfileURI) RecordType() *record.Type { return GetEndpointsProfileURIType }
