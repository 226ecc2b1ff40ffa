// Package zeek reads Zeek's own logs, tab-separated and JSON, as the records
// that reading the packets would have given. Which record a log holds comes
// from its #path line, or, for JSON, from the file's name and fields.
package zeek

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/textline"
)

// Format is Zeek logs. Which types come out depends on the log.
var Format = evidence.Format{
	Name: "zeek", Sniff: sniff,
	New:   func(f *evidence.File, env *evidence.Env) evidence.Reader { return &reader{f: f, env: env} },
	Emits: []*record.Type{network.ConnType, network.FileType, network.WeirdType, network.ARPType},
}

func sniff(_ string, head []byte) evidence.Match {
	lines := textline.Head(head)
	if len(lines) == 0 {
		return evidence.None
	}
	if bytes.HasPrefix(lines[0], []byte("#separator \\x")) {
		return evidence.Sure
	}
	first := bytes.TrimSpace(lines[0])
	if bytes.HasPrefix(first, []byte("{")) && bytes.Contains(first, []byte(`"ts":`)) &&
		(bytes.Contains(first, []byte(`"id.orig_h"`)) || bytes.Contains(first, []byte(`"fuid"`)) ||
			bytes.Contains(first, []byte(`"orig_hw"`)) || bytes.Contains(first, []byte(`"fingerprint"`)) || bytes.Contains(first, []byte(`"_path"`))) {
		return evidence.Sure
	}
	return evidence.None
}

type reader struct {
	f   *evidence.File
	env *evidence.Env

	typ     *record.Type
	columns []*record.Field // nil where the type has no such field
	vector  []bool
	set     string
	unset   string
	empty   string
}

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	rc, err := r.f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = rc.Close() }()
	r.set, r.unset, r.empty = ",", "-", "(empty)"
	sink := out.Lane()
	lines := textline.New(rc, r.f, out)
	for lines.Next() {
		if lines.Number()&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line := lines.Bytes()
		if len(line) == 0 {
			continue
		}
		var rec record.Record
		var err error
		switch line[0] {
		case '#':
			err = r.header(string(line), out, lines)
		case '{':
			if rec, err = r.object(line); errors.Is(err, errUnknown) {
				name, _, _ := strings.Cut(r.f.Name, ".")
				r.unknown(name, out, lines)
			}
		default:
			rec, err = r.row(string(line))
		}
		switch {
		case errors.Is(err, errUnknown):
			return nil // said once by whoever found it
		case err != nil:
			lines.Bad("zeek-line", err.Error())
		case rec != nil:
			rec.Base().Ref = lines.Ref()
			sink.Put(rec)
		}
	}
	return lines.Err()
}

// errUnknown means that the log holds records of a type we do not have.
var errUnknown = errors.New("no such record type")

// header reads one # line of a TSV log.
func (r *reader) header(line string, out evidence.Outlet, lines *textline.Reader) error {
	if i := strings.IndexAny(line, " \t"); i > 0 {
		value := line[i+1:]
		switch line[:i] {
		case "#set_separator":
			r.set = value
		case "#empty_field":
			r.empty = value
		case "#unset_field":
			r.unset = value
		case "#path":
			r.typ = r.known(value)
			if r.typ == nil {
				r.unknown(value, out, lines)
				return errUnknown
			}
		case "#fields":
			return r.fields(strings.Split(value, "\t"))
		case "#types":
			for i, t := range strings.Split(value, "\t") {
				if i < len(r.vector) {
					r.vector[i] = strings.HasPrefix(t, "vector[") || strings.HasPrefix(t, "set[")
				}
			}
		}
	}
	return nil
}

func (r *reader) unknown(name string, out evidence.Outlet, lines *textline.Reader) {
	out.Problem(evidence.Problem{
		Name: "zeek-unknown-log", Ref: lines.Ref(),
		Why: fmt.Sprintf("a log of type %q holds nothing that detection uses; it was not read", name),
	})
}

func (r *reader) fields(names []string) error {
	if r.typ == nil {
		return errors.New("#fields before #path")
	}
	r.columns = make([]*record.Field, len(names))
	r.vector = make([]bool, len(names))
	for i, n := range names {
		r.columns[i], _ = r.typ.Field(n)
	}
	return nil
}

// row reads one line of a TSV log.
func (r *reader) row(line string) (record.Record, error) {
	if r.columns == nil {
		return nil, errors.New("a row before #fields")
	}
	rec := r.typ.New()
	n := 0
	for value := range strings.SplitSeq(line, "\t") {
		if n >= len(r.columns) {
			return nil, fmt.Errorf("more than %d columns", len(r.columns))
		}
		f := r.columns[n]
		if f != nil && value != r.unset {
			var texts []string
			switch {
			case value == r.empty && r.vector[n]:
			case value == r.empty:
				texts = []string{""}
			case r.vector[n]:
				texts = strings.Split(value, r.set)
			default:
				texts = []string{value}
			}
			for i := range texts {
				texts[i] = unescape(texts[i])
			}
			if err := f.SetText(rec, texts); err != nil {
				return nil, err
			}
		}
		n++
	}
	if n < len(r.columns) {
		return nil, fmt.Errorf("%d of %d columns", n, len(r.columns))
	}
	return rec, nil
}

// unescape undoes Zeek's \xNN.
func unescape(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x' {
			if n, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
				out = append(out, byte(n))
				i += 3
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

// object reads one line of a JSON log.
func (r *reader) object(line []byte) (record.Record, error) {
	// Lines of a log whose type is known are read in one pass; what that finds
	// wrong, or cannot know, goes the long way, which says what is wrong.
	if r.typ != nil && utf8.Valid(line) && !bytes.Contains(line, []byte(`"_path"`)) && !bytes.Contains(line, []byte("null")) {
		if rec, err := r.typ.ParseJSON(line, nil); err == nil {
			return rec, nil
		}
	}
	return r.members(line)
}

// members reads a line of any log, member by member.
func (r *reader) members(line []byte) (record.Record, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(line, &m); err != nil {
		return nil, err
	}
	t := r.typeOf(m)
	if t == nil {
		return nil, errUnknown
	}
	rec := t.New()
	for i := range t.Fields { // in their order: the first mistake told is always the same
		f := &t.Fields[i]
		texts, ok := texts(m[f.Name])
		if !ok {
			continue
		}
		if err := f.SetText(rec, texts); err != nil {
			return nil, err
		}
	}
	return rec, nil
}

// typeOf finds the record type of a JSON row: by _path, by the file's name, or
// by fields that only one log has.
func (r *reader) typeOf(m map[string]json.RawMessage) *record.Type {
	if raw, ok := m["_path"]; ok {
		var name string
		if json.Unmarshal(raw, &name) == nil {
			return r.known(name)
		}
	}
	if r.typ == nil {
		name, _, _ := strings.Cut(r.f.Name, ".")
		r.typ = r.known(name)
	}
	if r.typ == nil {
		for _, name := range slices.Sorted(maps.Keys(marks)) {
			if _, ok := m[marks[name]]; ok {
				r.typ = r.known(name)
				break
			}
		}
	}
	return r.typ
}

// known is the record type of a Zeek log. Host records that happen to have a
// log's name are other things: nearly every log of Zeek's names connections.
func (r *reader) known(log string) *record.Type {
	t := r.env.Types[log]
	if t == nil {
		return nil
	}
	if log == "x509" || log == "ocsp" || log == "pe" || log == "arp" {
		return t
	}
	_, one := t.Field("uid")
	_, many := t.Field("uids")
	if !one && !many {
		return nil
	}
	return t
}

// marks are fields that tell a log's type when its name does not.
var marks = map[string]string{
	"arp": "orig_hw", "conn": "conn_state", "dns": "qtype_name", "http": "trans_depth", "ssl": "ssl_history", "x509": "fingerprint",
	"files": "seen_bytes", "smb_files": "action", "smb_mapping": "share_type", "dce_rpc": "operation", "ntlm": "domainname",
	"kerberos": "request_type", "ssh": "kex_alg",
}

// texts turns a JSON value into the text forms SetText takes.
func texts(raw json.RawMessage) ([]string, bool) {
	if len(raw) == 0 || raw[0] == 'n' || raw[0] == '{' {
		return nil, false
	}
	if raw[0] == '[' {
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return nil, false
		}
		out := make([]string, 0, len(list))
		for _, e := range list {
			one, ok := texts(e)
			if !ok || len(one) != 1 {
				continue
			}
			out = append(out, one[0])
		}
		return out, true
	}
	if raw[0] == '"' {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return nil, false
		}
		return []string{s}, true
	}
	return []string{string(raw)}, true
}
