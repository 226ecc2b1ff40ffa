package intel

import (
	"bytes"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// named looks up what Windows and certificates call things.
func (m *Matcher) named(kind, text string, hit func(ref)) {
	s := m.set
	switch kind {
	case "command_line":
		s.pieces.find(text, func(n uint32) { hit(s.pieceRefs[n]) })
	case "pipe":
		if s.has[Pipe] > 0 && len(text) <= maxText {
			m.exact(Pipe, pipeName(text), hit)
		}
	case "mutex":
		if s.has[Mutex] > 0 && len(text) <= maxText {
			m.exact(Mutex, mutexName(text), hit)
		}
	case "registry_key":
		m.registry(text, hit)
	case "serial":
		if s.has[Serial] == 0 || len(text) > maxText {
			return
		}
		if key, err := serialNumber("0x" + text); err == nil {
			if e, ok := s.lookup(Serial, key); ok {
				hit(e)
			}
		}
	}
}

// maxKeyParts bounds the keys above one that are looked up.
const maxKeyParts = 32

// registry looks up a key and what it is below of, the most specific first.
// Logs join the name of a value to its key.
func (m *Matcher) registry(text string, hit func(ref)) {
	s := m.set
	if s.has[RegistryKey] == 0 || text == "" || len(text) > maxText {
		return
	}
	var buf, joined [2 * maxText]byte
	key := appendRegistry(buf[:0], text)
	_, bare, _ := bytes.Cut(key, []byte(`\`)) // feeds leave the hive out
	for _, p := range [...][]byte{key, bare} {
		if i := bytes.LastIndexByte(p, '\\'); i > 0 {
			pair := append(append(append(joined[:0], p[:i]...), '|'), p[i+1:]...)
			if e, ok := s.lookup(RegistryKey, pair); ok {
				hit(e)
				return
			}
		}
		for n := 0; len(p) > 0 && n < maxKeyParts; n++ {
			if e, ok := s.lookup(RegistryKey, p); ok {
				hit(e)
				return
			}
			p = p[:max(0, bytes.LastIndexByte(p, '\\'))]
		}
	}
}

// holding looks up what a key, or a value of it, was made to hold.
func (m *Matcher) holding(text, data string, hit func(ref)) {
	s := m.set
	if s.has[RegistryKey] == 0 || text == "" || data == "" || len(text)+len(data) > maxText {
		return
	}
	var buf, joined [2 * maxText]byte
	key := appendRegistry(buf[:0], text)
	_, bare, _ := bytes.Cut(key, []byte(`\`))
	for _, p := range [...][]byte{key, bare} {
		for range 2 {
			if len(p) == 0 {
				break
			}
			pair := appendFolded(append(append(joined[:0], p...), '|'), data)
			if e, ok := s.lookup(RegistryKey, pair); ok {
				hit(e)
				return
			}
			p = p[:max(0, bytes.LastIndexByte(p, '\\'))]
		}
	}
}

// objects looks up what a record names only together with another of its
// fields: the data of a registry value, a pipe that is opened like a file, and
// kernel objects whose access is audited.
func (m *Matcher) objects(r record.Record, t *record.Type, emit func(finding.Finding)) {
	s := m.set
	if s.has[RegistryKey]+s.has[Pipe]+s.has[Mutex] == 0 {
		return
	}
	switch t.Name {
	case "registry":
		if f, ok := t.Field("key"); ok {
			key, data := textOf(r, t, "key"), textOf(r, t, "value")
			m.holding(key, data, func(e ref) { m.found(r, f, key+"|"+data, e, emit) })
		}
	case "share_access", "smb_files":
		share, name := "share", "path"
		if t.Name == "smb_files" {
			share, name = "path", "name"
		}
		if f, ok := t.Field(name); ok && strings.HasSuffix(strings.ToUpper(textOf(r, t, share)), "IPC$") {
			pipe := textOf(r, t, name)
			m.named("pipe", pipe, func(e ref) { m.found(r, f, pipe, e, emit) })
		}
	case "object_access":
		f, ok := t.Field("object")
		kind := map[string]string{"Mutant": "mutex", "Key": "registry_key"}[textOf(r, t, "object_type")]
		if ok && kind != "" {
			name := textOf(r, t, "object")
			m.named(kind, name, func(e ref) { m.found(r, f, name, e, emit) })
		}
	}
}

// textOf is the first value of a text field, or empty.
func textOf(r record.Record, t *record.Type, name string) string {
	f, ok := t.Field(name)
	if !ok || f.Len(r) == 0 {
		return ""
	}
	s, _ := f.StringAt(r, 0)
	return s
}

// verb says how an indicator of the kind is in a value.
func (k Kind) verb() string {
	if k == CommandLine {
		return "holds"
	}
	return "is"
}

// around is the part of a long text where an indicator is found.
func around(value string, ind Indicator) string {
	const before = 40
	if ind.Kind != CommandLine || len(value) <= 120 {
		return value
	}
	at := strings.Index(strings.ToLower(value), ind.Value)
	if at <= before {
		return value
	}
	return "…" + strings.ToValidUTF8(value[at-before:], "")
}
