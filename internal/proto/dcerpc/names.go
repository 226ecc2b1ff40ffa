package dcerpc

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed names.txt
var namesText string

// iface is an interface that we have a name for.
type iface struct {
	name string
	ops  []string
}

// interfaces is the table of names.txt, by UUID.
var interfaces = sync.OnceValue(func() map[string]*iface {
	table := map[string]*iface{}
	var last *iface
	for line := range strings.Lines(namesText) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == ' ':
			for op := range strings.FieldsSeq(line) {
				n, _ := strconv.Atoi(strings.TrimPrefix(op, "*"))
				if op[0] != '*' {
					n = 1
				} else {
					op = "-"
				}
				last.ops = append(last.ops, slices.Repeat([]string{op}, n)...)
			}
		default:
			uuid, name, _ := strings.Cut(line, " ")
			last = &iface{name: name}
			table[uuid] = last
		}
	}
	return table
})

// endpointName names an interface, as Zeek does when it has no name for it.
func endpointName(uuid string) string {
	if i := interfaces()[uuid]; i != nil {
		return i.name
	}
	return "unknown-" + uuid
}

// operationName names an operation, and tells whether it is so common that it
// is not recorded.
func operationName(uuid string, opnum uint16) (name string, noise bool) {
	if i := interfaces()[uuid]; i != nil && int(opnum) < len(i.ops) && i.ops[opnum] != "-" {
		return strings.CutPrefix(i.ops[opnum], "~")
	}
	return "unknown-" + strconv.Itoa(int(opnum)), false
}
