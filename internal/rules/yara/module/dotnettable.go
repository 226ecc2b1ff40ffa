package module

import "strings"

// The columns of the metadata tables (ECMA-335, II.22): 2 and 4 are numbers of
// so many bytes, s, g and b places in the heaps, t and a number a row of that
// table, and a word a row of one of several tables.
var dotnetTables = strings.Split(`2 s g g g
scope s s
4 s s typeref t4 t6
t4
2 s b
t6
4 2 2 s b t8
t8
2 2 s
t2 typeref
parent s b
2 constant b
attribute attributetype b
marshal b
2 security b
2 4 t2
4 t4
b
t2 t20
t20
2 s typeref
t2 t23
t23
2 s b
2 t6 semantics
t2 method method
s
b
2 forwarded s t26
4 t4
4 4
4
4 2 2 2 2 4 b s s
4
4 4 4
2 2 2 2 4 b s s b
4 t35
4 4 4 t35
4 s b
4 4 s s implementation
4 4 s implementation
t2 t2
2 2 owner s
method b
t42 typeref`, "\n")

// codedIndex says which tables a word in dotnetTables can lead to, after how
// many bits tell which (II.24.2.6).
var codedIndex = map[string]struct {
	bits   int64
	tables []int
}{
	"typeref": {2, []int{2, 1, 27}}, "constant": {2, []int{4, 8, 23}}, "marshal": {1, []int{4, 8}}, "security": {2, []int{2, 6, 32}},
	"attribute":     {5, []int{6, 4, 1, 2, 8, 9, 10, 0, 14, 23, 20, 17, 26, 27, 32, 35, 38, 39, 40, 42, 44, 43}},
	"attributetype": {3, []int{6, 10}}, "parent": {3, []int{2, 1, 26, 6, 27}}, "semantics": {1, []int{20, 23}}, "method": {1, []int{6, 10}},
	"forwarded": {1, []int{4, 6}}, "implementation": {2, []int{38, 35, 39}}, "scope": {2, []int{0, 26, 35, 1}}, "owner": {1, []int{2, 6}},
}

// Tables that are shown.
const (
	tableModule       = 0
	tableTypeRef      = 1
	tableMemberRef    = 10
	tableConstant     = 11
	tableAttribute    = 12
	tableModuleRef    = 26
	tableFieldRVA     = 29
	tableAssembly     = 32
	tableAssemblyRef  = 35
	tableResource     = 40
	maxMetadataTables = 64
)

// metadata is the stream of tables.
type metadata struct {
	f     *dotnetFile
	rows  [maxMetadataTables]int64
	start [maxMetadataTables]int64
	width [maxMetadataTables][]int64 // of each column
	size  [maxMetadataTables]int64   // of a row
	heaps int64                      // which heaps need four bytes
	blobs int64                      // bytes that were taken of blobs
}

// readMetadata lays out the tables; false when they do not fit.
func (f *dotnetFile) readMetadata() (*metadata, bool) {
	place, ok := f.places["#~"]
	_, strs := f.places["#Strings"]
	_, blobs := f.places["#Blob"]
	if !ok || !strs || !blobs || !f.fits(place[0], 24) {
		return nil, false
	}
	m := &metadata{f: f, heaps: f.u8(place[0] + 6)}
	at := place[0] + 24
	valid := uint64(f.u64(place[0] + 8))
	for i := range m.rows {
		if valid>>i&1 != 0 {
			if m.rows[i] = f.u32(at); !f.fits(at, 4) || m.rows[i] > int64(len(f.b)) {
				return nil, false
			}
			at += 4
		}
	}
	for i := range m.rows {
		if m.rows[i] == 0 {
			continue
		}
		if i >= len(dotnetTables) {
			return m, true // tables of other tools: nothing shown lies behind them
		}
		for col := range strings.FieldsSeq(dotnetTables[i]) {
			w := m.columnWidth(col)
			m.width[i] = append(m.width[i], w)
			m.size[i] += w
		}
		m.start[i] = at
		at += m.size[i] * m.rows[i]
	}
	return m, true
}

func (m *metadata) columnWidth(col string) int64 {
	wide := false
	switch {
	case col == "2":
	case col == "4":
		wide = true
	case col == "s":
		wide = m.heaps&1 != 0
	case col == "g":
		wide = m.heaps&2 != 0
	case col == "b":
		wide = m.heaps&4 != 0
	case col[0] == 't' && len(col) < 4:
		n := int(col[1] - '0')
		if len(col) == 3 {
			n = n*10 + int(col[2]-'0')
		}
		wide = m.rows[n] > 0xffff
	default:
		c := codedIndex[col]
		for _, t := range c.tables {
			wide = wide || m.rows[t] > 0xffff>>c.bits
		}
	}
	if wide {
		return 4
	}
	return 2
}

// cell reads a number of a table; rows count from zero.
func (m *metadata) cell(table int, row int64, col int) int64 {
	if row < 0 || row >= m.rows[table] || col >= len(m.width[table]) {
		return 0
	}
	at := m.start[table] + row*m.size[table]
	for _, w := range m.width[table][:col] {
		at += w
	}
	if m.width[table][col] == 4 {
		return m.f.u32(at)
	}
	return m.f.u16(at)
}

// name is a text of the heap of names; undefined when there is none.
func (m *metadata) name(table int, row int64, col int) Value {
	text, ended := m.f.text(m.f.places["#Strings"][0]+m.cell(table, row, col), maxName)
	if !ended {
		return Undefined
	}
	return String(text)
}

// bytes is an entry of the heap of blobs.
func (m *metadata) bytes(table int, row int64, col int) (string, bool) {
	start, length, ok := m.f.blob(m.f.places["#Blob"][0] + m.cell(table, row, col))
	if m.blobs += length; !ok || length == 0 || !m.f.fits(start, length) || m.blobs > maxBlobs {
		return "", false
	}
	return string(m.f.b[start : start+length]), true
}

// each calls f for the rows of a table, at most maxListed.
func (m *metadata) each(table int, f func(row int64)) {
	for i := range min(m.rows[table], maxListed) {
		f(i)
	}
}

// putTables puts what the metadata tables say.
func (f *dotnetFile) putTables(o *Object) {
	m, ok := f.readMetadata()
	if !ok {
		return
	}
	if m.rows[tableModule] > 0 {
		o.set("module_name", m.name(tableModule, 0, 1))
	}
	if m.rows[tableAssembly] > 0 {
		m.putVersion(o, "assembly.version", tableAssembly, 0, 1)
		o.set("assembly.name", m.name(tableAssembly, 0, 7))
		if culture := m.name(tableAssembly, 0, 8); culture.S != "" {
			o.set("assembly.culture", culture)
		}
	}
	var refs, resources structs
	m.each(tableAssemblyRef, func(row int64) {
		r := refs.add()
		m.putVersion(r, "version", tableAssemblyRef, row, 0)
		if key, ok := m.bytes(tableAssemblyRef, row, 5); ok {
			r.text("public_key_or_token", key)
		}
		r.set("name", m.name(tableAssemblyRef, row, 6))
	})
	o.putList("assembly_refs", refs)
	base := f.offset(f.u32(f.header + 24))
	m.each(tableResource, func(row int64) {
		r := resources.add()
		if at := base + m.cell(tableResource, row, 0); base >= 0 && m.cell(tableResource, row, 3) == 0 && f.fits(at, 4) {
			r.num("offset", at+4)
			r.num("length", f.u32(at))
		}
		r.set("name", m.name(tableResource, row, 2))
	})
	o.putList("resources", resources)
	m.putLists(o)
}

func (m *metadata) putVersion(o *Object, name string, table int, row int64, col int) {
	for i, part := range [...]string{"major", "minor", "build_number", "revision_number"} {
		o.num(name+"."+part, m.cell(table, row, col+i))
	}
}

func (m *metadata) putLists(o *Object) {
	var modules, constants, offsets []Value
	m.each(tableModuleRef, func(row int64) {
		if n := m.name(tableModuleRef, row, 0); n.Defined() {
			modules = append(modules, n)
		}
	})
	m.each(tableConstant, func(row int64) {
		const text = 0x0e
		if b, ok := m.bytes(tableConstant, row, 2); ok && m.cell(tableConstant, row, 0)&0xff == text {
			constants = append(constants, String(b))
		}
	})
	m.each(tableFieldRVA, func(row int64) {
		if at := m.f.offset(m.cell(tableFieldRVA, row, 0)); at >= 0 {
			offsets = append(offsets, Number(at))
		}
	})
	o.putList("modulerefs", modules)
	o.putList("constants", constants)
	o.putList("field_offsets", offsets)
	m.each(tableAttribute, func(row int64) {
		if id, ok := m.typelib(row); ok {
			o.text("typelib", id)
		}
	})
}

// typelib is the GUID in an attribute of the assembly that is a GuidAttribute.
func (m *metadata) typelib(row int64) (string, bool) {
	parent, kind := m.cell(tableAttribute, row, 0), m.cell(tableAttribute, row, 1)
	if parent&0x1f != 14 || kind&7 != 3 { // of the assembly, by a member reference
		return "", false
	}
	class := m.cell(tableMemberRef, kind>>3-1, 0)
	if class&7 != 1 || m.name(tableTypeRef, class>>3-1, 1).S != "GuidAttribute" {
		return "", false
	}
	b, ok := m.bytes(tableAttribute, row, 2)
	if !ok || len(b) < 4 || b[0] != 1 || b[1] != 0 || int(b[2]) > len(b)-3 || b[2] == 0xff {
		return "", false
	}
	return strings.TrimRight(b[3:3+int(b[2])], "\x00"), true
}
