package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/format"

	"longwatch/internal/record"
	"longwatch/internal/sink"
)

// reader reads one Parquet file.
type reader struct {
	f     *File
	in    *os.File
	size  int64
	t     *record.Type
	opt   Options
	file  *parquet.File
	leafs []leaf // in the order of their columns
	names names
	stats Stats
}

// leaf is a column that is read, or asked.
type leaf struct {
	column int
	field  *record.Field // nil for the columns behind those of the record
	extra  string        // name of such a column
	max    int           // definition level of a value
	list   bool
}

// readColumns reads a Parquet file that records wrote. A row group that cannot
// be read is told, and the next one is read.
func (f *File) readColumns(ctx context.Context, in *os.File, t *record.Type, opt Options, put func(record.Record)) (s Stats, err error) {
	r := &reader{names: names{}, f: f, in: in, size: f.Size, t: t, opt: opt}
	defer func() { s = r.stats }()
	if err := r.open(); err != nil {
		return s, fmt.Errorf("store: %s: %w", f.Name, err)
	}
	for i := range r.file.RowGroups() {
		if ctx.Err() != nil {
			return s, ctx.Err()
		}
		r.stats.Groups++
		if err := r.group(ctx, i, put); err != nil {
			r.stats.damage("%s row group %d: %v", f.Name, i, err)
		}
	}
	return s, ctx.Err()
}

// caught makes an error of a panic of the library on bytes that are not as it
// expects.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", errParquet, p)
	}
}

func (r *reader) open() (err error) {
	defer caught(&err)
	if err := checkFooter(r.in, r.size); err != nil {
		return err
	}
	if r.file, err = parquet.OpenFile(r.in, r.size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true)); err != nil {
		return err
	}
	if n := len(r.file.Metadata().RowGroups); n > maxGroups {
		return fmt.Errorf("%w: %d row groups", errParquet, n)
	}
	for i := range r.t.Fields {
		f := &r.t.Fields[i]
		path := []string{f.Name}
		if f.Vector() {
			path = append(path, "list", "element")
		}
		l, ok := r.file.Schema().Lookup(path...)
		if !ok {
			continue // written by a version that had no such field
		}
		max, repeated := 1, 0
		if f.Gaps() {
			max++
		}
		if f.Vector() {
			max, repeated = max+1, 1
		}
		if l.MaxDefinitionLevel != max || l.MaxRepetitionLevel != repeated || l.Node.Type().Kind() != kindOf(f) {
			return fmt.Errorf("%w: column %q is not as records writes it", errParquet, f.Name)
		}
		r.leafs = append(r.leafs, leaf{column: l.ColumnIndex, field: f, max: max, list: f.Vector()})
	}
	for _, name := range []string{sink.RefFile, sink.RefOffset, sink.RefLine, sink.RefRecord} {
		want := parquet.Int64
		if name == sink.RefFile {
			want = parquet.ByteArray
		}
		if l, ok := r.file.Schema().Lookup(name); ok && l.MaxDefinitionLevel == 1 && l.Node.Type().Kind() == want {
			r.leafs = append(r.leafs, leaf{column: l.ColumnIndex, extra: name, max: 1})
		}
	}
	return nil
}

func kindOf(f *record.Field) parquet.Kind {
	switch f.Physical() {
	case record.Text:
		return parquet.ByteArray
	case record.Bool:
		return parquet.Boolean
	case record.Float:
		return parquet.Double
	case record.Unsigned, record.Signed, record.Instant, record.Interval:
	}
	return parquet.Int64
}

// group reads one row group, unless it cannot hold what is asked for: first by
// its times, then by the least and greatest values of its columns, then by
// their filters.
func (r *reader) group(ctx context.Context, n int, put func(record.Record)) (err error) {
	defer caught(&err)
	g := &r.file.Metadata().RowGroups[n]
	if g.NumRows < 0 || g.NumRows > maxGroupRows {
		return fmt.Errorf("%w: %d rows", errParquet, g.NumRows)
	}
	switch {
	case r.outside(g):
		r.stats.ByTime++
		return nil
	case r.opt.Ask != nil && !r.opt.Ask.all(r.t):
		may, byFilter, err := r.may(g)
		if err != nil {
			return err
		}
		if !may && byFilter {
			r.stats.ByFilter++
			return nil
		}
		if !may {
			r.stats.ByStatistics++
			return nil
		}
	}
	return r.read(ctx, n, g, put)
}

// outside tells whether no record of the row group is within the times.
func (r *reader) outside(g *format.RowGroup) bool {
	if r.opt.Since == 0 && r.opt.Until == 0 {
		return false
	}
	l, ok := r.file.Schema().Lookup("ts")
	if !ok || l.ColumnIndex >= len(g.Columns) {
		return false
	}
	m := &g.Columns[l.ColumnIndex].MetaData
	s := &m.Statistics
	if s.NullCount > 0 || len(s.MinValue) != 8 || len(s.MaxValue) != 8 {
		return false
	}
	least, greatest := record.Time(parquet.Int64.Value(s.MinValue).Int64()), record.Time(parquet.Int64.Value(s.MaxValue).Int64())
	return r.opt.Until != 0 && least >= r.opt.Until || r.opt.Since != 0 && greatest < r.opt.Since
}

// may tells whether the row group may hold a key of the question, and whether
// filters were asked to know.
func (r *reader) may(g *format.RowGroup) (may, byFilter bool, err error) {
	keys, ok := r.file.Schema().Lookup(sink.LookupKeys, "list", "element")
	if !ok {
		return true, false, nil // not written by us, or before there were keys
	}
	ask := []int{keys.ColumnIndex}
	for i := range r.leafs {
		if f := r.leafs[i].field; f != nil && f.Match != "" && f.Physical() == record.Text {
			ask = append(ask, r.leafs[i].column)
		}
	}
	var filters []*format.ColumnMetaData
	for _, c := range ask {
		if c >= len(g.Columns) {
			return false, false, fmt.Errorf("%w: a column is missing", errParquet)
		}
		m := &g.Columns[c].MetaData
		s := &m.Statistics
		switch {
		case s.NullCount == m.NumValues && s.MinValue == nil && s.MaxValue == nil:
			continue // no value at all
		case s.MinValue != nil && s.MaxValue != nil && !r.opt.Ask.within(string(s.MinValue), string(s.MaxValue)):
			continue
		case m.BloomFilterOffset <= 0:
			return true, byFilter, nil
		}
		filters = append(filters, m)
	}
	for _, m := range filters {
		f, err := r.filter(m)
		if err != nil {
			return false, false, err
		}
		if slices.ContainsFunc(r.opt.Ask.hashes, f.Check) {
			return true, true, nil
		}
	}
	return false, len(filters) > 0, nil
}

// filter reads a bloom filter.
func (r *reader) filter(m *format.ColumnMetaData) (bloom.SplitBlockFilter, error) {
	head := make([]byte, min(64, r.size-m.BloomFilterOffset))
	if m.BloomFilterOffset >= r.size {
		return nil, fmt.Errorf("%w: a filter at %d", errParquet, m.BloomFilterOffset)
	}
	if _, err := r.in.ReadAt(head, m.BloomFilterOffset); err != nil {
		return nil, err
	}
	w := walker{b: head}
	length, kinds := int64(-1), 0
	err := w.fields(func(id int64, typ byte) error {
		switch {
		case id == 1 && typ == thriftI32:
			n, err := w.varint()
			length = n
			return err
		case id >= 2 && id <= 4 && typ == thriftStruct: // unions: the first of each is the only one known
			return w.fields(func(which int64, typ byte) error {
				if which == 1 {
					kinds++
				}
				return w.skip(typ)
			})
		}
		return w.skip(typ)
	})
	at := m.BloomFilterOffset + int64(w.at)
	switch {
	case err != nil:
		return nil, err
	case length <= 0 || length > maxFilter || length%bloom.BlockSize != 0 || length > r.size-at || kinds != 3:
		return nil, fmt.Errorf("%w: a filter of %d bytes", errParquet, length)
	}
	b := make([]byte, length)
	if _, err := r.in.ReadAt(b, at); err != nil {
		return nil, err
	}
	return bloom.MakeSplitBlockFilter(b), nil
}

// read reads the columns that are wanted.
func (r *reader) read(ctx context.Context, n int, g *format.RowGroup, put func(record.Record)) error {
	var cursors []*cursor
	defer func() {
		for _, c := range cursors {
			c.close()
		}
	}()
	total := int64(0)
	for i := range r.leafs {
		l := &r.leafs[i]
		if l.field != nil && r.opt.Want != nil && !r.opt.Want(l.field) {
			continue
		}
		if l.column >= len(g.Columns) {
			return fmt.Errorf("%w: a column is missing", errParquet)
		}
		m := &g.Columns[l.column].MetaData
		if total += m.TotalCompressedSize; total > maxGroupBytes {
			return fmt.Errorf("%w: more than %d bytes", errParquet, maxGroupBytes)
		}
		if err := checkChunk(r.in, r.size, m); err != nil {
			return err
		}
		cursors = append(cursors, &cursor{leaf: l, names: r.names, pages: r.file.RowGroups()[n].ColumnChunks()[l.column].Pages()})
	}
	for row := int64(0); row < g.NumRows; row++ {
		if row%askEvery == 0 && ctx.Err() != nil {
			return nil
		}
		rec := r.t.New()
		for _, c := range cursors {
			if err := c.next(rec); err != nil {
				return fmt.Errorf("row %d: %w", row, err)
			}
		}
		if r.opt.outside(rec.Base().TS) {
			continue
		}
		r.stats.Rows++
		put(rec)
	}
	return nil
}

// cursor reads one column row by row.
type cursor struct {
	leaf   *leaf
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader
	buf    [128]parquet.Value
	at, n  int
	cells  []record.Cell
	names  names
}

func (c *cursor) close() {
	if c.page != nil {
		parquet.Release(c.page)
	}
	_ = c.pages.Close()
}

// peek is the next value, nil at the end of the column.
func (c *cursor) peek() (*parquet.Value, error) {
	for c.at == c.n {
		if c.values == nil {
			p, err := c.pages.ReadPage()
			if errors.Is(err, io.EOF) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			if c.page != nil {
				parquet.Release(c.page)
			}
			c.page, c.values = p, p.Values()
		}
		n, err := c.values.ReadValues(c.buf[:])
		c.at, c.n = 0, n
		switch {
		case errors.Is(err, io.EOF) || err == nil && n == 0:
			c.values = nil
		case err != nil:
			return nil, err
		}
	}
	return &c.buf[c.at], nil
}

// next reads the values of the next row into rec.
func (c *cursor) next(rec record.Record) error {
	c.cells = c.cells[:0]
	for first := true; ; first = false {
		v, err := c.peek()
		if err != nil {
			return err
		}
		if v == nil && first {
			return fmt.Errorf("%w: a column ends early", errParquet)
		}
		if v == nil || !first && v.RepetitionLevel() == 0 {
			break
		}
		c.at++
		if v.DefinitionLevel() == 0 || c.leaf.list && v.IsNull() && !c.gaps() {
			continue // the field is absent
		}
		x := cell(v)
		if c.leaf.list {
			x.Text = bytes.Clone(x.Text) // the next value may be on another page
		}
		c.cells = append(c.cells, x)
		if len(c.cells) > maxPageValues {
			return fmt.Errorf("%w: a row of more than %d values", errParquet, maxPageValues)
		}
		if !c.leaf.list {
			break
		}
	}
	if c.leaf.field != nil {
		return c.leaf.field.SetCells(rec, c.cells)
	}
	if len(c.cells) == 0 || c.cells[0].Null {
		return nil
	}
	ref, x := &rec.Base().Ref, &c.cells[0]
	kind := record.RefFile
	switch c.leaf.extra {
	case sink.RefFile:
		ref.File = c.names.of(string(x.Text))
		return nil
	case sink.RefOffset:
		kind = record.RefOffset
	case sink.RefLine:
		kind = record.RefLine
	case sink.RefRecord:
		kind = record.RefRecord
	}
	ref.Kind, ref.Pos = kind, int64(x.Number) // #nosec G115 -- two's complement
	return nil
}

func (c *cursor) gaps() bool { return c.leaf.field != nil && c.leaf.field.Gaps() }

// cell is a value as record holds it. Text is copied by who keeps it.
func cell(v *parquet.Value) record.Cell {
	if v.IsNull() {
		return record.Cell{Null: true}
	}
	switch v.Kind() {
	case parquet.ByteArray:
		return record.Cell{Text: v.ByteArray()}
	case parquet.Boolean:
		if v.Boolean() {
			return record.Cell{Number: 1}
		}
		return record.Cell{}
	case parquet.Double:
		return record.Cell{Float: v.Double()}
	}
	return record.Cell{Number: uint64(v.Int64())} // #nosec G115 -- two's complement
}
