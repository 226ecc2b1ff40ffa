package flow

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// play inserts segments and returns what comes out in order.
func play(segs []part) (out []byte, conflict bool) {
	r := reassembly{next: 1, trim: 1}
	for _, g := range segs {
		data, seq := g.data, g.seq
		if seq+uint64(len(data)) <= r.next {
			continue
		}
		if seq < r.next {
			data, seq = data[r.next-seq:], r.next
		}
		if kept, _ := r.insert(seq, len(data), data); kept != nil {
			conflict = true
		}
		for {
			p, ok := r.take()
			if !ok {
				break
			}
			out = append(out, p.data...)
			r.next = p.upper
		}
	}
	return out, conflict
}

// Any cutting, doubling and shuffling of a stream gives the same bytes.
func FuzzReassembly(f *testing.F) {
	f.Add(uint64(1), []byte("a stream of bytes that is cut into pieces"))
	f.Fuzz(func(t *testing.T, seed uint64, stream []byte) {
		stream = stream[:min(len(stream), 4096)]
		rng := rand.New(rand.NewPCG(seed, 1))
		var segs []part
		for at := 0; at < len(stream); {
			n := 1 + rng.IntN(min(len(stream)-at, 40))
			segs = append(segs, part{seq: uint64(at) + 1, data: stream[at : at+n]})
			at += n
		}
		for range len(segs) / 2 { // overlapping repetitions
			a := rng.IntN(len(stream))
			n := 1 + rng.IntN(min(len(stream)-a, 100))
			segs = append(segs, part{seq: uint64(a) + 1, data: stream[a : a+n]})
		}
		rng.Shuffle(len(segs), func(i, j int) { segs[i], segs[j] = segs[j], segs[i] })
		got, conflict := play(segs)
		if !bytes.Equal(got, stream) || conflict {
			t.Fatalf("got %d bytes of %d, conflict %v", len(got), len(stream), conflict)
		}
	})
}

func TestFirstCopyWins(t *testing.T) {
	got, conflict := play([]part{{seq: 3, data: []byte("cdef")}, {seq: 2, data: []byte("BXXXX")}, {seq: 1, data: []byte("a")}})
	if string(got) != "aBcdef" || !conflict {
		t.Errorf("got %q, conflict %v", got, conflict)
	}
}

// Any order and overlap of a datagram's fragments gives the datagram.
func FuzzDefragment(f *testing.F) {
	f.Add(uint64(1), bytes.Repeat([]byte("0123456789"), 50))
	f.Fuzz(func(t *testing.T, seed uint64, data []byte) {
		if len(data) == 0 || len(data) > maxDatagram {
			return
		}
		rng := rand.New(rand.NewPCG(seed, 1))
		var parts []fragment
		for at := 0; at < len(data); {
			n := min(8*(1+rng.IntN(8)), len(data)-at)
			parts = append(parts, fragment{at, data[at : at+n]})
			at += n
		}
		parts = append(parts, parts[rng.IntN(len(parts))])
		rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		g := datagram{size: len(data), head: make([]byte, 20)}
		for _, p := range parts {
			if g.insert(p.off, p.data) {
				t.Fatal("equal copies conflict")
			}
		}
		out := g.join(false)
		if len(data) > maxDatagram-len(g.head) {
			if out != nil {
				t.Fatal("a datagram that IP cannot carry")
			}
			return
		}
		if !bytes.Equal(out[len(g.head):], data) || g.have != len(data) {
			t.Fatalf("got %d bytes of %d", len(out)-len(g.head), len(data))
		}
	})
}

func TestTableKeepsWhatIsThere(t *testing.T) {
	tb := newTable()
	rng := rand.New(rand.NewPCG(1, 2))
	want := map[key]*conn{}
	for range 20000 {
		k := key{pa: uint16(rng.IntN(3000)), pb: 1, proto: 6}
		switch c := tb.find(&k); {
		case c != want[k]:
			t.Fatalf("found %p, want %p", c, want[k])
		case c == nil:
			want[k] = tb.insert(&k)
		default:
			tb.remove(c)
			delete(want, k)
		}
	}
	if tb.used != len(want) {
		t.Errorf("%d used, want %d", tb.used, len(want))
	}
}
