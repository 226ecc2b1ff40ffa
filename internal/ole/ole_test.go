package ole_test

import (
	"bytes"
	"testing"

	"longwatch/internal/ole"
	"longwatch/internal/ole/oletest"
)

var sample = oletest.Storage{
	Streams:  []oletest.Stream{{Name: "small", Data: []byte("hello")}, {Name: "large", Data: bytes.Repeat([]byte("abcdefg\n"), 1000)}, {Name: "empty"}},
	Storages: []oletest.Storage{{Name: "VBA", Streams: []oletest.Stream{{Name: "dir", Data: bytes.Repeat([]byte{7}, 100)}}}},
}

func TestOpen(t *testing.T) {
	f, err := ole.Open(oletest.Build(sample))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(f.Children(f.Root())); n != 4 {
		t.Fatalf("the root has %d children, want 4", n)
	}
	for _, s := range sample.Streams {
		data, err := f.Data(f.Child(f.Root(), s.Name))
		if err != nil || !bytes.Equal(data, s.Data) {
			t.Errorf("%s: %d bytes, %v; want %d", s.Name, len(data), err, len(s.Data))
		}
	}
	data, err := f.Data(f.Child(f.Child(f.Root(), "VBA"), "dir"))
	if err != nil || len(data) != 100 || data[99] != 7 {
		t.Errorf("VBA/dir: %d bytes, %v", len(data), err)
	}
}

// TestLoop: chains and trees that lead back end.
func TestLoop(t *testing.T) {
	whole := oletest.Build(sample)
	for i := 512; i+4 <= len(whole); i += 4 {
		b := bytes.Clone(whole)
		copy(b[i:], []byte{1, 0, 0, 0})
		f, err := ole.Open(b)
		if err != nil {
			continue
		}
		for _, e := range f.Children(f.Root()) {
			if data, _ := f.Data(e); len(data) > 2*len(b) {
				t.Fatalf("a changed word at %d gives %d bytes out of %d", i, len(data), len(b))
			}
		}
	}
}

// FuzzOpen: hostile files give no more bytes than they have.
func FuzzOpen(f *testing.F) {
	f.Add(oletest.Build(sample))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ole.Open(b)
		if err != nil {
			return
		}
		for _, e := range c.Children(c.Root()) {
			if data, _ := c.Data(e); len(data) > len(b)+8192 {
				t.Errorf("%d bytes out of %d", len(data), len(b))
			}
		}
	})
}
