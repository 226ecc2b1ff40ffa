package sink

import (
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"

	"longwatch/internal/record"
)

// Parquet is Apache Parquet (https://parquet.apache.org/docs/file-format/), one
// file a record type: zstd, statistics of every page, and a bloom filter on every column that holds
// an entity, so that a look-up of one address reads little.
var Parquet = Format{
	Name: "parquet", Suffix: ".parquet",
	Append: func(dst []byte, t *record.Type, r record.Record) []byte { return t.AppendRow(dst, r) },
	Rows:   newParquet,
}

const (
	// rowGroup is how many rows are written as one group: enough for columns to
	// compress, few enough to be held.
	rowGroup = 128 << 10
	// bloomBits of a filter per value: one in a hundred look-ups reads in vain.
	bloomBits = 10
)

// parquetFile writes rows that AppendRow made.
type parquetFile struct {
	t    *record.Type
	w    *parquet.GenericWriter[any]
	leaf []leaf
	rows []parquet.Row
}

// leaf is a column of the file.
type leaf struct {
	index int // of the column
	max   int // definition level of a value
	list  bool
	kind  record.Physical
}

func newParquet(w io.Writer, t *record.Type) rowWriter {
	p := &parquetFile{t: t, leaf: make([]leaf, len(t.Fields)), rows: make([]parquet.Row, 0, 256)}
	root := columns{Group: parquet.Group{}}
	options := []parquet.WriterOption{
		parquet.Compression(&parquet.Zstd), parquet.DataPageStatistics(true), parquet.MaxRowsPerRowGroup(rowGroup),
		parquet.CreatedBy("longwatch", "1", ""),
	}
	var blooms []parquet.BloomFilterColumn
	for i := range t.Fields {
		f := &t.Fields[i]
		node, max := column(f)
		p.leaf[i] = leaf{index: i, max: max, list: f.Vector(), kind: f.Physical()}
		root.Group[f.Name] = node
		root.order = append(root.order, f.Name)
		if f.Kind != "" {
			path := []string{f.Name}
			if f.Vector() {
				path = append(path, "list", "element")
			}
			blooms = append(blooms, parquet.SplitBlockFilter(bloomBits, path...))
		}
	}
	options = append(options, parquet.NewSchema(t.Name, root), parquet.BloomFilters(blooms...))
	p.w = parquet.NewGenericWriter[any](w, options...)
	return p
}

// column is the node of a field and the definition level of its values: every
// field may be absent, and so may single values of some lists.
func column(f *record.Field) (parquet.Node, int) {
	var n parquet.Node
	//exhaustive:enforce
	switch f.Physical() {
	case record.Text:
		n = parquet.String()
	case record.Bool:
		n = parquet.Leaf(parquet.BooleanType)
	case record.Unsigned:
		n = parquet.Uint(64)
	case record.Signed, record.Interval:
		n = parquet.Int(64)
	case record.Float:
		n = parquet.Leaf(parquet.DoubleType)
	case record.Instant:
		n = parquet.Timestamp(parquet.Nanosecond)
	}
	level := 1
	if f.Gaps() {
		n, level = parquet.Optional(n), level+1
	}
	if f.Vector() {
		n, level = parquet.List(n), level+1
	}
	return parquet.Optional(n), level
}

// columns is a group whose columns stand in the order of the record.
type columns struct {
	parquet.Group
	order []string
}

// Fields implements parquet.Node.
func (c columns) Fields() []parquet.Field {
	fields := c.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(c.order, a.Name()) - slices.Index(c.order, b.Name())
	})
	return fields
}

// put takes one row; its bytes are kept until the next flush.
func (p *parquetFile) put(row []byte) error {
	out := make(parquet.Row, 0, len(p.leaf)+8)
	err := p.t.Cells(slices.Clone(row), func(col, n int, c record.Cell) {
		l := &p.leaf[col]
		switch {
		case n < 0:
			out = append(out, parquet.Value{}.Level(0, 0, l.index))
			return
		case c.Null:
			out = append(out, parquet.Value{}.Level(min(n, 1), l.max-1, l.index))
			return
		}
		repeat := 0
		if l.list {
			repeat = min(n, 1)
		}
		out = append(out, value(l.kind, c).Level(repeat, l.max, l.index))
	})
	if err != nil {
		return err
	}
	p.rows = append(p.rows, out)
	if len(p.rows) == cap(p.rows) {
		return p.flush()
	}
	return nil
}

func value(k record.Physical, c record.Cell) parquet.Value {
	switch k {
	case record.Text:
		return parquet.ByteArrayValue(record.ValidText(c.Text))
	case record.Bool:
		return parquet.BooleanValue(c.Number != 0)
	case record.Float:
		return parquet.DoubleValue(c.Float)
	case record.Unsigned, record.Signed, record.Instant, record.Interval:
	}
	return parquet.Int64Value(int64(c.Number))
}

func (p *parquetFile) flush() error {
	_, err := p.w.WriteRows(p.rows)
	p.rows = p.rows[:0]
	return err
}

func (p *parquetFile) close() error {
	if err := p.flush(); err != nil {
		return err
	}
	return p.w.Close()
}
