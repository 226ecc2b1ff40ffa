package opcua

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"longwatch/internal/record/ot"
)

//go:embed names.txt
var namesText string

// tables are the names of names.txt by number.
type tables struct{ status, service, structure map[uint64]string }

var names = sync.OnceValue(func() *tables {
	t := &tables{map[uint64]string{}, map[uint64]string{}, map[uint64]string{}}
	for line := range strings.Lines(namesText) {
		f := strings.Fields(line)
		if len(f) != 3 {
			continue
		}
		table, base := t.service, 10
		switch f[0] {
		case "s":
			table, base = t.status, 16
		case "x":
			table = t.structure
		}
		if n, err := strconv.ParseUint(f[1], base, 32); err == nil {
			table[n] = f[2]
		}
	}
	return t
})

// serviceName names a message by its id; empty when it is none.
func serviceName(id uint64) string { return names().service[id] }

// structureName names a structure by the id of its binary encoding.
func structureName(id uint64) string { return names().structure[id] }

// statusName names a status code by its upper half.
func statusName(code uint32) string { return names().status[uint64(code)] }

var builtIn = [...]string{
	"Null", "Boolean", "SByte", "Byte", "Int16", "Uint16", "Int32", "Uint32", "Int64", "Uint64", "Float", "Double", "String",
	"DateTime", "Guid", "ByteString", "XmlElement", "NodeId", "ExpandedNodeId", "StatusCode", "QualifiedName",
	"LocalizedText", "ExtensionObject", "DataValue", "Variant", "DiagnosticInfo",
}

// typeName names a built-in type (OPC 10000-6, 5.1.2).
func typeName(kind uint8) string {
	if int(kind) < len(builtIn) {
		return builtIn[kind]
	}
	return ""
}

var attributes = [...]string{
	"Unknown", "NodeId", "NodeClass", "BrowseName", "DisplayName", "Description", "WriteMask", "UserWriteMask", "IsAbstract",
	"Symmetric", "InverseName", "ContainsNoLoops", "EventNotifier", "Value", "DataType", "ValueRank", "ArrayDimensions",
	"AccessLevel", "UserAccessLevel", "MinimumSamplingInterval", "Historizing", "Executable", "UserExecutable",
	"DataTypeDefinition", "RolePermissions", "UserRolePermissions", "AccessRestrictions", "AccessLevelEx",
}

// attributeName names an attribute (OPC 10000-6, A.1).
func attributeName(id uint64) string {
	if id < uint64(len(attributes)) {
		return attributes[id]
	}
	return ""
}

var nodeClasses = map[uint32]string{
	0: "All", 1: "ObjectNodeClass", 2: "VariableNodeClass", 4: "MethodNodeClass", 8: "ObjectTypeNodeClass",
	16: "VariableTypeNodeClass", 32: "ReferenceTypeNodeClass", 64: "DataTypeNodeClass", 128: "ViewNodeClass",
}

// timestampsToReturn names which times a reader wants.
func timestampsToReturn(v uint64) string {
	if v < 4 {
		return [...]string{"Source", "Server", "Both", "Neither"}[v]
	}
	return ""
}

// accesses tell what services do, by name without Request and Response.
var accesses = map[string]string{
	"FindServers": ot.Read, "FindServersOnNetwork": ot.Read, "GetEndpoints": ot.Read, "Browse": ot.Read, "BrowseNext": ot.Read,
	"TranslateBrowsePathsToNodeIds": ot.Read, "QueryFirst": ot.Read, "QueryNext": ot.Read, "Read": ot.Read, "HistoryRead": ot.Read,
	"CreateMonitoredItems": ot.Read, "ModifyMonitoredItems": ot.Read, "SetMonitoringMode": ot.Read, "SetTriggering": ot.Read,
	"DeleteMonitoredItems": ot.Read, "CreateSubscription": ot.Read, "ModifySubscription": ot.Read, "SetPublishingMode": ot.Read,
	"Publish": ot.Read, "Republish": ot.Read, "TransferSubscriptions": ot.Read, "DeleteSubscriptions": ot.Read,
	"Write": ot.Write, "HistoryUpdate": ot.Write, "Call": ot.Control,
	"AddNodes": ot.Config, "AddReferences": ot.Config, "DeleteNodes": ot.Config, "DeleteReferences": ot.Config,
	"RegisterServer": ot.Config, "RegisterServer2": ot.Config,
}

// accessOf tells what a message does.
func accessOf(service string) string {
	service = strings.TrimSuffix(strings.TrimSuffix(service, "Request"), "Response")
	if a := accesses[service]; a != "" {
		return a
	}
	return ot.Other
}
