package sink

import (
	"encoding/binary"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"

	"longwatch/internal/lookup"
	"longwatch/internal/record"
)

// Parquet is Apache Parquet (https://parquet.apache.org/docs/file-format/), one
// file a record type: zstd, statistics of every page and column, and a bloom
// filter on every column that holds an entity, so that a look-up of one address
// reads little. The last columns say where in the evidence a record stands, and
// under which other keys its entities can be asked for; see package store.
var Parquet = ParquetOf(rowGroup)

// ParquetOf is Parquet with so many rows in a row group.
func ParquetOf(rows int) Format {
	return Format{
		Name: "parquet", Suffix: ".parquet",
		Append: func(dst []byte, t *record.Type, r record.Record) []byte {
			return t.AppendRow(appendRef(dst, r.Base().Ref), r)
		},
		Rows: func(w io.Writer, t *record.Type) rowWriter { return newParquet(w, t, rows) },
	}
}

const (
	// rowGroup is how many rows are written as one group: enough for columns to
	// compress, few enough to be held.
	rowGroup = 128 << 10
	// bloomBits of a filter per value: one in a hundred look-ups reads in vain.
	bloomBits = 10
)

// The columns behind those of the record.
const (
	RefFile     = "ref.file"   // evidence path as in the manifest
	RefOffset   = "ref.offset" // byte offset from the start of the evidence
	RefLine     = "ref.line"   // line number, from 1
	RefRecord   = "ref.record" // record number as the evidence numbers it
	LookupKeys  = "lookup"     // keys of package lookup that no earlier row of the row group has, and that no column holds as they are
	extraLeaves = 5
)

// parquetFile writes rows that AppendRow made, each after its reference.
type parquetFile struct {
	t    *record.Type
	w    *parquet.GenericWriter[any]
	leaf []leaf
	rows []parquet.Row

	group   int               // rows of a row group
	inGroup int               // rows of the row group at hand
	seen    map[string]bool   // keys of the row group at hand
	asked   map[string][]byte // values of the row at hand that requests are joined of
	fresh   []string          // keys of the row at hand that are new
}

// leaf is a column of the file.
type leaf struct {
	index int // of the column
	max   int // definition level of a value
	list  bool
	kind  record.Physical
	match string // what values are asked for as; empty: they are not
	part  bool   // of a request
}

func newParquet(w io.Writer, t *record.Type, group int) rowWriter {
	p := &parquetFile{t: t, group: group, leaf: make([]leaf, len(t.Fields)), rows: make([]parquet.Row, 0, 256), seen: map[string]bool{}, asked: map[string][]byte{}}
	root := columns{Group: parquet.Group{}}
	options := []parquet.WriterOption{
		parquet.Compression(&parquet.Zstd), parquet.DataPageStatistics(true),
		parquet.CreatedBy("longwatch", "1", ""),
	}
	var blooms []parquet.BloomFilterColumn
	add := func(name string, n parquet.Node) {
		root.Group[name] = n
		root.order = append(root.order, name)
	}
	for i := range t.Fields {
		f := &t.Fields[i]
		node, max := column(f)
		p.leaf[i] = leaf{index: i, max: max, list: f.Vector(), kind: f.Physical(), part: lookup.OfRequest(f.Name)}
		add(f.Name, node)
		if f.Match == "" || f.Physical() != record.Text {
			continue
		}
		p.leaf[i].match = f.Match
		path := []string{f.Name}
		if f.Vector() {
			path = append(path, "list", "element")
		}
		blooms = append(blooms, parquet.SplitBlockFilter(bloomBits, path...))
	}
	blooms = append(blooms, parquet.SplitBlockFilter(bloomBits, LookupKeys, "list", "element"))
	text := parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
	add(RefFile, parquet.Optional(text))
	for _, name := range []string{RefOffset, RefLine, RefRecord} {
		add(name, parquet.Optional(parquet.Int(64)))
	}
	add(LookupKeys, parquet.Optional(parquet.List(text)))
	options = append(options, parquet.NewSchema(t.Name, root), parquet.BloomFilters(blooms...))
	p.w = parquet.NewGenericWriter[any](w, options...)
	return p
}

// column is the node of a field and the definition level of its values: every
// field may be absent, and so may single values of some lists. Text that is
// asked for is written by a dictionary, whose size is that of its filter.
func column(f *record.Field) (parquet.Node, int) {
	var n parquet.Node
	//exhaustive:enforce
	switch f.Physical() {
	case record.Text:
		n = parquet.String()
		if f.Match != "" {
			n = parquet.Encoded(n, &parquet.RLEDictionary)
		}
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

// appendRef appends a reference in a form that takeRef reads back.
func appendRef(dst []byte, ref record.Ref) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(ref.File)))
	dst = append(append(dst, ref.File...), byte(ref.Kind))
	return binary.AppendVarint(dst, ref.Pos)
}

// takeRef parts a row into its reference and what AppendRow wrote.
func takeRef(row []byte) (ref record.Ref, rest []byte, err error) {
	n, used := binary.Uvarint(row)
	if used <= 0 || n >= uint64(len(row)-used) {
		return ref, nil, record.ErrRow
	}
	end := used + int(n) // #nosec G115 -- below the length of the row
	ref.File, ref.Kind = string(row[used:end]), record.RefKind(row[end])
	pos, used := binary.Varint(row[end+1:])
	if used <= 0 {
		return ref, nil, record.ErrRow
	}
	ref.Pos = pos
	return ref, row[end+1+used:], nil
}

// put takes one row; its bytes are kept until the next flush.
func (p *parquetFile) put(row []byte) error {
	ref, cells, err := takeRef(slices.Clone(row))
	if err != nil {
		return err
	}
	out := make(parquet.Row, 0, len(p.leaf)+extraLeaves+8)
	p.fresh = p.fresh[:0]
	clear(p.asked)
	err = p.t.Cells(cells, func(col, n int, c record.Cell) {
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
		v := value(l.kind, c)
		out = append(out, v.Level(repeat, l.max, l.index))
		if l.kind == record.Text {
			p.ask(l, col, n, v.ByteArray())
		}
	})
	if err != nil {
		return err
	}
	lookup.Request(func(name string) string { return string(p.asked[name]) }, p.key)
	p.rows = append(p.rows, p.extra(out, ref))
	p.inGroup++
	if p.inGroup == p.group {
		return p.endGroup()
	}
	if len(p.rows) == cap(p.rows) {
		return p.flush()
	}
	return nil
}

// ask notes under which keys a value can be asked for.
func (p *parquetFile) ask(l *leaf, col, n int, text []byte) {
	if l.part && n == 0 {
		p.asked[p.t.Fields[col].Name] = text
	}
	if l.match == "" {
		return
	}
	own := string(text)
	lookup.Keys(l.match, own, func(key string) {
		if key != own { // the column's own filter knows the value itself
			p.key(key)
		}
	})
}

// key notes a key of the row at hand, once in a row group.
func (p *parquetFile) key(key string) {
	if !p.seen[key] {
		p.seen[key] = true
		p.fresh = append(p.fresh, key)
	}
}

// extra appends the columns behind those of the record.
func (p *parquetFile) extra(out parquet.Row, ref record.Ref) parquet.Row {
	at := len(p.leaf)
	null := func() { out = append(out, parquet.Value{}.Level(0, 0, at)); at++ }
	if ref.File == "" {
		null()
	} else {
		out = append(out, parquet.ByteArrayValue(record.ValidText([]byte(ref.File))).Level(0, 1, at))
		at++
	}
	for _, kind := range []record.RefKind{record.RefOffset, record.RefLine, record.RefRecord} {
		if ref.Kind != kind || ref.File == "" {
			null()
			continue
		}
		out = append(out, parquet.Int64Value(ref.Pos).Level(0, 1, at))
		at++
	}
	for i, key := range p.fresh {
		out = append(out, parquet.ByteArrayValue([]byte(key)).Level(min(i, 1), 2, at))
	}
	if len(p.fresh) == 0 {
		null()
	}
	return out
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

// endGroup writes the row group at hand.
func (p *parquetFile) endGroup() error {
	if err := p.flush(); err != nil {
		return err
	}
	p.inGroup = 0
	clear(p.seen)
	return p.w.Flush()
}

func (p *parquetFile) close() error {
	if err := p.flush(); err != nil {
		return err
	}
	return p.w.Close()
}
