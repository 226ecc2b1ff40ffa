package enip

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed names.txt
var namesText string

type entry struct {
	table byte
	n     uint32
}

var names = sync.OnceValue(func() map[entry]string {
	t := map[entry]string{}
	for line := range strings.Lines(namesText) {
		table, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		number, name, _ := strings.Cut(rest, " ")
		if n, err := strconv.ParseUint(number, 16, 32); err == nil && len(table) == 1 {
			t[entry{table[0], uint32(n)}] = name // #nosec G115 -- 32 bits
		}
	}
	return t
})

// name is what a table of names.txt says of n; other, which may want n, when
// it says nothing.
func name(table byte, n uint32, other string) string {
	if s, ok := names()[entry{table, n}]; ok {
		return s
	}
	if strings.Contains(other, "%") {
		return fmt.Sprintf(other, n)
	}
	return other
}
