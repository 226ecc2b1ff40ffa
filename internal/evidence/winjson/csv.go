package winjson

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
)

// csvColumns are names of which a table of events has at least one besides the
// event's number: Azure, Splunk, Kibana, EvtxECmd, Hayabusa.
var csvColumns = []string{"Computer", "ComputerName", "Channel", "EventLog", "LogName", "winlog.channel", "winlog.computer_name"}

// table tells whether head begins with the names of such a table's columns.
func table(head []byte) bool {
	line, _, _ := bytes.Cut(bytes.TrimPrefix(head, []byte("\ufeff")), []byte("\n"))
	names, err := csv.NewReader(bytes.NewReader(line)).Read()
	if err != nil {
		return false
	}
	has := func(want ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(want, strings.TrimSpace(n)) })
	}
	return has(numberNames...) && has(csvColumns...) || has("winlog.event_id")
}

// readTable reads a table of events (RFC 4180), a row after the other.
func (r *reader) readTable(in io.Reader, stop func() error) error {
	bounded := &meter{in: in}
	rows := csv.NewReader(bounded)
	rows.FieldsPerRecord, rows.LazyQuotes, rows.ReuseRecord = -1, true, true
	var names []string
	for {
		if err := stop(); err != nil {
			return err
		}
		bounded.left = maxObject
		row, err := rows.Read()
		switch {
		case errors.Is(err, errSize):
			return fmt.Errorf("winjson: the row behind line %d has no end within %d bytes: %w", r.line, maxObject, evidence.ErrCorrupt)
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, csv.ErrQuote), errors.Is(err, csv.ErrBareQuote):
			line, _ := rows.FieldPos(0)
			r.problem("winjson-syntax", int64(line), 0, "a row was skipped: %v", err)
			continue
		case err != nil:
			return fmt.Errorf("winjson: %w", err)
		}
		if names == nil {
			for _, n := range row {
				names = append(names, strings.TrimSpace(strings.TrimPrefix(n, "\ufeff")))
			}
			continue
		}
		line, _ := rows.FieldPos(0)
		r.line = int64(line)
		if len(row) != len(names) {
			r.problem("winjson-syntax", r.line, 0, "a row of %d cells, where %d columns are named, was skipped", len(row), len(names))
			continue
		}
		v, err := r.parser.row(names, row)
		if err != nil {
			r.problem("winjson-syntax", int64(line), 0, "a row was skipped: %v", err)
			continue
		}
		r.read++
		r.put(v, r.file.Ref(record.RefLine, int64(line)))
	}
}

// row makes an object of a row of as many cells as there are names; empty cells
// are left out. The value is good until the next call.
func (p *parser) row(names, row []string) (value, error) {
	p.nodes, p.text = append(p.nodes[:0], node{kind: kindObject}), p.text[:0]
	add := func(s string) span {
		from := len(p.text)
		p.text = append(p.text, s...)
		return span{from, len(p.text)}
	}
	last := 0
	for i, cell := range row {
		if cell == "" {
			continue
		}
		if len(p.nodes) == maxNodes || len(p.text)+len(cell) > maxObject {
			return value{}, errSize
		}
		n := len(p.nodes)
		p.nodes = append(p.nodes, node{key: add(names[i]), text: add(cell), kind: kindText})
		if last == 0 {
			p.nodes[0].child = n
		} else {
			p.nodes[last].next = n
		}
		last = n
	}
	return value{tree: &tree{p.nodes, string(p.text)}, ok: true}, nil
}

// meter ends reading when one row takes too much.
type meter struct {
	in   io.Reader
	left int
}

func (m *meter) Read(b []byte) (int, error) {
	if m.left <= 0 {
		return 0, errSize
	}
	n, err := m.in.Read(b)
	m.left -= n
	return n, err
}
