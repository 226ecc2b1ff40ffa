package s7comm

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"longwatch/internal/record/ot"
)

//go:embed names.txt
var namesText string

// entry is a line of names.txt.
type entry struct{ name, access string }

// table is names.txt, by list and code.
var table = sync.OnceValue(func() map[[2]string]entry {
	t := map[[2]string]entry{}
	for line := range strings.Lines(namesText) {
		f := strings.SplitN(strings.TrimSpace(line), " ", 4)
		if len(f) == 4 && f[0] != "#" {
			t[[2]string{f[0], f[1]}] = entry{f[3], f[2]}
		}
	}
	return t
})

// lookup finds a numbered entry of a list.
func lookup(list string, code uint16) (entry, bool) {
	e, ok := table()[[2]string{list, fmt.Sprintf("%02x", code)}]
	return e, ok
}

// name is the name of a number in a list, or unknown.
func name(list string, code uint16, unknown string) string {
	if e, ok := lookup(list, code); ok {
		return e.name
	}
	return unknown
}

// operation is an entry of a list of operations.
func operation(list string, code uint16) entry {
	if e, ok := lookup(list, code); ok {
		return e
	}
	return entry{"unknown", ot.Other}
}

// service is an entry of the services that PLC Control calls by name.
func service(s string) entry {
	if e, ok := table()[[2]string{"service", s}]; ok {
		return e
	}
	return entry{"unknown", ot.Control}
}
