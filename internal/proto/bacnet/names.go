package bacnet

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
	var at entry
	for line := range strings.Lines(namesText) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0 || line[0] == '#':
			continue
		case line[0] != ' ':
			first, _ := strconv.ParseUint(f[1], 10, 32)
			at, f = entry{f[0][0], uint32(first)}, f[2:] // #nosec G115 -- 32 bits
		}
		for _, s := range f {
			if at.table == 'v' {
				s = strings.ReplaceAll(s, "_", " ")
			}
			if s != "-" {
				t[at] = s
			}
			at.n++
		}
	}
	return t
})

// others are what the tables of names.txt say of a number without a name.
var others = map[byte]string{
	'f': "Unknown BVLC Function Code-0x%02x", 'b': "Unknown BVLC Result Code-0x%02x", 'a': "Unknown Abort Reason-0x%02x",
	'r': "Unknown Reject Reason-0x%02x", 'e': "Unknown Error Code-0x%02x", 'n': "Unknown NPDU Type-0x%02x",
	'p': "Unknown APDU Type-0x%02x", 'u': "Unknown Service Choice-0x%02x", 'c': "Unknown Service Choice-0x%02x",
	'i': "Vendor Specific (%d)", 't': "Vendor Specific (%d)", 'd': "Vendor Specific (%d)",
	'g': "Unknown Segmented Supported Status -0x%02x", 'l': "Vendor Specific (%d)", 'y': "Vendor Specific (%d)",
	'k': "Vendor Specific (%d)", 'o': "Unknown Object Type-0x%02x", 'v': "Unknown Vendor-0x%x", 'm': "Unknown Unit-%d",
	'z': "Unknown Device State Type-0x%02x", 'x': "Unknown Device State Type-0x%02x",
}

// name is what a table of names.txt calls a number.
func name(table byte, n uint32) string {
	if s, ok := names()[entry{table, n}]; ok {
		return s
	}
	return fmt.Sprintf(others[table], n)
}
