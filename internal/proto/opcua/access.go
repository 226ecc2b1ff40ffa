package opcua

func (b *build) browseRequest() {
	r := &Browse{Part: b.part, OpcuaLinkID: b.link, BrowseServiceType: b.m.ReqIdentifierStr}
	n := b.nodeID()
	n.into(&r.BrowseViewIDEncodingMask, &r.BrowseViewIDNamespaceIdx, &r.BrowseViewIDNumeric, &r.BrowseViewIDString, &r.BrowseViewIDGUID, &r.BrowseViewIDOpaque)
	r.BrowseViewDescriptionTimestamp, r.BrowseViewDescriptionViewVersion = b.when(), b.u32()
	r.BrowseViewDescriptionTimestamp.Set = true // without a time it is zero
	r.ReqMaxRefNodes = b.u32()
	r.BrowseDescriptionLinkID = b.linked(func(link string, _ int) {
		d := &BrowseDescription{Part: b.part, BrowseDescriptionLinkID: link}
		n := b.nodeID()
		n.into(&d.BrowseDescriptionEncodingMask, &d.BrowseDescriptionNamespaceIdx, &d.BrowseDescriptionNumeric, &d.BrowseDescriptionString, &d.BrowseDescriptionGUID, &d.BrowseDescriptionOpaque)
		if v := b.c.L32(); v < 3 {
			d.BrowseDirection = [...]string{"FWD", "INVERSE", "BOTH"}[v]
		}
		n = b.nodeID()
		n.into(&d.BrowseDescriptionRefEncodingMask, &d.BrowseDescriptionRefNamespaceIdx, &d.BrowseDescriptionRefNumeric, &d.BrowseDescriptionRefString, &d.BrowseDescriptionRefGUID, &d.BrowseDescriptionRefOpaque)
		d.BrowseDescriptionIncludeSubtypes = b.flag()
		d.BrowseNodeClassMask, d.BrowseResultMask = nodeClassText(b.c.L32()), hex32(b.c.L32())
		b.row(d)
	})
	b.row(r)
}

func (b *build) browseNextRequest() {
	r := &Browse{Part: b.part, OpcuaLinkID: b.link, BrowseServiceType: b.m.ReqIdentifierStr, BrowseNextReleaseContinuationPoint: b.flag()}
	r.BrowseNextLinkID = b.linked(func(link string, _ int) {
		b.row(&BrowseRequestContinuationPoint{Part: b.part, BrowseNextLinkID: link, ContinuationPoint: hexText(raw(&b.c))})
	})
	b.row(r)
}

func (b *build) browseResponse() {
	r := &Browse{Part: b.part, OpcuaLinkID: b.link, BrowseServiceType: b.m.ResIdentifierStr}
	r.BrowseResponseLinkID = b.linked(func(link string, _ int) {
		x := &BrowseResult{Part: b.part, BrowseResponseLinkID: link, StatusCodeLinkID: b.p.links.Next()}
		b.status(x.StatusCodeLinkID, sourceBrowse, b.c.L32(), 0)
		x.BrowseResultContinuationPoint = b.hex()
		x.BrowseReferenceLinkID = b.linked(func(link string, _ int) { b.reference(link) })
		b.row(x)
	})
	r.BrowseDiagInfoLinkID = b.diagnostics(sourceBrowse)
	b.row(r)
}

// reference makes the row of a ReferenceDescription (OPC 10000-4, 7.29).
func (b *build) reference(link string) {
	r := &BrowseReference{Part: b.part, BrowseReferenceLinkID: link}
	n := b.nodeID()
	n.into(&r.BrowseResponseRefEncodingMask, &r.BrowseResponseRefNamespaceIdx, &r.BrowseResponseRefNumeric, &r.BrowseResponseRefString, &r.BrowseResponseRefGUID, &r.BrowseResponseRefOpaque)
	r.BrowseResponseIsForward = b.flag()
	n = b.expanded()
	n.into(&r.BrowseResponseRefTypeEncodingMask, &r.BrowseResponseRefTypeNamespaceIdx, &r.BrowseResponseRefTypeNumeric, &r.BrowseResponseRefTypeString, &r.BrowseResponseRefTypeGUID, &r.BrowseResponseRefTypeOpaque)
	r.BrowseResponseRefTypeNamespaceURI, r.BrowseResponseRefTypeServerIdx = n.uri, n.server
	if ns := b.c.L16(); ns != 0 {
		r.BrowseResponseRefNameIdx = some(ns)
	}
	r.BrowseResponseRefName = b.str()
	t := b.localized()
	r.BrowseResponseDisplayNameMask, r.BrowseResponseDisplayNameLocale, r.BrowseResponseDisplayNameText = hex8(t.mask), t.locale, t.text
	r.BrowseResponseNodeClass = nodeClassText(b.c.L32())
	n = b.expanded()
	n.into(&r.BrowseResponseTypeDefEncodingMask, &r.BrowseResponseTypeDefNamespaceIdx, &r.BrowseResponseTypeDefNumeric, &r.BrowseResponseTypeDefString, &r.BrowseResponseTypeDefGUID, &r.BrowseResponseTypeDefOpaque)
	r.BrowseResponseTypeDefNamespaceURI, r.BrowseResponseTypeDefServerIdx = n.uri, n.server
	b.row(r)
}

func (b *build) readRequest() {
	r := &Read{Part: b.part, OpcuaLinkID: b.link, MaxAge: b.millis(), TimestampsToReturn: b.u32()}
	r.TimestampsToReturnStr = timestampsToReturn(r.TimestampsToReturn.V)
	r.NodesToReadLinkID = b.linked(func(link string, _ int) {
		x := &ReadNodesToRead{Part: b.part, NodesToReadLinkID: link}
		n := b.nodeID()
		n.into(&x.NodeIDEncodingMask, &x.NodeIDNamespaceIdx, &x.NodeIDNumeric, &x.NodeIDString, &x.NodeIDGUID, &x.NodeIDOpaque)
		x.AttributeID = b.u32()
		x.AttributeIDStr, x.IndexRange = attributeName(x.AttributeID.V), b.str()
		x.DataEncodingNameIdx, x.DataEncodingName = some(b.c.L16()), b.str()
		b.row(x)
	})
	b.row(r)
}

func (b *build) readResponse() {
	r := &Read{Part: b.part, OpcuaLinkID: b.link}
	r.ReadResultsLinkID = b.linked(func(link string, i int) {
		v := b.dataValue(sourceRead, valueRead)
		b.row(&ReadResults{
			Part: b.part, ResultsLinkID: link, Level: some(i), DataValueEncodingMask: v.mask, StatusCodeLinkID: v.status,
			SourceTimestamp: v.source, SourcePicoSec: v.sourcePS, ServerTimestamp: v.server, ServerPicoSec: v.servPS,
			ReadResultsVariantMetadataLinkID: v.value,
		})
	})
	r.DiagInfoLinkID = b.diagnostics(sourceRead)
	b.row(r)
}

func (b *build) writeRequest() {
	b.list(func(int) {
		r := &Write{Part: b.part, OpcuaLinkID: b.link}
		n := b.nodeID()
		n.into(&r.NodeIDEncodingMask, &r.NodeIDNamespaceIdx, &r.NodeIDNumeric, &r.NodeIDString, &r.NodeIDGUID, &r.NodeIDOpaque)
		r.AttributeID = b.u32()
		r.AttributeIDStr, r.IndexRange = attributeName(r.AttributeID.V), b.str()
		v := b.dataValue(sourceWrite, valueWrite)
		r.DataValueEncodingMask, r.ReqStatusCodeLinkID, r.WriteResultsVariantMetadataLinkID = v.mask, v.status, v.value
		r.SourceTimestamp, r.SourcePicoSec, r.ServerTimestamp, r.ServerPicoSec = v.source, v.sourcePS, v.server, v.servPS
		b.row(r)
	})
}

func (b *build) writeResponse() {
	b.row(&Write{Part: b.part, OpcuaLinkID: b.link, ResStatusCodeLinkID: b.statuses(sourceWrite), DiagInfoLinkID: b.diagnostics(sourceWrite)})
}

func (b *build) itemsRequest() {
	r := &CreateMonitoredItems{Part: b.part, OpcuaLinkID: b.link, SubscriptionID: b.u32(), TimestampsToReturn: b.u32()}
	r.TimestampsToReturnStr = timestampsToReturn(r.TimestampsToReturn.V)
	r.CreateItemLinkID = b.linked(func(link string, _ int) {
		x := &CreateMonitoredItemsItem{Part: b.part, CreateItemLinkID: link}
		n := b.nodeID()
		n.into(&x.ItemToMonitorNodeIDEncodingMask, &x.ItemToMonitorNodeIDNamespaceIdx, &x.ItemToMonitorNodeIDNumeric, &x.ItemToMonitorNodeIDString, &x.ItemToMonitorNodeIDGUID, &x.ItemToMonitorNodeIDOpaque)
		x.ItemToMonitorAttributeID, x.ItemToMonitorIndexRange = attributeName(uint64(b.c.L32())), b.str()
		if ns := b.c.L16(); ns != 0 {
			x.ItemToMonitorNamespaceIdx = some(ns)
		}
		x.ItemToMonitorName = b.str()
		if v := b.c.L32(); v < 3 {
			x.MonitoringMode = [...]string{"Disabled", "Sampling", "Reporting"}[v]
		}
		x.MonitoringParametersClientHandle, x.MonitoringParametersSamplingInterval = b.u32(), finite(b.double())
		b.filter(x)
		x.MonitoringParametersQueueSize, x.MonitoringParametersDiscardOldest = b.u32(), b.flag()
		b.row(x)
	})
	b.row(r)
}

func (b *build) itemsResponse() {
	r := &CreateMonitoredItems{Part: b.part, OpcuaLinkID: b.link}
	r.CreateItemLinkID = b.linked(func(link string, _ int) {
		x := &CreateMonitoredItemsItem{Part: b.part, CreateItemLinkID: link, MonitoringParametersStatusCodeLinkID: b.p.links.Next()}
		b.status(x.MonitoringParametersStatusCodeLinkID, sourceItems, b.c.L32(), 0)
		x.MonitoredItemIndexID = b.u32()
		x.MonitoringParametersRevisedSamplingInterval, x.MonitoringParametersRevisedQueueSize = finite(b.double()), b.u32()
		b.filter(x)
		b.row(x)
	})
	r.CreateMonitoredItemsDiagInfoLinkID = b.diagnostics(sourceItems)
	b.row(r)
}

// filter notes the kind of filter of a watched value.
func (b *build) filter(x *CreateMonitoredItemsItem) {
	n, encoding, _ := b.object()
	if n.number.Set && n.number.V == 0 {
		return
	}
	n.into(&x.MonitoringParametersFilterInfoTypeIDNodeIDEncodingMask, &x.MonitoringParametersFilterInfoTypeIDNodeIDNamespaceIdx,
		&x.MonitoringParametersFilterInfoTypeIDNodeIDNumeric, &x.MonitoringParametersFilterInfoTypeIDNodeIDString,
		&x.MonitoringParametersFilterInfoTypeIDNodeIDGUID, &x.MonitoringParametersFilterInfoTypeIDNodeIDOpaque)
	x.MonitoringParametersFilterInfoTypeIDString, x.MonitoringParametersFilterInfoTypeIDEncoding = n.objectName(), hex8(encoding)
}

func (b *build) subscriptionRequest() {
	b.row(&CreateSubscription{
		Part: b.part, OpcuaLinkID: b.link, RequestedPublishingInterval: b.millis(), RequestedLifetimeCount: b.u32(),
		RequestedMaxKeepAliveCount: b.u32(), MaxNotificationsPerPublish: b.u32(), PublishingEnabled: b.flag(), Priority: b.u8(),
	})
}

func (b *build) subscriptionResponse() {
	b.row(&CreateSubscription{
		Part: b.part, OpcuaLinkID: b.link, SubscriptionID: b.u32(), RevisedPublishingInterval: b.millis(),
		RevisedLifetimeCount: b.u32(), RevisedMaxKeepAliveCount: b.u32(),
	})
}

func hex32(v uint32) string {
	const digits = "0123456789abcdef"
	out := []byte("0x00000000")
	for i := len(out) - 1; i > 1; i, v = i-1, v>>4 {
		out[i] = digits[v&15]
	}
	return string(out)
}

// nodeClassText names one class, or gives the mask of several.
func nodeClassText(v uint32) string {
	if name, ok := nodeClasses[v]; ok {
		return name
	}
	return hex32(v)
}
