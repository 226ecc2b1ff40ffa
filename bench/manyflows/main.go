// Command manyflows writes a pcap of many short connections, for benchmarks of
// what a connection costs: unanswered SYNs, UDP of one packet, and short HTTP
// in turn, several open at a time.
//
//	manyflows -flows 1000000 -o many.pcap
//
// The same arguments give the same file.
package main

import (
	"bufio"
	"encoding/binary"
	"flag"
	"fmt"
	"os"

	"longwatch/internal/capture"
)

func main() {
	flows := flag.Int("flows", 1_000_000, "connections to write")
	size := flag.Int64("size", 0, "write so many bytes at least, instead")
	kind := flag.String("kind", "mixed", "of connections: mixed, syn, udp or http")
	every := flag.Duration("every", 50_000, "from the start of one connection to that of the next")
	out := flag.String("o", "many.pcap", "file to write")
	flag.Parse()
	if err := run(*flows, *size, *kind, int64(*every), *out); err != nil {
		fmt.Fprintln(os.Stderr, "manyflows:", err)
		os.Exit(1)
	}
}

// open is how many connections take turns.
const open = 64

// kinds are the packets of a connection of each kind.
var kinds = map[string][]step{
	"syn": {{flags: syn}},
	"udp": {{udp: true, payload: []byte("\x00\x00telemetry of one packet")}},
	"http": {
		{flags: syn}, {back: true, flags: syn | ack}, {flags: ack},
		{flags: psh | ack, payload: []byte("GET /item HTTP/1.1\r\nHost: www.example.test\r\nUser-Agent: manyflows/1\r\n\r\n")},
		{back: true, flags: psh | ack, payload: []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n")},
		{flags: fin | ack}, {back: true, flags: fin | ack}, {flags: ack},
	},
}

// step is one packet of a connection.
type step struct {
	back    bool // from the responder
	udp     bool
	flags   uint8
	payload []byte
}

// TCP flags.
const (
	fin = 1
	syn = 2
	psh = 8
	ack = 16
)

// mixed is the kinds in turn.
var mixed = []string{"syn", "udp", "http", "syn", "udp"}

// flow is a connection that has begun.
type flow struct {
	n     int // which one
	steps []step
	at    int       // next step
	seq   [2]uint32 // next sequence numbers
}

func run(flows int, size int64, kind string, every int64, out string) error {
	turn := mixed
	if kind != "mixed" {
		if kinds[kind] == nil {
			return fmt.Errorf("no kind %q", kind)
		}
		turn = []string{kind}
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	le := binary.LittleEndian
	head := le.AppendUint32(nil, 0xa1b23c4d)
	head = append(head, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0)
	head = le.AppendUint32(head, uint32(capture.LinkEthernet))
	if _, err := w.Write(head); err != nil {
		return err
	}
	var (
		written = int64(len(head))
		packets int
		clock   int64
		begun   int
		ring    [open]*flow
		buf     []byte
		more    = func() bool { return size == 0 && begun < flows || written < size }
	)
	for live := 1; live > 0; {
		live = 0
		for i := range ring {
			if ring[i] == nil && more() {
				ring[i] = &flow{n: begun, steps: kinds[turn[begun%len(turn)]]}
				begun++
			}
			x := ring[i]
			if x == nil {
				continue
			}
			live++
			clock = max(clock+1, int64(1_700_000_000e9)+int64(begun)*every)
			buf = x.appendPacket(buf[:0], clock)
			if x.at == len(x.steps) {
				ring[i] = nil
			}
			if _, err := w.Write(buf); err != nil {
				return err
			}
			written += int64(len(buf))
			packets++
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf("%s: %d bytes, %d packets, %d connections\n", out, written, packets, begun)
	return f.Close()
}

// appendPacket appends a pcap record of the connection's next packet.
func (x *flow) appendPacket(b []byte, at int64) []byte {
	s := &x.steps[x.at]
	x.at++
	le, be := binary.LittleEndian, binary.BigEndian
	transport := 20
	if s.udp {
		transport = 8
	}
	size := 20 + transport + len(s.payload)
	b = le.AppendUint32(b, uint32(at/1e9))
	b = le.AppendUint32(b, uint32(at%1e9))
	b = le.AppendUint32(b, uint32(14+size))
	b = le.AppendUint32(b, uint32(14+size))
	b = append(b, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0)
	b = append(b, 0x45, 0)
	b = be.AppendUint16(b, uint16(size))
	b = append(b, 0, 0, 0x40, 0, 64, 6, 0, 0)
	if s.udp {
		b[len(b)-3] = 17
	}
	// Every connection has a client address and port of its own.
	client := be.AppendUint32(nil, 10<<24|uint32(x.n%(1<<24)))
	server := []byte{198, 51, 100, byte(x.n % 251)}
	port, service := uint16(20000+x.n>>24*7+x.n%40000), uint16(80)
	if s.udp {
		service = 9999
	}
	if s.back {
		b = append(append(b, server...), client...)
		b = be.AppendUint16(be.AppendUint16(b, service), port)
	} else {
		b = append(append(b, client...), server...)
		b = be.AppendUint16(be.AppendUint16(b, port), service)
	}
	if s.udp {
		b = append(be.AppendUint16(b, uint16(8+len(s.payload))), 0, 0)
		return append(b, s.payload...)
	}
	from, to := 0, 1
	if s.back {
		from, to = 1, 0
	}
	b = be.AppendUint32(b, x.seq[from])
	b = be.AppendUint32(b, x.seq[to])
	b = append(b, 0x50, s.flags, 0xff, 0xff, 0, 0, 0, 0)
	x.seq[from] += uint32(len(s.payload))
	if s.flags&(syn|fin) != 0 {
		x.seq[from]++
	}
	return append(b, s.payload...)
}
