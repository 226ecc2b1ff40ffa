package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"
)

// progress shows how far a run is, on a terminal as one line that rewrites
// itself, elsewhere as a line now and then. Nothing is shown in the first two
// seconds, so short runs stay silent.
type progress struct {
	out   io.Writer
	live  bool // rewrite one line
	total atomic.Int64
	files atomic.Int64
	read  atomic.Int64
	seen  atomic.Int64
	phase atomic.Pointer[string]

	start time.Time
	stop  chan struct{}
	once  sync.Once
	wg    sync.WaitGroup
	shown bool
}

func newProgress(out io.Writer, quiet bool) *progress {
	p := &progress{out: out, start: time.Now(), stop: make(chan struct{})}
	if f, ok := out.(*os.File); ok {
		p.live = term.IsTerminal(int(f.Fd()))
	}
	if !quiet {
		p.wg.Go(p.run)
	}
	return p
}

func (p *progress) run() {
	every := 10 * time.Second
	if p.live {
		every = 200 * time.Millisecond
	}
	select {
	case <-p.stop:
		return
	case <-time.After(2 * time.Second):
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		p.show()
		select {
		case <-p.stop:
			if p.live && p.shown {
				_, _ = fmt.Fprint(p.out, "\r\x1b[K")
			}
			return
		case <-tick.C:
		}
	}
}

func (p *progress) show() {
	p.shown = true
	line := p.line()
	if p.live {
		_, _ = fmt.Fprint(p.out, "\r\x1b[K", line)
	} else {
		_, _ = fmt.Fprintln(p.out, line)
	}
}

func (p *progress) line() string {
	took := time.Since(p.start).Round(time.Second)
	if ph := p.phase.Load(); ph != nil {
		return fmt.Sprintf("%s … %v", *ph, took)
	}
	read, total := p.read.Load(), p.total.Load()
	s := fmt.Sprintf("reading evidence: %d of %d files, %s", p.seen.Load(), p.files.Load(), size(read))
	if total > 0 && read <= total { // archives expand to more than lies on disk
		s += fmt.Sprintf(" of %s (%d %%)", size(total), min(read*100/total, 100))
	}
	if secs := time.Since(p.start).Seconds(); secs > 0 {
		s += fmt.Sprintf(", %s/s, %v", size(int64(float64(read)/secs)), took)
	}
	return s
}

// Start is told what there is to read.
func (p *progress) Start(files int, bytes int64) {
	p.files.Store(int64(files))
	p.total.Store(bytes)
}

// Read counts bytes.
func (p *progress) Read(n int64) { p.read.Add(n) }

// File counts a file that was begun; members of archives count too.
func (p *progress) File(string) {
	if n := p.seen.Add(1); n > p.files.Load() {
		p.files.Store(n)
	}
}

// Phase names what is done after reading.
func (p *progress) Phase(name string) { p.phase.Store(&name) }

// Done ends the display. It may be called more than once.
func (p *progress) Done() {
	p.once.Do(func() { close(p.stop) })
	p.wg.Wait()
}

// size is a number of bytes for people.
func size(n int64) string {
	units := []string{"B", "KB", "MB", "GB", "TB"}
	x := float64(n)
	i := 0
	for x >= 1000 && i < len(units)-1 {
		x /= 1000
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", x, units[i])
}
