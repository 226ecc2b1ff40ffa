// Package eve reads Suricata's EVE JSON log
// (https://docs.suricata.io/en/latest/output/eve/eve-json-format.html). Flows,
// DNS, HTTP, TLS and file events become the records that the packets would
// have given, as far as EVE holds them; alerts become an alert record.
package eve

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"strings"
	"time"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/textline"
)

// Format is EVE logs.
var Format = evidence.Format{
	Name: "eve", Sniff: sniff,
	New:   func(f *evidence.File, env *evidence.Env) evidence.Reader { return &reader{f: f, types: env.Types} },
	Emits: []*record.Type{AlertType, network.ConnType, network.FileType},
}

func sniff(_ string, head []byte) evidence.Match {
	lines := textline.Head(head)
	if len(lines) > 0 && bytes.HasPrefix(bytes.TrimSpace(lines[0]), []byte("{")) &&
		bytes.Contains(lines[0], []byte(`"event_type":`)) && bytes.Contains(lines[0], []byte(`"timestamp":`)) {
		return evidence.Sure
	}
	return evidence.None
}

// Alert is a signature of Suricata that fired. Specification: Suricata, EVE
// JSON output.
type Alert struct {
	record.Conn
	Proto     string `rec:"proto,enum" ecs:"network.transport"` // tcp, udp or icmp
	SID       uint64 `rec:"signature_id" ecs:"rule.id"`         // number of the rule
	Signature string `rec:"signature" ecs:"rule.name"`          // what the rule says
	Category  string `rec:"category" ecs:"rule.category"`       // class of the rule
	Severity  uint8  `rec:"severity"`                           // 1 is worst
	Action    string `rec:"action" ecs:"event.action"`          // allowed or blocked
}

// AlertType is the schema of Alert.
var AlertType = record.Of[Alert]("suricata_alert")

// RecordType returns AlertType.
func (*Alert) RecordType() *record.Type { return AlertType }

// event is what is read of an EVE line; the rest is passed over.
type event struct {
	Timestamp string          `json:"timestamp"`
	FlowID    json.Number     `json:"flow_id"`
	Type      string          `json:"event_type"`
	SrcIP     string          `json:"src_ip"`
	SrcPort   uint16          `json:"src_port"`
	DestIP    string          `json:"dest_ip"`
	DestPort  uint16          `json:"dest_port"`
	Proto     string          `json:"proto"`
	AppProto  string          `json:"app_proto"`
	Alert     json.RawMessage `json:"alert"`
	Flow      json.RawMessage `json:"flow"`
	DNS       json.RawMessage `json:"dns"`
	HTTP      json.RawMessage `json:"http"`
	TLS       json.RawMessage `json:"tls"`
	FileInfo  json.RawMessage `json:"fileinfo"`
}

type reader struct {
	f     *evidence.File
	types map[string]*record.Type
}

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	sink := out.Lane()
	return textline.Each(ctx, r.f, out, func(lines *textline.Reader) {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			lines.Bad("eve-json", err.Error())
			return
		}
		head := e.head()
		if head.TS == 0 {
			lines.Bad("eve-time", "no timestamp")
			return
		}
		head.Ref = lines.Ref()
		rec, err := r.record(&e, head)
		switch {
		case err != nil:
			lines.Bad("eve-event", err.Error())
		case rec != nil:
			sink.Put(rec)
		}
	})
}

// head is the connection; the flow id stands for Zeek's uid.
func (e *event) head() record.Conn {
	var c record.Conn
	for _, layout := range []string{"2006-01-02T15:04:05.999999-0700", time.RFC3339Nano} {
		if t, err := time.Parse(layout, e.Timestamp); err == nil {
			c.TS = record.TimeOf(t)
			break
		}
	}
	if e.FlowID != "" {
		c.UID = "E" + e.FlowID.String()
	}
	c.OrigH, _ = netip.ParseAddr(e.SrcIP)
	c.RespH, _ = netip.ParseAddr(e.DestIP)
	c.OrigP, c.RespP = e.SrcPort, e.DestPort
	return c
}

// record makes the record of one event, or nil for kinds that are not read.
func (r *reader) record(e *event, head record.Conn) (record.Record, error) {
	switch e.Type {
	case "alert":
		return e.alert(head)
	case "flow":
		return e.flow(head)
	case "dns":
		return e.query(r.types["dns"], head)
	case "http":
		return fill(r.types["http"], head, e.HTTP, httpNames)
	case "tls":
		return fill(r.types["ssl"], head, e.TLS, tlsNames)
	case "fileinfo":
		return fill(r.types["files"], head, e.FileInfo, fileNames)
	}
	return nil, nil //nolint:nilnil // neither a record nor a mistake: an event kind that is not used
}

func (e *event) alert(head record.Conn) (record.Record, error) {
	var a struct {
		SID       uint64 `json:"signature_id"`
		Signature string `json:"signature"`
		Category  string `json:"category"`
		Severity  uint8  `json:"severity"`
		Action    string `json:"action"`
	}
	if err := json.Unmarshal(e.Alert, &a); err != nil {
		return nil, err
	}
	return &Alert{Conn: head, Proto: strings.ToLower(e.Proto), SID: a.SID, Signature: a.Signature, Category: a.Category, Severity: a.Severity, Action: a.Action}, nil
}

func (e *event) flow(head record.Conn) (record.Record, error) {
	var f struct {
		PktsTo  uint64 `json:"pkts_toserver"`
		PktsFro uint64 `json:"pkts_toclient"`
		Bytes   uint64 `json:"bytes_toserver"`
		BytesFr uint64 `json:"bytes_toclient"`
		Start   string `json:"start"`
		End     string `json:"end"`
		State   string `json:"state"`
	}
	if err := json.Unmarshal(e.Flow, &f); err != nil {
		return nil, err
	}
	start, err := time.Parse("2006-01-02T15:04:05.999999-0700", f.Start)
	if err == nil {
		head.TS = record.TimeOf(start)
	}
	c := &network.Conn{
		Conn: head, Proto: strings.ToLower(e.Proto), OrigPkts: record.Some(f.PktsTo), RespPkts: record.Some(f.PktsFro),
		OrigIPBytes: record.Some(f.Bytes), RespIPBytes: record.Some(f.BytesFr), State: "OTH",
	}
	if e.AppProto != "failed" {
		c.Service = services[e.AppProto]
		if c.Service == "" {
			c.Service = e.AppProto
		}
	}
	if end, err := time.Parse("2006-01-02T15:04:05.999999-0700", f.End); err == nil && c.TS != 0 {
		c.Duration = record.Some(record.TimeOf(end).Sub(c.TS))
	}
	switch {
	case f.PktsFro == 0:
		c.State = "S0"
	case f.State == "established":
		c.State = "S1"
	case f.State == "closed":
		c.State = "SF"
	}
	return c, nil
}

// services are Suricata's protocol names that Zeek spells otherwise.
var services = map[string]string{"tls": "ssl", "dcerpc": "dce_rpc", "krb5": "krb"}
