// Command retro measures a question to a store of records: it writes DNS
// records of a year as Parquet, with the name that is asked for in a few places,
// and reads them whole, then only the columns that are compared, then without
// the row groups that cannot hold it. All three must find the same.
//
//	go run ./bench/retro -records 2000000 -names 100000
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"

	"longwatch/internal/finding"
	"longwatch/internal/intel"
	"longwatch/internal/proto/dns"
	"longwatch/internal/record"
	"longwatch/internal/sink"
	"longwatch/internal/store"
)

var (
	records = flag.Int("records", 2_000_000, "records in the store")
	names   = flag.Int("names", 100_000, "different names that they ask for")
	hits    = flag.Int("hits", 3, "of them that ask for the listed name")
	repeat  = flag.Int("repeat", 3, "readings of each kind; the fastest counts")
)

func main() {
	flag.Parse()
	if err := run(context.Background()); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench/retro:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "bench-retro-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := fill(dir); err != nil {
		return err
	}
	feed := filepath.Join(dir, "feed.csv")
	if err := os.WriteFile(feed, []byte("type,value\ndomain,quiet-river.example\nip,203.0.113.77\nip,198.51.100.0/24\n"), 0o600); err != nil {
		return err
	}
	set, _ := intel.Load(intel.Path(feed))
	files, _, err := store.Find(filepath.Join(dir, "store"))
	if err != nil {
		return err
	}
	share, err := filters(files[0].Path)
	if err != nil {
		return err
	}
	fmt.Printf("%d records, %.1f MB, bloom filters %.1f %% of it\n", *records, float64(files[0].Size)/1e6, 100*share)
	var whole time.Duration
	var want []string
	for _, way := range []struct {
		name string
		opt  store.Options
	}{{"every column, every row group", store.Options{}}, {"columns that are compared", store.Options{Want: intel.Compared(dns.Type)}}, {"and row groups that may hold it", store.Options{Want: intel.Compared(dns.Type), Ask: store.Ask(set)}}} {
		took, got, stats, err := read(ctx, &files[0], set, way.opt)
		if err != nil {
			return err
		}
		if whole == 0 {
			whole, want = took, got
		}
		if !slices.Equal(want, got) || len(got) == 0 {
			return fmt.Errorf("%s: %d findings, %d in the whole", way.name, len(got), len(want))
		}
		fmt.Printf("%-32s %8.3f s  %7.1f times as fast  %d findings, %d of %d row groups read (statistics left out %d, filters %d)\n",
			way.name, took.Seconds(), whole.Seconds()/took.Seconds(), len(got), stats.Groups-stats.ByTime-stats.ByStatistics-stats.ByFilter, stats.Groups, stats.ByStatistics, stats.ByFilter)
	}
	return nil
}

// read is the fastest of several readings.
func read(ctx context.Context, f *store.File, set *intel.Set, opt store.Options) (best time.Duration, found []string, s store.Stats, err error) {
	m := set.Matcher()
	for range *repeat {
		found = found[:0]
		start := time.Now()
		s, err = f.Read(ctx, dns.Type, opt, func(r record.Record) {
			m.Match(r, func(x finding.Finding) { found = append(found, x.ID+" "+x.Start.String()) })
		})
		if took := time.Since(start); best == 0 || took < best {
			best = took
		}
		if err != nil || s.Damaged > 0 {
			return best, found, s, fmt.Errorf("%+v: %w", s, err)
		}
	}
	return best, found, s, nil
}

// fill writes the store.
func fill(dir string) error {
	random := rand.New(rand.NewPCG(1, 1))
	d := sink.New(filepath.Join(dir, "store"), filepath.Join(dir, "spool"), sink.Parquet, 512<<20)
	lane := d.Lane()
	popular := rand.NewZipf(random, 1.1, 8, uint64(*names-1))
	for i := range *records {
		n := popular.Uint64()
		m := &dns.Message{
			Proto: "udp", TransID: uint16(random.Uint32()), Query: fmt.Sprintf("h%d.site%d.example", n%7, n), QTypeName: "A", QClassName: "C_INTERNET", RCodeName: "NOERROR",
			RD: true, RA: true, RTT: record.Some(time.Duration(random.IntN(50)) * time.Millisecond),
		}
		if i%(*records / *hits) == *records / *hits / 2 {
			m.Query = "update.quiet-river.example"
		}
		m.TS = record.Time(1_700_000_000+int64(i)*31_536_000/int64(*records)) * 1e9
		m.Ref = record.Ref{File: fmt.Sprintf("sensor/day-%d.pcap", i*365 / *records), Kind: record.RefOffset, Pos: int64(24 + i%5_000_000*90)}
		m.UID = fmt.Sprintf("C%x", random.Uint64())
		m.OrigH = netip.AddrFrom4([4]byte{10, 1, byte(random.IntN(8)), byte(random.IntN(200))})
		m.RespH, m.RespP, m.OrigP = netip.AddrFrom4([4]byte{10, 1, 0, 53}), 53, uint16(random.IntN(60000)+1024)
		m.Addresses = []netip.Addr{netip.AddrFrom4([4]byte{93, byte(n >> 16), byte(n >> 8), byte(n)})}
		m.Answers = []string{m.Addresses[0].String()}
		lane.Put(m)
	}
	_, err := d.Close()
	return err
}

// filters is the share of a file that its bloom filters take.
func filters(path string) (float64, error) {
	in, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return 0, err
	}
	f, err := parquet.OpenFile(in, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return 0, err
	}
	sum := int64(0)
	groups := f.Metadata().RowGroups
	for i := range groups {
		for j := range groups[i].Columns {
			sum += int64(groups[i].Columns[j].MetaData.BloomFilterLength)
		}
	}
	return float64(sum) / float64(info.Size()), nil
}
