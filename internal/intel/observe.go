package intel

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/stix"
	"longwatch/internal/stix/pattern"
)

// Observer shows records to the patterns of a set, one goroutine each. What it
// keeps is bounded: of each part of a pattern the earliest maxSights records.
type Observer struct {
	set   *Set
	plans map[*record.Type][]leaf
	kept  map[leaf]*sights
}

// leaf is comparison n of pattern p.
type leaf struct{ p, n int }

// sights are the records that satisfy a leaf.
type sights struct {
	list []sight
	more int // that were not kept
}

type sight struct {
	at       record.Time
	ref      record.Ref
	typ      string
	entities []record.Entity
}

const (
	maxSights   = 4096
	maxEntities = 8  // of one record in a finding
	maxCited    = 20 // records in a finding
)

// Observer is nil when the set has no patterns.
func (s *Set) Observer() *Observer {
	if len(s.patterns) == 0 {
		return nil
	}
	return &Observer{set: s, plans: map[*record.Type][]leaf{}, kept: map[leaf]*sights{}}
}

// Wants tells whether some pattern looks at what records of type t become. A nil
// Observer wants nothing.
func (o *Observer) Wants(t *record.Type) bool { return o != nil && len(o.plan(t)) > 0 }

// Observe shows a record to the patterns. A nil Observer does nothing.
func (o *Observer) Observe(r record.Record) {
	if o == nil {
		return
	}
	t := r.RecordType()
	plan, ok := o.plans[t]
	if !ok {
		plan = o.plan(t)
		o.plans[t] = plan
	}
	if len(plan) == 0 {
		return
	}
	obs := observation(r)
	for _, l := range plan {
		p := &o.set.patterns[l.p]
		if !p.Pattern.MatchLeaf(l.n, obs) || !p.Within(r.Base().TS) {
			continue
		}
		k := o.kept[l]
		if k == nil {
			k = &sights{}
			o.kept[l] = k
		}
		entities := t.Entities(r)
		k.list = append(k.list, sight{r.Base().TS, r.Base().Ref, t.Name, entities[:min(len(entities), maxEntities)]})
		if len(k.list) >= 2*maxSights {
			k.trim()
		}
	}
}

// trim keeps the earliest, so that it does not matter in which order records came.
func (k *sights) trim() {
	slices.SortFunc(k.list, func(a, b sight) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.ref.File, b.ref.File), cmp.Compare(a.ref.Kind, b.ref.Kind), cmp.Compare(a.ref.Pos, b.ref.Pos))
	})
	if n := len(k.list) - maxSights; n > 0 {
		k.more += n
		k.list = k.list[:maxSights]
	}
}

// Join takes over what another observer of the same set has seen.
func (o *Observer) Join(other *Observer) {
	if o == nil || other == nil {
		return
	}
	for l, k := range other.kept {
		if mine := o.kept[l]; mine != nil {
			mine.list, mine.more = append(mine.list, k.list...), mine.more+k.more
			mine.trim()
			continue
		}
		o.kept[l] = k
	}
}

// Finish judges the patterns, now that all records were seen. gaps are those
// that could not be judged, with the reason.
func (o *Observer) Finish() (found []finding.Finding, gaps []string) {
	if o == nil {
		return nil, nil
	}
	for n := range o.set.patterns {
		f, gap := o.judge(n)
		if f != nil {
			found = append(found, *f)
		}
		if gap != "" {
			gaps = append(gaps, gap)
		}
	}
	return found, gaps
}

func (o *Observer) judge(n int) (*finding.Finding, string) {
	p := &o.set.patterns[n]
	place := map[record.Ref]int{}
	var all []sight
	var times []pattern.Sight
	leaves := make([][]int, p.Pattern.Leaves())
	lost := 0
	for i := range leaves {
		k := o.kept[leaf{n, i}]
		if k == nil {
			continue
		}
		k.trim()
		lost += k.more
		for _, s := range k.list {
			at, known := place[s.ref]
			if !known {
				at = len(all)
				place[s.ref] = at
				all = append(all, s)
				times = append(times, pattern.Sight{First: s.at.Std(), Last: s.at.Std()})
			}
			leaves[i] = append(leaves[i], at)
		}
	}
	if len(all) == 0 {
		return nil, ""
	}
	bound, err := p.Pattern.Bind(times, leaves)
	gap := ""
	switch {
	case err != nil:
		gap = finding.Because("%s line %d: %v", p.File, p.Line, err)
	case bound == nil && lost > 0:
		gap = finding.Because("%s line %d: %d records satisfy a part of the pattern and were not kept", p.File, p.Line, lost)
	}
	if bound == nil {
		return nil, gap
	}
	return p.claim(all, bound), gap
}

// claim makes the finding of a pattern that the bound records satisfy together.
func (p *Pattern) claim(all []sight, bound []int) *finding.Finding {
	f := &finding.Finding{
		Detector: "intel:" + p.feed(), Title: "Pattern of a feed", Severity: p.Severity, Confidence: p.Confidence,
		Why: []string{p.says(), finding.Because("the pattern is %q", short(p.Pattern.Source))},
	}
	if !p.Rated && p.Confidence >= HighConfidence {
		f.Severity = finding.High
	}
	if p.Weight == None {
		f.Severity, f.Confidence = finding.Info, 0
	}
	for i, b := range bound {
		s := &all[b]
		if f.Start == 0 || s.at < f.Start {
			f.Start = s.at
		}
		f.End = max(f.End, s.at)
		if i == maxCited {
			f.Why = append(f.Why, finding.Because("and %d more records", len(bound)-maxCited))
		}
		if i >= maxCited {
			continue
		}
		f.Refs = append(f.Refs, s.ref)
		f.Entities = append(f.Entities, s.entities...)
		f.Why = append(f.Why, finding.Because("a %s record of %v satisfies a part of it", s.typ, s.at))
	}
	f.Seal()
	return f
}

// plan lists the comparisons that look at objects which records of a type become.
func (o *Observer) plan(t *record.Type) []leaf {
	kinds := map[string]bool{}
	for _, k := range objectsOf(t) {
		kinds[k] = true
	}
	var out []leaf
	for n := range o.set.patterns {
		p := o.set.patterns[n].Pattern
		for i := range p.Leaves() {
			if slices.ContainsFunc(p.Types(i), func(typ string) bool { return kinds[typ] }) {
				out = append(out, leaf{n, i})
			}
		}
	}
	return out
}

// entityObjects are the objects that stand for kinds of entity.
var entityObjects = map[string][]string{
	"address": {"ipv4-addr", "ipv6-addr"}, "domain": {"domain-name"}, "host": {"domain-name"}, "url": {"url"}, "hash": {"file"}, "file": {"file", "directory"}, "process": {"file", "process", "directory"},
	"email": {"email-addr"}, "user": {"user-account"}, "certificate": {"x509-certificate"}, "mac": {"mac-addr"}, "user_agent": {"network-traffic"},
}

// objectsOf lists the types of the objects that records of a type become.
func objectsOf(t *record.Type) []string {
	var out []string
	for i := range t.Fields {
		out = append(out, entityObjects[t.Fields[i].Kind]...)
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { _, ok := t.Field(n); return ok })
	}
	if has("id.orig_h", "id.resp_h") {
		out = append(out, "network-traffic")
	}
	if has("command_line") {
		out = append(out, "process", "file", "directory")
	}
	if t.Name == "registry" {
		out = append(out, "windows-registry-key")
	}
	if has("subject") && has("from", "mailfrom") {
		out = append(out, "email-message", "email-addr")
	}
	if has("issuer") && has("subject") {
		out = append(out, "x509-certificate")
	}
	return out
}

// objects builds the cyber-observable objects of one record.
type objects struct {
	r   record.Record
	t   *record.Type
	all map[string]pattern.Object
}

// observation is a record as STIX sees it: objects that name each other.
func observation(r record.Record) *pattern.Observation {
	at := r.Base().TS.Std()
	o := &objects{r: r, t: r.RecordType(), all: map[string]pattern.Object{}}
	for i := range o.t.Fields {
		f := &o.t.Fields[i]
		if f.Kind != "" {
			for _, v := range f.Text(r) {
				o.entity(f.Kind, v)
			}
		}
	}
	o.traffic(at)
	o.process()
	o.registry()
	o.mail()
	o.certificate()
	return &pattern.Observation{First: at, Last: at, Objects: o.all}
}

func (o *objects) add(obj pattern.Object) string {
	id := strconv.Itoa(len(o.all))
	o.all[id] = obj
	return id
}

// text is the first value of a field, or empty.
func (o *objects) text(names ...string) string {
	for _, name := range names {
		if f, ok := o.t.Field(name); ok {
			if v := f.Text(o.r); len(v) > 0 && v[0] != "" {
				return v[0]
			}
		}
	}
	return ""
}

// set puts a property that has a value.
func set(obj pattern.Object, name, value string) {
	if value != "" {
		obj[name] = value
	}
}

func (o *objects) entity(kind, v string) string {
	switch kind {
	case "address":
		return o.address(v)
	case "domain", "host":
		return o.add(pattern.Object{"type": "domain-name", "value": strings.TrimSuffix(v, ".")})
	case "url":
		return o.add(pattern.Object{"type": "url", "value": v})
	case "email":
		return o.add(pattern.Object{"type": "email-addr", "value": v})
	case "user":
		return o.user(v)
	case "file", "process":
		return o.file(v)
	case "hash":
		if name := stix.HashName(v); name != "" {
			return o.add(pattern.Object{"type": "file", "hashes": map[string]any{name: strings.ToLower(v)}})
		}
	case "certificate":
		if name := stix.HashName(v); name != "" {
			return o.add(pattern.Object{"type": "x509-certificate", "hashes": map[string]any{name: strings.ToLower(v)}})
		}
	case "mac":
		return o.add(pattern.Object{"type": "mac-addr", "value": strings.ToLower(v)})
	}
	return ""
}

func (o *objects) address(v string) string {
	a, err := netip.ParseAddr(v)
	if err != nil {
		return ""
	}
	typ := "ipv6-addr"
	if a = a.Unmap().WithZone(""); a.Is4() {
		typ = "ipv4-addr"
	}
	return o.add(pattern.Object{"type": typ, "value": a.String()})
}

func (o *objects) user(v string) string {
	obj := pattern.Object{"type": "user-account", "account_login": v, "user_id": v}
	if domain, login, ok := strings.Cut(v, `\`); ok {
		obj["account_login"], obj["extensions"] = login, map[string]any{"x-domain": domain}
	}
	return o.add(obj)
}

// file is a path as a file in its directory.
func (o *objects) file(p string) string {
	cut := strings.LastIndexAny(p, `/\`)
	obj := pattern.Object{"type": "file", "name": p[cut+1:], "x_path": p}
	if cut > 0 {
		obj["parent_directory_ref"] = o.add(pattern.Object{"type": "directory", "path": p[:cut]})
	}
	return o.add(obj)
}

func (o *objects) traffic(at time.Time) {
	orig, resp := o.text("id.orig_h"), o.text("id.resp_h")
	if orig == "" && resp == "" {
		return
	}
	obj := pattern.Object{"type": "network-traffic", "start": at.UTC().Format(time.RFC3339Nano)}
	if id := o.address(orig); id != "" {
		obj["src_ref"] = id
	}
	if id := o.address(resp); id != "" {
		obj["dst_ref"] = id
	}
	for name, field := range map[string]string{"src_port": "id.orig_p", "dst_port": "id.resp_p", "src_byte_count": "orig_bytes", "dst_byte_count": "resp_bytes"} {
		if n, err := strconv.ParseInt(o.text(field), 10, 64); err == nil {
			obj[name] = n
		}
	}
	var protocols []any
	for _, field := range []string{"proto", "service"} {
		if v := o.text(field); v != "" {
			for p := range strings.SplitSeq(v, ",") {
				protocols = append(protocols, strings.ToLower(p))
			}
		}
	}
	if o.t.Name != "conn" {
		protocols = append(protocols, o.t.Name)
	}
	if len(protocols) > 0 {
		obj["protocols"] = protocols
	}
	if method := o.text("method"); method != "" {
		headers := map[string]any{}
		for name, field := range map[string]string{"User-Agent": "user_agent", "Host": "host", "Referer": "referrer"} {
			if v := o.text(field); v != "" {
				headers[name] = v
			}
		}
		ext := map[string]any{"request_method": strings.ToLower(method), "request_header": headers}
		if uri := o.text("uri"); uri != "" {
			ext["request_value"] = uri
		}
		obj["extensions"] = map[string]any{"http-request-ext": ext}
	}
	o.add(obj)
}

func (o *objects) process() {
	line, image := o.text("command_line"), o.text("image")
	if line == "" && (image == "" || o.t.Name != "process") {
		return
	}
	obj := pattern.Object{"type": "process"}
	set(obj, "command_line", line)
	set(obj, "cwd", o.text("cwd", "directory"))
	if n, err := strconv.ParseInt(o.text("pid"), 10, 64); err == nil {
		obj["pid"] = n
	}
	if image != "" {
		obj["image_ref"] = o.file(image)
	}
	if user := o.text("user"); user != "" {
		obj["creator_user_ref"] = o.user(user)
	}
	if parent := o.text("parent_image"); parent != "" {
		p := pattern.Object{"type": "process", "image_ref": o.file(parent)}
		set(p, "command_line", o.text("parent_command_line"))
		obj["parent_ref"] = o.add(p)
	}
	o.add(obj)
}

func (o *objects) registry() {
	if o.t.Name != "registry" {
		return
	}
	key := o.text("key")
	obj := pattern.Object{"type": "windows-registry-key", "key": key}
	if cut := strings.LastIndexByte(key, '\\'); cut > 0 { // where the log joins the value's name to the key
		obj["values"] = []any{map[string]any{"name": key[cut+1:], "data": o.text("value")}}
		parent := pattern.Object{"type": "windows-registry-key", "key": key[:cut], "values": obj["values"]}
		o.add(parent)
	}
	o.add(obj)
}

func (o *objects) mail() {
	from := o.text("from", "mailfrom")
	if _, ok := o.t.Field("subject"); !ok || from == "" {
		return
	}
	obj := pattern.Object{"type": "email-message", "is_multipart": false, "from_ref": o.add(pattern.Object{"type": "email-addr", "value": from})}
	set(obj, "subject", o.text("subject"))
	set(obj, "message_id", o.text("msg_id", "message_id"))
	var to []any
	if f, ok := o.t.Field("to"); ok {
		for _, v := range f.Text(o.r) {
			to = append(to, o.add(pattern.Object{"type": "email-addr", "value": v}))
		}
	}
	if len(to) > 0 {
		obj["to_refs"] = to
	}
	o.add(obj)
}

func (o *objects) certificate() {
	issuer := o.text("issuer", "certificate.issuer")
	if issuer == "" {
		return
	}
	obj := pattern.Object{"type": "x509-certificate", "issuer": issuer}
	set(obj, "subject", o.text("subject", "certificate.subject"))
	set(obj, "serial_number", o.text("serial", "certificate.serial"))
	o.add(obj)
}
