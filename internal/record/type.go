package record

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"
)

// valueKind is how a field is written.
type valueKind uint8

const (
	kindString valueKind = iota
	kindBool
	kindUint
	kindInt
	kindFloat
	kindTime
	kindInterval
	kindAddr
	kindPrefix
	kindFields // []KV, written inline as an object
)

// Field is one column of a record type.
type Field struct {
	Name string // everywhere; the Zeek name if Zeek has one
	ECS  string // ECS field, or empty
	Kind string // entity kind, or empty
	Role string // entity role, or empty

	// Match is what indicators are compared with the value as: its entity
	// kind, or that of its match tag, such as command_line, where the value
	// tells no record from another and so is no entity. Empty for neither.
	Match string

	Port, Set, Enum, Secret bool // options of the rec tag
	Extra                   bool // not a column of Zeek's log of this name: left out of its formats

	index  []int
	offset uintptr // in the record's struct: none of those it is embedded by is a pointer
	kind   valueKind
	vector bool
	opt    bool
}

// KV is one named value of a record whose fields the evidence names itself,
// such as an event log's EventData.
type KV struct{ Name, Value string }

// Type is the schema of a record, read from its struct tags.
type Type struct {
	Name   string
	Fields []Field

	goType reflect.Type
	byName map[string]int
	ents   []int
	match  []int // columns that indicators are compared with
	stock  *Type

	isStock bool // the columns of Zeek's log only

	slots []slot // how a record is packed
	heavy []int  // slots that hold more than the struct
}

// Stock is the type with the columns of Zeek's log of this name only, for
// writing what reads Zeek's logs. It is t itself when there are no others.
func (t *Type) Stock() *Type { return t.stock }

// Of reads the schema of T, which must embed Head or Conn. It panics on a bad
// tag: the package's own test is the first to notice.
func Of[T any](name string) *Type {
	t := &Type{Name: name, goType: reflect.TypeFor[T](), byName: map[string]int{}}
	t.walk(t.goType, nil, 0)
	t.plan()
	t.stock = t
	if !slices.ContainsFunc(t.Fields, func(f Field) bool { return f.Extra }) {
		return t
	}
	t.stock = &Type{Name: name, goType: t.goType, byName: map[string]int{}}
	t.stock.stock, t.stock.isStock = t.stock, true
	for _, f := range t.Fields {
		if f.Extra {
			continue
		}
		t.stock.byName[f.Name] = len(t.stock.Fields)
		if f.Kind != "" {
			t.stock.ents = append(t.stock.ents, len(t.stock.Fields))
		}
		t.stock.Fields = append(t.stock.Fields, f)
	}
	return t
}

func (t *Type) walk(st reflect.Type, index []int, offset uintptr) {
	for i := range st.NumField() {
		f := st.Field(i)
		at := append(append([]int(nil), index...), i)
		tag, ok := f.Tag.Lookup("rec")
		if tag == "-" {
			continue
		}
		if !ok {
			if f.Anonymous && f.Type.Kind() == reflect.Struct {
				t.walk(f.Type, at, offset+f.Offset)
				continue
			}
			panic(fmt.Sprintf("record: %s.%s has no rec tag", t.Name, f.Name))
		}
		name, opts, _ := strings.Cut(tag, ",")
		fd := Field{Name: name, ECS: f.Tag.Get("ecs"), index: at, offset: offset + f.Offset}
		fd.Kind, fd.Role, _ = strings.Cut(f.Tag.Get("ent"), ",")
		if fd.Match = fd.Kind; fd.Match == "" {
			fd.Match = f.Tag.Get("match")
		}
		for o := range strings.SplitSeq(opts, ",") {
			switch o {
			case "":
			case "port":
				fd.Port = true
			case "set":
				fd.Set = true
			case "enum":
				fd.Enum = true
			case "secret":
				fd.Secret = true
			case "extra":
				fd.Extra = true
			default:
				panic(fmt.Sprintf("record: %s.%s: unknown option %q", t.Name, f.Name, o))
			}
		}
		fd.classify(f.Type)
		if _, twice := t.byName[name]; twice || name == "" {
			panic(fmt.Sprintf("record: %s: field name %q is empty or used twice", t.Name, name))
		}
		t.byName[name] = len(t.Fields)
		if fd.Kind != "" {
			t.ents = append(t.ents, len(t.Fields))
		}
		if fd.Match != "" {
			t.match = append(t.match, len(t.Fields))
		}
		t.Fields = append(t.Fields, fd)
	}
}

func (f *Field) classify(ft reflect.Type) {
	if ft == reflect.TypeFor[[]KV]() {
		f.kind = kindFields
		return
	}
	if ft.Kind() == reflect.Slice {
		f.vector = true
		ft = ft.Elem()
	}
	if _, ok := reflect.Zero(ft).Interface().(interface{ IsOpt() }); ok {
		f.opt = true
		ft = ft.Field(0).Type
	}
	switch ft {
	case reflect.TypeFor[Time]():
		f.kind = kindTime
		return
	case reflect.TypeFor[time.Duration]():
		f.kind = kindInterval
		return
	case reflect.TypeFor[netip.Addr]():
		f.kind = kindAddr
		return
	case reflect.TypeFor[netip.Prefix]():
		f.kind = kindPrefix
		return
	}
	switch ft.Kind() {
	case reflect.String:
		f.kind = kindString
	case reflect.Bool:
		f.kind = kindBool
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		f.kind = kindUint
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		f.kind = kindInt
	case reflect.Float64:
		f.kind = kindFloat
	default:
		panic(fmt.Sprintf("record: field %q: %v cannot be recorded", f.Name, ft))
	}
}

// New returns a new, empty record of this type.
func (t *Type) New() Record { return reflect.New(t.goType).Interface().(Record) }

// Index is where the field lies in the record's struct, as reflect counts.
func (f *Field) Index() []int { return f.index }

// Field returns the column of that name.
func (t *Type) Field(name string) (*Field, bool) {
	i, ok := t.byName[name]
	if !ok {
		return nil, false
	}
	return &t.Fields[i], true
}

// Matched are the numbers of the columns that indicators are compared with.
func (t *Type) Matched() []int { return t.match }

// value returns the reflected value of f in r and whether it is present.
// Empty strings, slices, invalid addresses and zero times count as absent;
// numbers and booleans are always present unless they are Opt.
func (f *Field) value(rv reflect.Value) (reflect.Value, bool) {
	v := rv.FieldByIndex(f.index)
	if f.vector || f.kind == kindFields {
		return v, v.Len() > 0
	}
	if f.opt {
		if !v.Field(1).Bool() {
			return v, false
		}
		return v.Field(0), true
	}
	switch f.kind {
	case kindString:
		return v, v.Len() > 0
	case kindTime:
		return v, v.Int() != 0
	case kindAddr:
		if v.CanAddr() { // a pointer is not copied to the heap
			return v, v.Addr().Interface().(*netip.Addr).IsValid()
		}
		return v, v.Interface().(netip.Addr).IsValid()
	case kindPrefix:
		return v, v.Interface().(netip.Prefix).IsValid()
	default:
		return v, true
	}
}

// Text returns the values of f in r as text, none when absent.
func (f *Field) Text(r Record) []string {
	v, ok := f.value(reflect.ValueOf(r).Elem())
	if !ok || f.kind == kindFields {
		return nil
	}
	if !f.vector {
		return []string{string(f.appendText(nil, v))}
	}
	out := make([]string, 0, v.Len())
	for i := range v.Len() {
		e := v.Index(i)
		if f.opt {
			e = e.Field(0)
		}
		out = append(out, string(f.appendText(nil, e)))
	}
	return out
}

// Entities returns the entities of r, in field order.
func (t *Type) Entities(r Record) []Entity {
	var out []Entity
	for _, i := range t.ents {
		f := &t.Fields[i]
		for _, s := range f.Text(r) {
			if s != "" {
				out = append(out, Entity{Kind: f.Kind, Value: s, Role: f.Role})
			}
		}
	}
	return out
}
