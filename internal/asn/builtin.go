package asn

import (
	_ "embed" // the data
	"sync"
)

//go:embed data/networks.zst
var data []byte

// builtin unpacks the data of the program when it is first asked for: 50 ms
// and 20 MB that a run without addresses of the Internet is spared.
var builtin = sync.OnceValue(func() *packed {
	p, err := unpack(data)
	if err != nil {
		panic(err) // part of the program; a test unpacks it
	}
	return p
})
