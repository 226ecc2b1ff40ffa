package sink

import (
	"os"
	"sync"
)

// output is a file that is written in large pieces, by a goroutine of its own
// once there is more than one piece: copying them into the system's cache takes
// as long as all else that is done to a line.
type output struct {
	f    *os.File
	n    int64 // bytes written so far
	buf  []byte
	full chan []byte // pieces on their way; nil: none was full yet
	back chan []byte // pieces that were written
	done chan struct{}

	mu  sync.Mutex
	err error
}

// pieceSize is how much is written at once, pieces how many there are of a file.
const (
	pieceSize = 1 << 20
	pieces    = 3
)

// spare are pieces that no file needs.
var spare = sync.Pool{New: func() any { return new([pieceSize]byte) }}

// newOutput takes over f.
func newOutput(f *os.File) *output {
	return &output{f: f, buf: spare.Get().(*[pieceSize]byte)[:0]}
}

// Write implements io.Writer. What fails in writing is told by a later call, at
// the latest by close.
func (o *output) Write(b []byte) (int, error) {
	o.n += int64(len(b))
	for rest := b; ; {
		n := copy(o.buf[len(o.buf):cap(o.buf)], rest)
		o.buf = o.buf[:len(o.buf)+n]
		if rest = rest[n:]; len(rest) == 0 {
			return len(b), nil
		}
		if err := o.flush(); err != nil {
			return 0, err
		}
	}
}

// line writes row and a line's end.
func (o *output) line(row []byte) error {
	if cap(o.buf)-len(o.buf) > len(row) {
		o.buf = append(append(o.buf, row...), '\n')
		o.n += int64(len(row)) + 1
		return nil
	}
	if _, err := o.Write(row); err != nil {
		return err
	}
	_, err := o.Write([]byte{'\n'})
	return err
}

// flush has the piece at hand written and takes another one.
func (o *output) flush() error {
	if o.full == nil {
		o.full, o.back, o.done = make(chan []byte, pieces), make(chan []byte, pieces), make(chan struct{})
		for range pieces - 1 {
			o.back <- spare.Get().(*[pieceSize]byte)[:0]
		}
		go o.run()
	}
	o.full <- o.buf
	o.buf = (<-o.back)[:0]
	return o.failed()
}

func (o *output) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// run writes pieces as they come.
func (o *output) run() {
	defer close(o.done)
	for b := range o.full {
		if o.failed() == nil {
			if _, err := o.f.Write(b); err != nil {
				o.mu.Lock()
				o.err = err
				o.mu.Unlock()
			}
		}
		o.back <- b
	}
}

// close writes what is left and closes the file.
func (o *output) close() error {
	if o.full != nil {
		close(o.full)
		<-o.done
		for range pieces - 1 {
			keep(<-o.back)
		}
	}
	err := o.failed()
	if err == nil {
		_, err = o.f.Write(o.buf)
	}
	keep(o.buf)
	if cerr := o.f.Close(); err == nil {
		err = cerr
	}
	return err
}

// keep has a piece used again.
func keep(b []byte) { spare.Put((*[pieceSize]byte)(b[:pieceSize])) }

// lineWriter is the rowWriter of text formats.
type lineWriter struct{ out *output }

func (l lineWriter) put(row []byte) error { return l.out.line(row) }
func (l lineWriter) close() error         { return nil }
