package journal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
	"longwatch/internal/textline"
)

// export reads "journalctl -o export": FIELD=value lines, or FIELD, a length
// and as many bytes; an empty line ends an entry.
func (r *reader) export(ctx context.Context, br *bufio.Reader, out evidence.Outlet, w *writer) error {
	in := &exportReader{br: br}
	for ctx.Err() == nil {
		e, start, err := in.entry()
		if len(e.fields) > 0 {
			ref := r.f.Ref(record.RefOffset, start)
			switch {
			case in.bad != "":
				out.Problem(evidence.Problem{Name: "journal-field", Why: in.bad, Ref: ref, Bytes: in.at - start})
				in.bad = ""
			case !w.put(&e, ref):
				out.Problem(evidence.Problem{Name: "journal-no-time", Why: "an entry does not say when it was written", Ref: ref})
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%s: offset %d: %w: %w", r.f.Name, in.at, evidence.ErrTruncated, err)
		}
	}
	return ctx.Err()
}

type exportReader struct {
	br  *bufio.Reader
	at  int64
	bad string // why the entry could not be understood whole
}

// entry reads up to the next empty line.
func (x *exportReader) entry() (e entry, start int64, err error) {
	start = x.at
	for {
		line, err := x.line()
		if len(line) == 0 {
			if err != nil || len(e.fields) > 0 {
				return e, start, err
			}
			start = x.at
			continue
		}
		name, value, ok := bytes.Cut(line, []byte("="))
		f := field{string(name), string(value)}
		if !ok {
			v, verr := x.binary()
			if verr != nil {
				return e, start, verr
			}
			f.value = string(v)
		}
		if len(e.fields) == maxFields {
			x.bad = fmt.Sprintf("an entry has more than %d fields", maxFields)
			continue
		}
		e.fields = append(e.fields, f)
		if err != nil {
			return e, start, err
		}
	}
}

// line reads to the end of a line, at most maxValue bytes of it.
func (x *exportReader) line() ([]byte, error) {
	var out []byte
	for {
		part, err := x.br.ReadSlice('\n')
		x.at += int64(len(part))
		if len(out)+len(part) <= maxValue {
			out = append(out, part...)
		} else {
			x.bad = fmt.Sprintf("a field is longer than %d bytes", maxValue)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return bytes.TrimSuffix(out, []byte("\n")), err
	}
}

// binary reads a length of eight bytes, the value and a line feed.
func (x *exportReader) binary() ([]byte, error) {
	var head [8]byte
	n, err := io.ReadFull(x.br, head[:])
	x.at += int64(n)
	if err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	size := binary.LittleEndian.Uint64(head[:])
	if size > 1<<40 {
		return nil, fmt.Errorf("a field of %d bytes", size)
	}
	var buf bytes.Buffer
	m, err := io.CopyN(&buf, x.br, int64(min(size, maxValue)))
	x.at += m
	if err == nil && size > maxValue {
		x.bad = fmt.Sprintf("a field is longer than %d bytes", maxValue)
		m, err = io.CopyN(io.Discard, x.br, int64(size-maxValue))
		x.at += m
	}
	if err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	if c, err := x.br.ReadByte(); err == nil {
		x.at++
		if c != '\n' {
			return nil, errors.New("a field does not end where its length says")
		}
	}
	return buf.Bytes(), nil
}

// json reads "journalctl -o json": one object a line.
func (r *reader) json(ctx context.Context, br *bufio.Reader, out evidence.Outlet, w *writer) error {
	lines := textline.New(br, r.f, out)
	for lines.Next() {
		if lines.Number()&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if len(lines.Bytes()) == 0 {
			continue
		}
		e, ok := jsonEntry(lines.Bytes())
		if !ok {
			lines.Bad("journal-json", "not an object of journal fields")
			continue
		}
		if !w.put(&e, lines.Ref()) {
			out.Problem(evidence.Problem{Name: "journal-no-time", Why: "an entry does not say when it was written", Ref: lines.Ref()})
		}
	}
	return lines.Err()
}

// jsonEntry reads the values that journalctl writes: text, null for what was
// too long, numbers for bytes that are no text, a list for a field that came
// several times.
func jsonEntry(line []byte) (e entry, ok bool) {
	var m map[string]json.RawMessage
	if json.Unmarshal(line, &m) != nil || len(m) > maxFields {
		return e, false
	}
	for name, raw := range m {
		if v, ok := jsonValue(raw); ok {
			e.fields = append(e.fields, field{name, v})
		}
	}
	slices.SortFunc(e.fields, func(a, b field) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	return e, true
}

func jsonValue(raw json.RawMessage) (string, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil && len(raw) > 0 && raw[0] == '"' {
		return text, true
	}
	var numbers []uint8AsNumber
	if json.Unmarshal(raw, &numbers) == nil && len(numbers) > 0 {
		b := make([]byte, len(numbers))
		for i := range numbers {
			b[i] = byte(numbers[i])
		}
		return string(b), true
	}
	var several []json.RawMessage
	if json.Unmarshal(raw, &several) == nil && len(several) > 0 && several[0][0] != '[' {
		return jsonValue(several[0])
	}
	return "", false
}

// uint8AsNumber keeps encoding/json from taking a list of bytes for base64.
type uint8AsNumber uint16
