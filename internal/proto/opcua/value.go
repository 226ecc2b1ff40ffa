package opcua

import (
	"fmt"
	"math"

	"longwatch/internal/record"
)

// Places of status codes and diagnostics. The ones of a diagnostic's inner
// parts follow.
const (
	sourceHead     = 0
	sourceBrowse   = 2
	sourceActivate = 4
	sourceRead     = 6
	sourceItems    = 8
	sourceVariant  = 16
	sourceWrite    = 18
)

var sourceNames = map[int]string{
	sourceHead: "ResponseHeader", sourceBrowse: "Browse", sourceActivate: "ActivateSession", sourceRead: "Read",
	sourceItems: "CreateMonitoredItems", sourceVariant: "Variant", sourceWrite: "Write",
}

var (
	severities = [4]string{"Severity_Good", "Severity_Uncertain", "Severity_Bad", "Reserved"}
	infoTypes  = [4]string{"InfoType_NotUsed", "InfoType_DataValue", "Reserved", "Reserved"}
	limits     = [4]string{"LimitBits_None", "LimitBits_Low", "LimitBits_High", "LimitBits_Constant"}
	historians = [4]string{"HistorianBits_Raw", "HistorianBits_Calculated", "HistorianBits_Interpolated", "Reserved"}
)

// status makes the row of a status code (OPC 10000-4, 7.39).
func (b *build) status(link string, source int, code uint32, level int) {
	name := sourceNames[source&^1]
	if source&1 != 0 {
		name += "_DiagInfo"
	}
	bit := func(n uint) bool { return code>>n&1 != 0 }
	r := &StatusCodeDetail{
		Part: b.part, StatusCodeLinkID: link, Source: some(source), SourceStr: name, SourceLevel: some(level),
		StatusCode: fmt.Sprintf("0x%08x", code), Severity: some(code >> 30), SeverityStr: severities[code>>30],
		SubCode: some(code >> 16 & 0xff), SubCodeStr: statusName(code >> 16),
		StructureChanged: record.Some(bit(15)), SemanticsChanged: record.Some(bit(14)),
		InfoType: some(code >> 10 & 3), InfoTypeStr: infoTypes[code>>10&3],
	}
	if r.InfoType.V != 0 {
		r.LimitBits, r.LimitBitsStr, r.Overflow = some(code>>8&3), limits[code>>8&3], record.Some(bit(7))
		r.HistorianBits, r.HistorianBitsStr = some(code&3), historians[code&3]
		r.HistorianPartial, r.HistorianExtraData, r.HistorianMultiValue = record.Some(bit(2)), record.Some(bit(3)), record.Some(bit(4))
	}
	b.row(r)
}

// statuses makes the rows of a list of status codes.
func (b *build) statuses(source int) string {
	return b.linked(func(link string, _ int) { b.status(link, source, b.c.L32(), 0) })
}

// diagnostics makes the rows of a list of diagnostics.
func (b *build) diagnostics(source int) string {
	return b.linked(func(link string, _ int) { b.diagnostic(link, source) })
}

// diagnostic reads a DiagnosticInfo (OPC 10000-6, 5.2.2.12) with those inside
// it. Without any field it makes no row.
func (b *build) diagnostic(link string, source int) {
	root := ""
	for level := 0; ; level++ {
		mask := b.c.U8()
		if mask == 0 && level == 0 || !b.c.OK() {
			return
		}
		if level == maxDepth {
			b.fail()
			return
		}
		if root == "" {
			root = b.p.links.Next()
		}
		name := sourceNames[source&^1]
		if level > 0 {
			source |= 1
			name += "_InnerDiagInfo"
		} else {
			name += "_DiagInfo"
		}
		r := &DiagnosticInfoDetail{Part: b.part, DiagInfoLinkID: link, RootObjectID: root, Source: some(source), SourceStr: name, InnerDiagLevel: some(level)}
		has := func(n uint) bool { return mask>>n&1 != 0 }
		r.HasSymbolicID, r.HasNamespaceURI = record.Some(has(0)), record.Some(has(1))
		r.HasLocaleTxt, r.HasLocale = record.Some(has(2)), record.Some(has(3))
		r.HasAddlInfo, r.HasInnerStatCode, r.HasInnerDiagInfo = record.Some(has(4)), record.Some(has(5)), record.Some(has(6))
		for n, v := range []*record.Opt[uint64]{&r.SymbolicID, &r.NamespaceURI, &r.LocaleTxt, &r.Locale} {
			if has(uint(n)) { // #nosec G115 -- 0 to 3
				*v = b.u32()
			}
		}
		b.name(r)
		if has(4) {
			r.AddlInfo = b.str()
		}
		if has(5) {
			code := b.c.L32()
			r.InnerStatCode = fmt.Sprintf("0x%08x", code)
			b.status(link, source|1, code, level)
		}
		b.row(r)
		if !has(6) {
			return
		}
	}
}

// name looks the texts of a diagnostic up in the message's string table.
func (b *build) name(r *DiagnosticInfoDetail) {
	for _, f := range []struct {
		i record.Opt[uint64]
		s *string
	}{{r.SymbolicID, &r.SymbolicIDStr}, {r.NamespaceURI, &r.NamespaceURIStr}, {r.LocaleTxt, &r.LocaleTxtStr}, {r.Locale, &r.LocaleStr}} {
		if f.i.Set && f.i.V < uint64(len(b.table)) {
			*f.s = b.table[f.i.V]
		}
	}
}

// Places of values.
const (
	valueRead  = 0
	valueInner = 1
	valueWrite = 4
)

var valueSources = map[int]string{valueRead: "Read_Variant", valueInner: "Read_InnerVariant", valueWrite: "Write_Variant"}

// dataValue is a DataValue (5.2.2.17) but for the value proper, which makes
// rows of its own.
type dataValue struct {
	mask             string
	status, value    string // link ids
	source, server   record.Opt[record.Time]
	sourcePS, servPS record.Opt[uint64]
}

func (b *build) dataValue(statusSource, valueSource int) (v dataValue) {
	mask := b.c.U8()
	v.mask = hex8(mask)
	if mask&0x01 != 0 {
		v.value = b.p.links.Next()
		b.variant(v.value, valueSource)
	}
	if mask&0x02 != 0 {
		v.status = b.p.links.Next()
		b.status(v.status, statusSource, b.c.L32(), 0)
	}
	if mask&0x04 != 0 {
		v.source = b.when()
	}
	if mask&0x10 != 0 {
		v.sourcePS = some(b.c.L16())
	}
	if mask&0x08 != 0 {
		v.server = b.when()
	}
	if mask&0x20 != 0 {
		v.servPS = some(b.c.L16())
	}
	return v
}

// variant makes the rows of a Variant (5.2.2.16).
func (b *build) variant(link string, source int) {
	if b.depth++; b.depth > maxDepth {
		b.fail()
	}
	defer func() { b.depth-- }()
	mask := b.c.U8()
	if !b.c.OK() {
		return
	}
	kind := mask & 0x3f
	meta := &VariantMetadata{
		Part: b.part, VariantSourceDataLinkID: link, VariantDataSource: some(source), VariantDataSourceStr: valueSources[source],
		DaraVariantEncodingMask: hex8(mask), DataVariantDataType: some(0), DataVariantDataTypeStr: "Value",
		BuiltInDataType: some(kind), BuiltInDataTypeStr: typeName(kind), VariantDataLinkID: b.p.links.Next(),
	}
	b.row(meta)
	if mask&0x80 == 0 {
		b.element(meta.VariantDataLinkID, kind, source)
		return
	}
	meta.DataVariantDataType, meta.DataVariantDataTypeStr = some(1), "Array"
	n := 0
	b.list(func(i int) {
		n = i + 1
		b.element(meta.VariantDataLinkID, kind, source)
		if kind == 0 {
			b.fail() // elements of no type take no bytes
		}
	})
	meta.VariantDataArrayDim = some(n)
	if mask&0x40 == 0 {
		return
	}
	meta.DataVariantDataType, meta.DataVariantDataTypeStr = some(2), "MultiDimArray"
	n = 0
	meta.VariantDataArrayMultiDimLinkID = b.linked(func(link string, i int) {
		n = i + 1
		b.row(&VariantArrayDims{Part: b.part, ArrayDimLinkID: link, Dimension: b.u32()})
	})
	meta.VariantDataArrayDim = some(n)
}

// element makes the row of one value.
func (b *build) element(link string, kind uint8, source int) {
	r := &VariantData{Part: b.part, VariantDataLinkID: link}
	signed := func(v int64) { r.VariantDataValueSignedNumeric = record.Some(v) }
	c := &b.c
	switch kind { // #nosec G115 -- signed in the protocol
	case 0:
	case 1, 3:
		r.VariantDataValueUnsignedNumeric = b.u8()
	case 2:
		signed(int64(int8(c.U8()))) // #nosec G115
	case 4:
		signed(int64(int16(c.L16()))) // #nosec G115
	case 5:
		r.VariantDataValueUnsignedNumeric = some(c.L16())
	case 6:
		signed(int64(int32(c.L32()))) // #nosec G115
	case 7:
		r.VariantDataValueUnsignedNumeric = b.u32()
	case 8:
		signed(int64(c.L64())) // #nosec G115
	case 9:
		r.VariantDataValueUnsignedNumeric = some(c.L64())
	case 10:
		r.VariantDataValueDecimal = finite(float64(math.Float32frombits(c.L32())))
	case 11:
		r.VariantDataValueDecimal = finite(b.double())
	case 12, 16:
		r.VariantDataValueString = b.str()
	case 13:
		r.VariantDataValueTime = b.when()
	case 14:
		r.VariantDataValueString = b.guid()
	case 17, 18:
		n := b.expanded()
		n.into(&r.VariantDataNodeIDEncodingMask, &r.VariantDataNodeIDNamespaceIdx, &r.VariantDataNodeIDNumeric,
			&r.VariantDataNodeIDString, &r.VariantDataNodeIDGUID, &r.VariantDataNodeIDOpaque)
		r.VariantDataNodeIDNamespaceURI, r.VariantDataNodeIDServerIdx = n.uri, n.server
	case 19:
		r.VariantDataStatusCodeLinkID = b.p.links.Next()
		b.status(r.VariantDataStatusCodeLinkID, sourceVariant, c.L32(), 0)
	case 20:
		r.VariantDataEncodingNameIdx, r.VariantDataEncodingName = some(c.L16()), b.str()
	case 21:
		t := b.localized()
		r.VariantDataMask, r.VariantDataLocale, r.VariantDataText = hex8(t.mask), t.locale, t.text
	case 22:
		b.extension(r)
	case 23:
		r.VariantDataValueLinkID = b.p.links.Next()
		v := b.dataValue(sourceVariant, valueInner)
		b.row(&VariantDataValue{
			Part: b.part, VariantDataValueSourceLink: r.VariantDataValueLinkID, DataValueEncodingMask: v.mask, StatusCodeLinkID: v.status,
			SourceTimestamp: v.source, SourcePicoSec: v.sourcePS, ServerTimestamp: v.server, ServerPicoSec: v.servPS, VariantMetadataLinkID: v.value,
		})
	case 24:
		r.VariantMetadataDataLinkID = b.p.links.Next()
		b.variant(r.VariantMetadataDataLinkID, valueInner)
	case 25:
		r.VariantDataDiagInfoLinkID = b.p.links.Next()
		b.diagnostic(r.VariantDataDiagInfoLinkID, sourceVariant)
	default: // ByteString, and what is not assigned: a ByteString too
		r.VariantDataValueString = b.hex()
	}
	b.row(r)
}

func (b *build) extension(r *VariantData) {
	n, encoding, _ := b.object()
	x := &VariantExtensionObject{Part: b.part, ExtObjLinkID: b.p.links.Next(), ExtObjTypeIDStr: n.objectName(), ExtObjEncoding: hex8(encoding)}
	n.into(&x.ExtObjNodeIDEncodingMask, &x.ExtObjNodeIDNamespaceIdx, &x.ExtObjNodeIDNumeric, &x.ExtObjNodeIDString, &x.ExtObjNodeIDGUID, &x.ExtObjNodeIDOpaque)
	r.VariantDataExtObjLinkID = x.ExtObjLinkID
	b.row(x)
}

// finite leaves out what JSON cannot say.
func finite(v float64) record.Opt[float64] {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return record.Opt[float64]{}
	}
	return record.Some(v)
}
