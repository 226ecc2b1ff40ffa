package block

import (
	"slices"
	"strings"

	"longwatch/internal/record"
)

// protocol is an industrial protocol as people call it.
type protocol struct {
	name   string
	safety bool // of safety systems
}

// services are industrial protocols as the service of a connection or the name
// of a record begins, ours and those of other sensors.
var services = []struct {
	prefix string
	protocol
}{
	{"modbus", protocol{"Modbus", false}}, {"dnp3", protocol{"DNP3", false}}, {"s7comm", protocol{"S7", false}}, {"enip", protocol{"EtherNet/IP", false}}, {"cip", protocol{"EtherNet/IP", false}},
	{"bacnet", protocol{"BACnet", false}}, {"opcua", protocol{"OPC UA", false}}, {"iec104", protocol{"IEC 60870-5-104", false}}, {"mms", protocol{"MMS", false}}, {"ads", protocol{"ADS", false}},
	{"fox", protocol{"Niagara Fox", false}}, {"hart", protocol{"HART-IP", false}}, {"fins", protocol{"FINS", false}}, {"profinet", protocol{"PROFINET", false}}, {"ethercat", protocol{"EtherCAT", false}},
	{"genisys", protocol{"Genisys", false}}, {"roc_plus", protocol{"ROC Plus", false}}, {"synchrophasor", protocol{"Synchrophasor", false}}, {"tristation", protocol{"TriStation", true}}, {"goose", protocol{"GOOSE", false}},
}

// ports are those of industrial protocols: where the content did not name the
// protocol, the port of the responder does (IANA, Service Name and Transport
// Protocol Port Number Registry; those that IANA does not list as the vendors'
// manuals have them).
var ports = map[Service]protocol{
	{"tcp", 502}: {"Modbus", false}, {"tcp", 802}: {"Modbus", false}, {"tcp", 20000}: {"DNP3", false}, {"udp", 20000}: {"DNP3", false}, {"tcp", 19999}: {"DNP3", false}, {"tcp", 102}: {"S7 or MMS", false}, {"tcp", 3782}: {"MMS", false},
	{"tcp", 44818}: {"EtherNet/IP", false}, {"udp", 44818}: {"EtherNet/IP", false}, {"udp", 2222}: {"EtherNet/IP", false}, {"tcp", 2221}: {"EtherNet/IP", false},
	{"udp", 47808}: {"BACnet", false}, {"tcp", 4840}: {"OPC UA", false}, {"tcp", 4843}: {"OPC UA", false}, {"tcp", 2404}: {"IEC 60870-5-104", false}, {"tcp", 19998}: {"IEC 60870-5-104", false},
	{"udp", 34962}: {"PROFINET", false}, {"udp", 34963}: {"PROFINET", false}, {"udp", 34964}: {"PROFINET", false}, {"tcp", 34964}: {"PROFINET", false}, {"udp", 34980}: {"EtherCAT", false},
	{"tcp", 48898}: {"ADS", false}, {"udp", 48899}: {"ADS", false}, {"tcp", 1911}: {"Niagara Fox", false}, {"tcp", 4911}: {"Niagara Fox", false}, {"tcp", 5094}: {"HART-IP", false}, {"udp", 5094}: {"HART-IP", false},
	{"tcp", 9600}: {"FINS", false}, {"udp", 9600}: {"FINS", false}, {"tcp", 18245}: {"GE SRTP", false}, {"tcp", 18246}: {"GE SRTP", false}, {"tcp", 5006}: {"MELSEC", false}, {"udp", 5006}: {"MELSEC", false}, {"tcp", 5007}: {"MELSEC", false},
	{"tcp", 1089}: {"Foundation Fieldbus", false}, {"udp", 1089}: {"Foundation Fieldbus", false}, {"tcp", 1090}: {"Foundation Fieldbus", false}, {"tcp", 1091}: {"Foundation Fieldbus", false},
	{"tcp", 4712}: {"Synchrophasor", false}, {"udp", 4713}: {"Synchrophasor", false}, {"tcp", 20547}: {"ProConOS", false}, {"tcp", 1962}: {"PC Worx", false}, {"tcp", 2455}: {"CODESYS", false}, {"tcp", 11740}: {"CODESYS", false},
	{"udp", 1502}: {"TriStation", true}, {"udp", 6010}: {"SafeEthernet", true}, {"tcp", 10307}: {"Genisys", false},
}

// speaks names the industrial protocol of a service, by its content or else by
// its port.
func speaks(service string, at Service) (p protocol, ok bool) {
	for s := range strings.SplitSeq(service, ",") {
		for i := range services {
			if strings.HasPrefix(s, services[i].prefix) {
				return services[i].protocol, true
			}
		}
	}
	if service != "" && service != "-" {
		return protocol{}, false
	}
	p, ok = ports[at]
	return p, ok
}

// safetyWords are parts of names by which people call safety systems.
var safetyWords = []string{"sis", "safety", "esd", "triconex", "tricon", "himax", "trusted", "f-cpu", "fgs", "hipps", "bms"}

// safe tells whether the name of a host says that it belongs to a safety system.
func safe(host string) bool {
	words := strings.FieldsFunc(strings.ToLower(host), func(r rune) bool { return (r < 'a' || r > 'z') && r != '-' })
	for _, w := range words {
		for part := range strings.SplitSeq(w, "-") {
			if slices.Contains(safetyWords, part) {
				return true
			}
		}
	}
	return false
}

// operation takes what an industrial record does out of it.
type operation struct {
	protocol
	kind, orig, resp, port *record.Field
	what                   []*record.Field
}

// operationFields are names of fields that say what is asked for, over all
// industrial protocols.
var operationFields = []string{"func", "umas", "fc_request", "function_name", "subfunction_name", "cip_service", "class_name", "pdu_service", "req_identifier_str", "type_name", "service", "command", "operation"}

// operationOf reads records of an industrial protocol; ok is false for others.
func operationOf(t *record.Type) (o *operation, ok bool) {
	access, ok := t.Field("access")
	if !ok {
		return nil, false
	}
	o = &operation{kind: access}
	for i := range services {
		if strings.HasPrefix(t.Name, services[i].prefix) {
			o.protocol = services[i].protocol
		}
	}
	if o.name == "" {
		return nil, false
	}
	var ok1, ok2, ok3 bool
	o.orig, ok1 = t.Field("id.orig_h")
	o.resp, ok2 = t.Field("id.resp_h")
	o.port, ok3 = t.Field("id.resp_p")
	for _, name := range operationFields {
		if f, ok := t.Field(name); ok {
			o.what = append(o.what, f)
		}
	}
	return o, ok1 && ok2 && ok3
}

// fields are those that operations are read from.
func (o *operation) fields() []*record.Field {
	return append([]*record.Field{o.kind, o.orig, o.resp, o.port}, o.what...)
}
