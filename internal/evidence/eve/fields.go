package eve

import (
	"encoding/json"
	"strconv"
	"strings"

	"longwatch/internal/record"
)

// name pairs an EVE field, dotted where it is nested, with the record's field.
type name struct{ eve, rec string }

var httpNames = []name{
	{"hostname", "host"}, {"url", "uri"}, {"http_user_agent", "user_agent"}, {"http_refer", "referrer"},
	{"http_method", "method"}, {"status", "status_code"}, {"length", "response_body_len"}, {"protocol", "version"},
}

var tlsNames = []name{
	{"sni", "server_name"}, {"version", "version"}, {"ja3.hash", "ja3"}, {"ja3s.hash", "ja3s"}, {"ja4", "ja4"},
}

var fileNames = []name{
	{"filename", "filename"}, {"magic", "mime_type"}, {"md5", "md5"}, {"sha1", "sha1"}, {"sha256", "sha256"}, {"size", "seen_bytes"},
}

// fill makes a record of type t from the named fields of raw. Values that do
// not fit their field are left out: EVE changes between versions.
func fill(t *record.Type, head record.Conn, raw json.RawMessage, names []name) (record.Record, error) {
	if t == nil || len(raw) == 0 {
		return nil, nil //nolint:nilnil // nothing to make a record of
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, err
	}
	r := t.New()
	setHead(t, r, head)
	for _, n := range names {
		set(t, r, n.rec, value(m, n.eve))
	}
	return r, nil
}

// value looks up a dotted name and gives its text, or "".
func value(m map[string]any, dotted string) string {
	first, rest, nested := strings.Cut(dotted, ".")
	switch v := m[first].(type) {
	case map[string]any:
		if nested {
			return value(v, rest)
		}
	case string:
		if first == "protocol" {
			return strings.TrimPrefix(v, "HTTP/")
		}
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func set(t *record.Type, r record.Record, field string, texts ...string) {
	if f, ok := t.Field(field); ok && len(texts) > 0 && texts[0] != "" {
		_ = f.SetText(r, texts) // a value that does not fit is left out
	}
}

// setHead fills the connection's part of a record.
func setHead(t *record.Type, r record.Record, head record.Conn) {
	*r.Base() = head.Head
	set(t, r, "uid", head.UID)
	if head.OrigH.IsValid() {
		set(t, r, "id.orig_h", head.OrigH.String())
		set(t, r, "id.orig_p", strconv.Itoa(int(head.OrigP)))
	}
	if head.RespH.IsValid() {
		set(t, r, "id.resp_h", head.RespH.String())
		set(t, r, "id.resp_p", strconv.Itoa(int(head.RespP)))
	}
}

// answer is EVE's DNS, version 1 (rrname at the top), 2 (answers) and 3 (queries).
type answer struct {
	Type    string `json:"type"`
	Name    string `json:"rrname"`
	RRType  string `json:"rrtype"`
	RCode   string `json:"rcode"`
	RData   string `json:"rdata"`
	Answers []struct {
		RData string `json:"rdata"`
	} `json:"answers"`
	Queries []struct {
		Name   string `json:"rrname"`
		RRType string `json:"rrtype"`
	} `json:"queries"`
}

// query makes a dns record of a query or an answer.
func (e *event) query(t *record.Type, head record.Conn) (record.Record, error) {
	if t == nil {
		return nil, nil //nolint:nilnil // nothing to make a record of
	}
	var a answer
	if err := json.Unmarshal(e.DNS, &a); err != nil {
		return nil, err
	}
	if a.Name == "" && len(a.Queries) > 0 {
		a.Name, a.RRType = a.Queries[0].Name, a.Queries[0].RRType
	}
	if a.Type == "answer" || a.Type == "response" { // EVE gives the packet's direction, Zeek the connection's
		head.OrigH, head.RespH, head.OrigP, head.RespP = head.RespH, head.OrigH, head.RespP, head.OrigP
	}
	r := t.New()
	setHead(t, r, head)
	set(t, r, "proto", strings.ToLower(e.Proto))
	set(t, r, "query", a.Name)
	set(t, r, "qtype_name", a.RRType)
	set(t, r, "rcode_name", a.RCode)
	var data []string
	for _, x := range a.Answers {
		data = append(data, x.RData)
	}
	if a.RData != "" {
		data = append(data, a.RData)
	}
	set(t, r, "answers", data...)
	return r, nil
}
