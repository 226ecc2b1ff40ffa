// Command bulkcapture writes a pcap of a few large transfers, for benchmarks of
// what a byte costs: files over HTTP and SMB, and data within TLS, in turn.
//
//	bulkcapture -size 1000000000 -o bulk.pcap
//
// The same arguments give the same file.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/talk"
)

const (
	transfer   = 32 << 20 // bytes of one
	fileHeader = 24       // of a pcap
)

func main() {
	size := flag.Int64("size", 1_000_000_000, "bytes to write at least")
	out := flag.String("o", "bulk.pcap", "file to write")
	flag.Parse()
	if err := run(*size, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bulkcapture:", err)
		os.Exit(1)
	}
}

func run(size int64, out string) error {
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	var (
		r       = chance.New(1, "bulkcapture")
		data    = r.Bytes(transfer)
		written int64
		packets int
		rounds  int
	)
	copy(data, "%PDF-1.7\n")
	for ; written < size; rounds++ {
		c := round(r, rounds, data)
		skip := int64(fileHeader)
		if rounds == 0 {
			skip = 0
		}
		n, err := c.WriteTo(&after{w, skip})
		if err != nil {
			return err
		}
		written += n - skip
		packets += c.Packets()
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf("%s: %d bytes, %d packets, %d connections\n", out, written, packets, 3*rounds)
	return f.Close()
}

// round is three transfers side by side.
func round(r *chance.Rand, n int, data []byte) *packet.Capture {
	c := packet.NewCapture([6]byte{2, 0, 0, 0, 0, 1}, []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, r)
	client := &packet.Station{MAC: [6]byte{2, 0, 0, 0, 1, 1}, IP: netip.AddrFrom4([4]byte{10, 1, byte(n / 250), byte(1 + n%250)})}
	server := &packet.Station{MAC: [6]byte{2, 0, 0, 0, 1, 2}, IP: netip.AddrFrom4([4]byte{10, 1, 200, 1}), Stack: packet.Linux}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
	dial := func(port uint16) *packet.Conn {
		return c.Dial(at, client, server, client.Port(r), port, packet.LAN(r))
	}
	web := dial(80)
	web.Send(packet.Client, talk.Request("GET", "/files/large.pdf", "files.example.test", nil, nil))
	web.Send(packet.Server, talk.Response(at, 200, talk.Header{"Content-Type: application/pdf"}, data))
	web.Close(packet.Server)

	share := talk.StartSMB(dial(445), r, talk.Account{User: "alice", Domain: "EXAMPLE", Workstation: "PC1"},
		talk.Service{Host: "FILES", DNS: "files.example.test", Domain: "EXAMPLE", Zone: "example.test", Build: 20348})
	tree := share.Connect("files.example.test", "data")
	tree.Get("large.pdf", data)
	tree.Disconnect()
	share.Logoff()

	tls := talk.StartTLS(dial(443), r, talk.Firefox, "files.example.test", talk.TLSServer{TLS13: true})
	tls.Exchange(400, len(data), time.Millisecond)
	tls.Close(packet.Client)
	return c
}

// after writes all but the first bytes.
type after struct {
	w    io.Writer
	skip int64
}

func (a *after) Write(b []byte) (int, error) {
	n := int(min(a.skip, int64(len(b))))
	a.skip -= int64(n)
	m, err := a.w.Write(b[n:])
	return n + m, err
}
