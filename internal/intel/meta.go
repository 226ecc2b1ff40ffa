package intel

import (
	"encoding/binary"
	"errors"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// What rows say is kept as three texts that they share: what the source says of
// a whole group of rows (meta), of the value (note), and when (times). Numbers
// are varints, texts have their length in front.

var errMeta = errors.New("intel: a description that is damaged")

// appendMeta appends everything of an indicator but kind, value, note, times and line.
func appendMeta(dst []byte, i *Indicator) []byte {
	for _, t := range [...]string{i.Source, i.File, i.Profile, i.Title, i.Role, i.In, i.Marking, i.Event} {
		dst = appendText(dst, t)
	}
	for _, list := range [...][]string{i.Dossier, i.Phases, i.Links} {
		dst = binary.AppendUvarint(dst, uint64(len(list)))
		for _, t := range list {
			dst = appendText(dst, t)
		}
	}
	flags := uint64(0)
	if i.Rated {
		flags |= 1
	}
	if i.Reserved {
		flags |= 2
	}
	for _, n := range [...]uint64{uint64(i.Confidence), uint64(i.Severity), uint64(i.Weight), uint64(i.Port), flags} {
		dst = binary.AppendUvarint(dst, n)
	}
	return dst
}

// hasProfile tells whether what appendMeta wrote names a profile.
func hasProfile(meta []byte) bool {
	m := texts{b: meta}
	for range 2 { // source and file
		n := m.number()
		if n > uint64(len(m.b)) {
			return false
		}
		m.b = m.b[n:]
	}
	return m.number() > 0
}

// appendNote appends what is said of the value and where to read more.
func appendNote(dst []byte, i *Indicator) []byte {
	if i.Desc == "" && i.URL == "" {
		return dst
	}
	return appendText(appendText(dst, i.Desc), i.URL)
}

// appendTimes appends the window, and when the value was seen.
func appendTimes(dst []byte, i *Indicator) []byte {
	if i.From == 0 && i.Until == 0 && i.Seen == (record.Span{}) {
		return dst
	}
	for _, t := range [...]record.Time{i.From, i.Until, i.Seen.Start, i.Seen.End} {
		dst = binary.AppendVarint(dst, int64(t))
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// texts reads what was appended; its error sticks.
type texts struct {
	b   []byte
	bad bool
}

func (t *texts) number() uint64 {
	n, w := binary.Uvarint(t.b)
	if w <= 0 {
		t.bad = true
		return 0
	}
	t.b = t.b[w:]
	return n
}

func (t *texts) time() record.Time {
	n, w := binary.Varint(t.b)
	if w <= 0 {
		t.bad = true
		return 0
	}
	t.b = t.b[w:]
	return record.Time(n)
}

// text copies: what is read outlives the mapped file.
func (t *texts) text() string {
	n := t.number()
	if n > uint64(len(t.b)) {
		t.bad = true
		return ""
	}
	s := string(t.b[:n])
	t.b = t.b[n:]
	return s
}

func (t *texts) list() []string {
	n := t.number()
	if n > uint64(len(t.b)) { // each has at least a length
		t.bad = true
		return nil
	}
	var out []string
	for range n {
		out = append(out, t.text())
	}
	return out
}

// parse puts an indicator together from its three texts.
func (i *Indicator) parse(meta, note, times []byte) error {
	m := texts{b: meta}
	for _, p := range [...]*string{&i.Source, &i.File, &i.Profile, &i.Title, &i.Role, &i.In, &i.Marking, &i.Event} {
		*p = m.text()
	}
	for _, p := range [...]*[]string{&i.Dossier, &i.Phases, &i.Links} {
		*p = m.list()
	}
	confidence, severity, weight, port, flags := m.number(), m.number(), m.number(), m.number(), m.number()
	if m.bad || confidence > 100 || severity > uint64(finding.Critical) || weight > uint64(Strong) || port > 1<<16-1 {
		return errMeta
	}
	i.Confidence, i.Severity, i.Weight, i.Port = uint8(confidence), finding.Severity(severity), Weight(weight), uint16(port)
	i.Rated, i.Reserved = flags&1 != 0, flags&2 != 0
	if len(note) > 0 {
		n := texts{b: note}
		if i.Desc, i.URL = n.text(), n.text(); n.bad {
			return errMeta
		}
	}
	if len(times) > 0 {
		t := texts{b: times}
		if i.From, i.Until, i.Seen.Start, i.Seen.End = t.time(), t.time(), t.time(), t.time(); t.bad {
			return errMeta
		}
	}
	return nil
}
