// Command intel measures indicators: how long feeds of a million, five and ten million
// take to load, to build into a file and to open from it, what they occupy, and
// what a look-up costs.
//
//	go run ./bench/intel -sizes 1,5,10
//
// Times of look-ups are processor time of the one thread that makes them, so that
// other work on the machine changes them little; beside them stands what one read
// of memory that no cache holds costs here, for the ratio. Each size is built and
// looked up in processes of their own, so that memory is that of one size.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"longwatch/bench/rusage"
)

// result is what one process measured.
type result struct {
	Seconds  float64 // of the task
	CPU      float64 // seconds of processor time of the task
	Resident float64 // MB, the most there was
	Private  float64 // MB of it that are not shared with others, at the end
	File     float64 // MB
	Loaded   int
	Values   int
	Stranger float64 // ns of processor time
	Listed   float64 // ns, found, compared and its place known
	Told     float64 // ns, with all that its sources say
	Mixed    float64 // ns, one in a hundred is listed
	Memory   float64 // ns of a read of memory that waits for the one before
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench/intel:", err)
		os.Exit(1)
	}
}

func run() error {
	sizes := flag.String("sizes", "1,5,10", "millions of indicators, comma-separated")
	task := flag.String("task", "", "only this, in this process: load, build or lookup")
	dir := flag.String("dir", "", "folder of the feeds, for -task")
	millions := flag.Float64("millions", 1, "size, for -task")
	flag.Parse()
	if *task != "" {
		r, err := tasks[*task](*dir, int(*millions*1e6))
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	tmp, err := os.MkdirTemp("", "bench-intel-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	t := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprint(t, "indicators\tload s\tload MB\tbuild s\tbuild CPU s\tbuild MB\tfile MB\topen ms\tresident MB\tprivate MB\tB/indicator\tstranger ns\tmixed ns\tlisted ns\ttold ns\tmemory ns\tstranger/memory\tlisted/memory\t\n")
	for s := range strings.SplitSeq(*sizes, ",") {
		m, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return err
		}
		if err := measure(t, filepath.Join(tmp, s), m); err != nil {
			return err
		}
	}
	return t.Flush()
}

// measure makes feeds of a size and measures them.
func measure(t *tabwriter.Writer, dir string, millions float64) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := generate(dir, int(millions*1e6)); err != nil {
		return err
	}
	load, err := child("load", dir, millions)
	if err != nil {
		return err
	}
	built, err := child("build", dir, millions)
	if err != nil {
		return err
	}
	looked, err := child("lookup", dir, millions)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t, "%d\t%.1f\t%.0f\t%.1f\t%.1f\t%.0f\t%.0f\t%.1f\t%.0f\t%.0f\t%.1f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.2f\t%.2f\t\n",
		built.Loaded, load.Seconds, load.Resident, built.Seconds, built.CPU, built.Resident, built.File, looked.Seconds*1e3, looked.Resident, looked.Private,
		looked.Resident*1e6/float64(built.Loaded), looked.Stranger, looked.Mixed, looked.Listed, looked.Told, looked.Memory, looked.Stranger/looked.Memory, looked.Listed/looked.Memory)
	return err
}

// child runs one task in a process of its own.
func child(task, dir string, millions float64) (r result, err error) {
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	cmd := exec.Command(self, "-task", task, "-dir", dir, "-millions", strconv.FormatFloat(millions, 'f', -1, 64))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("%s: %w", task, err)
	}
	return r, json.Unmarshal(out, &r)
}

// resident reads how much memory this process has had at most, and how much of
// what it has now is its own, in MB.
func resident() (most, private float64) {
	for name, at := range map[string]*float64{"VmHWM:": &most, "RssAnon:": &private} {
		f, err := os.Open("/proc/self/status")
		if err != nil {
			return 0, 0
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == name {
				kb, _ := strconv.ParseFloat(fields[1], 64)
				*at = kb / 1024
			}
		}
		_ = f.Close()
	}
	return most, private
}

var tasks = map[string]func(dir string, n int) (result, error){"load": loadTask, "build": buildTask, "lookup": lookupTask}

var errWrong = errors.New("what was generated is not what was loaded")

// timed measures a task as a whole.
func timed(r *result, task func() error) error {
	began, cpu := time.Now(), rusage.Self()
	if err := task(); err != nil {
		return err
	}
	r.Seconds, r.CPU = time.Since(began).Seconds(), (rusage.Self() - cpu).Seconds()
	return nil
}
