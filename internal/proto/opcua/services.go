package opcua

import "longwatch/internal/record"

// services are the messages whose bodies are read.
var services = map[string]func(*build){
	"OpenSecureChannelRequest": (*build).openChannelRequest, "OpenSecureChannelResponse": (*build).openChannelResponse,
	"CreateSessionRequest": (*build).createSessionRequest, "CreateSessionResponse": (*build).createSessionResponse,
	"ActivateSessionRequest": (*build).activateRequest, "ActivateSessionResponse": (*build).activateResponse,
	"CloseSessionRequest": (*build).closeRequest,
	"GetEndpointsRequest": (*build).endpointsRequest, "GetEndpointsResponse": (*build).endpointsResponse,
	"BrowseRequest": (*build).browseRequest, "BrowseResponse": (*build).browseResponse,
	"BrowseNextRequest": (*build).browseNextRequest, "BrowseNextResponse": (*build).browseResponse,
	"ReadRequest": (*build).readRequest, "ReadResponse": (*build).readResponse,
	"WriteRequest": (*build).writeRequest, "WriteResponse": (*build).writeResponse,
	"CreateMonitoredItemsRequest": (*build).itemsRequest, "CreateMonitoredItemsResponse": (*build).itemsResponse,
	"CreateSubscriptionRequest": (*build).subscriptionRequest, "CreateSubscriptionResponse": (*build).subscriptionResponse,
}

func (b *build) openChannelRequest() {
	b.row(&OpenSecureChannel{
		Part: b.part, OpcuaLinkID: b.link, ClientProtoVer: b.u32(), SecTokenRequestType: b.u32(), MessageSecurityMode: b.u32(),
		ClientNonce: record.Some(b.str()), ReqLifetime: b.u32(),
	})
}

func (b *build) openChannelResponse() {
	b.row(&OpenSecureChannel{
		Part: b.part, OpcuaLinkID: b.link, ServerProtoVer: b.u32(), SecTokenSecChannelID: b.u32(), SecTokenID: b.u32(),
		SecTokenCreatedAt: b.when(), SecTokenRevisedTime: b.u32(), ServerNonce: record.Some(b.str()),
	})
}

func (b *build) createSessionRequest() {
	r := &CreateSession{Part: b.part, OpcuaLinkID: b.link}
	a := b.application()
	r.ApplicationURI, r.ProductURI = a.uri, a.product
	r.EncodingMask, r.Locale, r.Text = some(a.name.mask), a.name.locale, a.name.text
	r.ApplicationType, r.GatewayServerURI, r.DiscoveryProfileURI = a.kind, a.gateway, a.profile
	if len(a.urls) > 0 {
		r.DiscoveryProfileLinkID = b.p.links.Next()
	}
	for _, u := range a.urls {
		b.row(&CreateSessionDiscovery{Part: b.part, DiscoveryProfileLinkID: r.DiscoveryProfileLinkID, DiscoveryProfileURI: a.profile, DiscoveryProfileURL: u})
	}
	r.ServerURI, r.EndpointURL, r.SessionName, r.ClientNonce = b.str(), b.str(), b.str(), b.hex()
	r.ClientCertSize, r.ClientCert = b.certificate()
	r.ReqSessionTimeout, r.MaxResMsgSize = b.millis(), b.u32()
	b.row(r)
}

func (b *build) createSessionResponse() {
	r := &CreateSession{Part: b.part, OpcuaLinkID: b.link}
	n := b.nodeID()
	n.into(&r.SessionIDEncodingMask, &r.SessionIDNamespaceIdx, &r.SessionIDNumeric, &r.SessionIDString, &r.SessionIDGUID, &r.SessionIDOpaque)
	n = b.nodeID()
	n.into(&r.AuthTokenEncodingMask, &r.AuthTokenNamespaceIdx, &r.AuthTokenNumeric, &r.AuthTokenString, &r.AuthTokenGUID, &r.AuthTokenOpaque)
	r.RevisedSessionTimeout, r.ServerNonce = b.millis(), b.hex()
	r.ServerCertSize, r.ServerCert = b.certificate()
	r.EndpointLinkID = b.p.links.Next()
	b.list(func(int) { b.sessionEndpoint(r.EndpointLinkID) })
	b.list(func(int) { raw(&b.c); raw(&b.c) }) // software certificates: no longer used
	r.Algorithm, r.Signature, r.MaxReqMsgSize = b.str(), b.hex(), b.u32()
	b.row(r)
}

func (b *build) sessionEndpoint(link string) {
	e := b.endpoint()
	r := &CreateSessionEndpoints{
		Part: b.part, EndpointLinkID: link, EndpointURL: e.url, ApplicationURI: e.app.uri, ProductURI: e.app.product,
		EncodingMask: some(e.app.name.mask), Locale: e.app.name.locale, Text: e.app.name.text, ApplicationType: e.app.kind,
		GatewayServerURI: e.app.gateway, DiscoveryProfileURI: e.app.profile, CertSize: e.certSize, ServerCert: e.cert,
		MessageSecurityMode: e.mode, SecurityPolicyURI: e.policy, TransportProfileURI: e.transport, SecurityLevel: e.level,
	}
	if len(e.app.urls) > 0 {
		r.DiscoveryProfileLinkID = b.p.links.Next()
	}
	for _, u := range e.app.urls {
		b.row(&CreateSessionDiscovery{Part: b.part, DiscoveryProfileLinkID: r.DiscoveryProfileLinkID, DiscoveryProfileURI: e.app.profile, DiscoveryProfileURL: u})
	}
	if len(e.tokens) > 0 {
		r.UserTokenLinkID = b.p.links.Next()
	}
	for _, t := range e.tokens {
		b.row(&CreateSessionUserToken{
			Part: b.part, UserTokenLinkID: r.UserTokenLinkID, UserTokenPolicyID: t.policy, UserTokenType: t.kind,
			UserTokenIssuedType: t.issued, UserTokenEndpointURL: t.url, UserTokenSecPolicyURI: t.security,
		})
	}
	b.row(r)
}

func (b *build) activateRequest() {
	r := &ActivateSession{Part: b.part, OpcuaLinkID: b.link, ClientAlgorithm: b.str(), ClientSignature: b.hex()}
	r.ClientSoftwareCertLinkID = b.linked(func(link string, _ int) {
		b.row(&ActivateSessionClientSoftwareCert{Part: b.part, ClientSoftwareCertLinkID: link, CertData: b.str(), CertSignature: b.str()})
	})
	r.OpcuaLocaleLinkID = b.linked(func(link string, _ int) {
		b.row(&ActivateSessionLocaleID{Part: b.part, OpcuaLocaleLinkID: link, LocalID: b.str()})
	})
	n, encoding, body := b.object()
	n.into(&r.ExtObjTypeIDEncodingMask, &r.ExtObjTypeIDNamespaceIdx, &r.ExtObjTypeIDNumeric, &r.ExtObjTypeIDString, &r.ExtObjTypeIDGUID, &r.ExtObjTypeIDOpaque)
	r.ExtObjTypeIDStr, r.ExtObjEncoding = n.objectName(), hex8(encoding)
	switch r.ExtObjTypeIDStr {
	case "AnonymousIdentityToken", "UserNameIdentityToken", "X509IdentityToken", "IssuedIdentityToken":
		r.ExtObjPolicyID = str(&body)
	}
	switch r.ExtObjTypeIDStr {
	case "UserNameIdentityToken":
		r.ExtObjUserName, r.ExtObjPassword, r.ExtObjEncryptionAlgorithom = str(&body), str(&body), str(&body)
	case "X509IdentityToken":
		r.ExtObjCertificateData = hexText(raw(&body))
	case "IssuedIdentityToken":
		r.ExtObjTokenData, r.ExtObjEncryptionAlgorithom = hexText(raw(&body)), str(&body)
	}
	r.UserTokenAlgorithm, r.UserTokenSignature = b.str(), b.hex()
	b.row(r)
}

func (b *build) activateResponse() {
	r := &ActivateSession{Part: b.part, OpcuaLinkID: b.link, ServerNonce: hexText(raw(&b.c))}
	r.StatusCodeLinkID, r.ActivateSessionDiagInfoLinkID = b.statuses(sourceActivate), b.diagnostics(sourceActivate)
	b.row(r)
}

func (b *build) closeRequest() {
	b.row(&CloseSession{Part: b.part, OpcuaLinkID: b.link, DelSubscriptions: b.flag()})
}

func (b *build) endpointsRequest() {
	r := &GetEndpoints{Part: b.part, OpcuaLinkID: b.link, EndpointURL: b.str()}
	r.LocaleLinkID = b.linked(func(link string, _ int) {
		b.row(&GetEndpointsLocaleID{Part: b.part, LocaleLinkID: link, LocaleID: b.str()})
	})
	r.ProfileURILinkID = b.linked(func(link string, _ int) {
		b.row(&GetEndpointsProfileURI{Part: b.part, ProfileURILinkID: link, ProfileURI: b.str()})
	})
	b.row(r)
}

func (b *build) endpointsResponse() {
	r := &GetEndpoints{Part: b.part, OpcuaLinkID: b.link}
	r.EndpointDescriptionLinkID = b.linked(func(link string, _ int) {
		e := b.endpoint()
		d := &GetEndpointsDescription{
			Part: b.part, EndpointDescriptionLinkID: link, EndpointURI: e.url, ApplicationURI: e.app.uri, ProductURI: e.app.product,
			EncodingMask: some(e.app.name.mask), Locale: e.app.name.locale, Text: e.app.name.text, ApplicationType: e.app.kind,
			GatewayServerURI: e.app.gateway, DiscoveryProfileURI: e.app.profile, CertSize: e.certSize, ServerCert: e.cert,
			MessageSecurityMode: e.mode, SecurityPolicyURI: e.policy, TransportProfileURI: e.transport, SecurityLevel: e.level,
		}
		if len(e.app.urls) > 0 {
			d.DiscoveryProfileLinkID = b.p.links.Next()
		}
		for _, u := range e.app.urls {
			b.row(&GetEndpointsDiscovery{Part: b.part, DiscoveryProfileLinkID: d.DiscoveryProfileLinkID, DiscoveryProfileURL: u})
		}
		if len(e.tokens) > 0 {
			d.UserTokenLinkID = b.p.links.Next()
		}
		for _, t := range e.tokens {
			b.row(&GetEndpointsUserToken{
				Part: b.part, UserTokenLinkID: d.UserTokenLinkID, UserTokenPolicyID: t.policy, UserTokenType: t.kind,
				UserTokenIssuedType: t.issued, UserTokenEndpointURL: t.url, UserTokenSecPolicyURI: t.security,
			})
		}
		b.row(d)
	})
	b.row(r)
}

// application is an ApplicationDescription (OPC 10000-4, 7.2).
type application struct {
	uri, product     string
	name             text
	kind             record.Opt[uint64]
	gateway, profile string
	urls             []string
}

func (b *build) application() application {
	a := application{uri: b.str(), product: b.str(), name: b.localized(), kind: b.u32(), gateway: b.str(), profile: b.str()}
	b.list(func(int) { a.urls = append(a.urls, b.str()) })
	return a
}

// certificate reads a certificate, that may be missing.
func (b *build) certificate() (size record.Opt[uint64], start string) {
	if v := raw(&b.c); len(v) > 0 {
		return some(len(v)), hexText(v)
	}
	return size, ""
}

// endpoint is an EndpointDescription (7.14).
type endpoint struct {
	url       string
	app       application
	certSize  record.Opt[uint64]
	cert      string
	mode      record.Opt[uint64]
	policy    string
	tokens    []token
	transport string
	level     record.Opt[uint64]
}

// token is a UserTokenPolicy (7.41).
type token struct {
	policy                string
	kind                  record.Opt[uint64]
	issued, url, security string
}

func (b *build) endpoint() endpoint {
	e := endpoint{url: b.str(), app: b.application()}
	e.certSize, e.cert = b.certificate()
	e.mode, e.policy = b.u32(), b.str()
	b.list(func(int) {
		e.tokens = append(e.tokens, token{policy: b.str(), kind: b.u32(), issued: b.str(), url: b.str(), security: b.str()})
	})
	e.transport, e.level = b.str(), b.u8()
	return e
}
