package store

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"longwatch/internal/finding"
	"longwatch/internal/intel"
	"longwatch/internal/record"
	"longwatch/internal/sink"
)

// thing has a field of every kind that indicators are compared with, and of
// every form of column.
type thing struct {
	record.Head
	Orig     netip.Addr                  `rec:"id.orig_h" ent:"address,originator"` // who asked
	Answers  []netip.Addr                `rec:"answers" ent:"address"`              // who was named
	Name     string                      `rec:"query" ent:"domain,queried"`         // looked up
	Machine  string                      `rec:"machine" ent:"host"`                 // where
	Link     string                      `rec:"link" ent:"url"`                     // a page
	Host     string                      `rec:"host" ent:"domain"`                  // of a request
	URI      string                      `rec:"uri"`                                // of a request
	Agent    string                      `rec:"user_agent" ent:"user_agent"`        // of a request
	Sums     []string                    `rec:"sums" ent:"hash"`                    // of files
	Cert     string                      `rec:"cert" ent:"certificate"`             // digest
	Hello    string                      `rec:"ja3" ent:"ja3"`                      // fingerprint
	Four     string                      `rec:"ja4" ent:"ja4"`                      // fingerprint
	Shell    string                      `rec:"hassh" ent:"hassh"`                  // fingerprint
	Mail     string                      `rec:"mail" ent:"email"`                   // sender
	User     string                      `rec:"user" ent:"user"`                    // account
	File     string                      `rec:"file" ent:"file"`                    // path
	Program  string                      `rec:"image" ent:"process"`                // path
	Soft     string                      `rec:"software" ent:"software"`            // name and version
	N        uint16                      `rec:"n"`                                  // any number
	Delta    record.Opt[int64]           `rec:"delta"`                              // may be absent
	Share    float64                     `rec:"share"`                              // a part
	Yes      bool                        `rec:"yes"`                                // or no
	TTLs     []record.Opt[time.Duration] `rec:"ttls"`                               // with gaps
	Pairs    []record.KV                 `rec:"pairs"`                              // named values
	Net      netip.Prefix                `rec:"net"`                                // a network
	When     record.Opt[record.Time]     `rec:"when"`                               // another time
	RespPort uint16                      `rec:"id.resp_p,port"`                     // of the other side
}

var thingType = record.Of[thing]("thing")

// RecordType is the schema.
func (*thing) RecordType() *record.Type { return thingType }

// words are few, so that values and indicators meet.
type chance struct{ *rand.Rand }

func (c chance) of(list ...string) string { return list[c.IntN(len(list))] }
func (c chance) label() string            { return c.of("a", "b", "www", "mail", "x1", "C2", "evil", "example") }
func (c chance) domain() string {
	s := c.label() + c.of(".com", ".net", ".example", "")
	for range c.IntN(3) {
		s = c.label() + "." + s
	}
	return s + c.of("", "", "", ".")
}

func (c chance) addr() netip.Addr {
	if c.IntN(4) == 0 {
		return netip.MustParseAddr(fmt.Sprintf("2001:db8:%x::%x", c.IntN(4), c.IntN(6)))
	}
	a := netip.AddrFrom4([4]byte{byte(c.IntN(3) + 10), byte(c.IntN(4)), byte(c.IntN(4)), byte(c.IntN(6))})
	if c.IntN(6) == 0 {
		return netip.AddrFrom16(a.As16())
	}
	return a
}

func (c chance) sum() string {
	return fmt.Sprintf(c.of("%032x", "%032X"), c.IntN(40)) + c.of("", strings.Repeat("0", 8))
}

func (c chance) path() string {
	return c.of(`C:\Windows\`, `/var/www/`, `\\srv\c$\`, "", "/") + c.of("a/", `Temp\`, "") + c.of("shell.aspx", "W3WP.exe", "x.dll", "dir/")
}

func (c chance) link() string {
	host := c.domain()
	if c.IntN(4) == 0 {
		host = c.addr().Unmap().String()
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
	}
	return c.of("http://", "https://", "", "//", "user:x@") + host + c.of("", ":80", ":8443") + c.of("", "/", "/a", "/a/b?c=d", "/A#f", "/x…", "/x/y...")
}

func (c chance) thing(i int) *thing {
	some := func(s string) string {
		if c.IntN(3) == 0 {
			return s
		}
		return ""
	}
	r := &thing{
		Head: record.Head{TS: record.Time(1_700_000_000+i)*1e9 + record.Time(c.IntN(1e9)), Ref: record.Ref{File: c.of("a.pcap", "b.evtx"), Kind: record.RefKind(c.IntN(4)), Pos: int64(i)}},
		Name: some(c.domain()), Machine: some(c.of(c.domain(), c.addr().String())), Link: some(c.link()), Host: some(c.of(c.domain(), c.domain()+":8080")), URI: some(c.of("/a/b", "/a", c.link())),
		Agent: some(c.of("curl/8", "Mozilla/5.0 (x)", "bad\xffagent")), Cert: some(c.sum()), Hello: some(c.sum()), Four: some(c.of("t13d1516h2_8daaf6152771_b0da82dd1658", "T13D1516H2_8DAAF6152771_B0DA82DD1658")), Shell: some(c.sum()),
		Mail: some(c.of("Eve@", "x@y@", "") + c.domain()), User: some(c.of(`CORP\alice`, "alice", "ALICE")), File: some(c.path()), Program: some(c.path()), Soft: some(c.of("OpenSSH 9.6", "nginx")),
		N: uint16(c.IntN(1 << 16)), Share: c.Float64(), Yes: c.IntN(2) == 0, RespPort: uint16(c.of("P", "5")[0]),
	}
	if r.Ref.Kind == record.RefFile {
		r.Ref.Pos = 0
	}
	for range c.IntN(3) {
		r.Answers = append(r.Answers, c.addr())
		r.Sums = append(r.Sums, c.sum())
	}
	if c.IntN(2) == 0 {
		r.Orig, r.Delta, r.TTLs = c.addr(), record.Some(int64(-c.IntN(9))), []record.Opt[time.Duration]{record.Some(time.Second), {}}
		r.Pairs, r.Net, r.When = []record.KV{{Name: "k", Value: "v"}, {Name: "k", Value: ""}, {Name: "", Value: `"`}}, netip.MustParsePrefix("10.0.0.0/8"), record.Some(record.Time(5))
	}
	return r
}

// feed is a random list of indicators in CSV.
func (c chance) feed(n int) string {
	var b strings.Builder
	b.WriteString("type,value,source\n")
	for range n {
		kind := c.of("ip", "cidr", "domain", "url", "hash", "certificate", "ja3", "ja4", "hassh", "email", "user", "file", "user_agent", "software")
		v := map[string]func() string{
			"ip": func() string { return c.addr().Unmap().String() }, "cidr": func() string {
				a := c.addr().Unmap()
				p, _ := a.Prefix(min(a.BitLen(), 9+c.IntN(120)))
				return p.String()
			},
			"domain": c.domain, "url": c.link, "hash": c.sum, "certificate": c.sum, "ja3": c.sum, "hassh": c.sum, "ja4": func() string { return "t13d1516h2_8daaf6152771_b0da82dd1658" },
			"email": func() string { return "eve@" + c.domain() }, "user": func() string { return c.of("alice", `corp\alice`) }, "file": c.path,
			"user_agent": func() string { return c.of("curl/8", "Mozilla/5.0 (x)") }, "software": func() string { return "nginx" },
		}[kind]()
		fmt.Fprintf(&b, "%s,%q,feed\n", kind, v)
	}
	return b.String()
}

// store writes records as Parquet and returns the file.
func parquetOf(t testing.TB, list []*thing, group int) *File {
	t.Helper()
	dir := t.TempDir()
	d := sink.New(dir, filepath.Join(dir, "spool"), sink.ParquetOf(group), 64<<20)
	lane := d.Lane()
	for _, r := range list {
		lane.Put(r)
	}
	if _, err := d.Close(); err != nil {
		t.Fatal(err)
	}
	files, _, err := Find(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v: %v", files, err)
	}
	return &files[0]
}

func load(t testing.TB, feed string) *intel.Set {
	t.Helper()
	path := filepath.Join(t.TempDir(), "feed.csv")
	if err := os.WriteFile(path, []byte(feed), 0o600); err != nil {
		t.Fatal(err)
	}
	set, report := intel.Load(intel.Path(path))
	if report.Rows == 0 {
		t.Fatalf("nothing of %q was read: %v", feed, report.Reasons)
	}
	return set
}

// found is what a set finds in a file, in order.
func found(t testing.TB, f *File, set *intel.Set, opt Options) (list []string, s Stats) {
	t.Helper()
	m := set.Matcher()
	s, err := f.Read(t.Context(), thingType, opt, func(r record.Record) {
		m.Match(r, func(x finding.Finding) {
			list = append(list, fmt.Sprint(x.ID, x.Detector, x.Title, x.Start, x.Refs, x.Entities, x.Why))
		})
	})
	if err != nil || s.Damaged > 0 {
		t.Fatalf("%+v: %v", s, err)
	}
	return list, s
}

// TestColumnsHoldEveryValue: what was written is read, time and place included.
func TestColumnsHoldEveryValue(t *testing.T) {
	c := chance{rand.New(rand.NewPCG(1, 2))}
	var want []record.Record
	var list []*thing
	for i := range 700 {
		r := c.thing(i)
		list = append(list, r)
		w := *r
		w.Agent = strings.ReplaceAll(w.Agent, "\xff", `\xff`)
		want = append(want, &w)
	}
	f := parquetOf(t, list, 256)
	var got []record.Record
	s, err := f.Read(t.Context(), thingType, Options{}, func(r record.Record) { got = append(got, r) })
	if err != nil || s.Rows != 700 || s.Groups != 3 || s.Damaged != 0 {
		t.Fatalf("%+v: %v", s, err)
	}
	if d := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); d != "" {
		t.Errorf("(-written +read):\n%.3000s", d)
	}
}

// TestPruningLosesNothing: with and without leaving out row groups, and with
// all columns or only those that are compared, the findings are the same.
func TestPruningLosesNothing(t *testing.T) {
	skipped, matched := int64(0), 0
	for seed := range uint64(24) {
		c := chance{rand.New(rand.NewPCG(seed, 7))}
		var list []*thing
		for i := range 60 {
			list = append(list, c.thing(i))
		}
		f := parquetOf(t, list, 1+c.IntN(6))
		set := load(t, c.feed(1+c.IntN(4)))
		opt := Options{}
		if c.IntN(3) == 0 {
			opt.Since, opt.Until = 1_700_000_010e9, 1_700_000_050e9
		}
		want, _ := found(t, f, set, opt)
		opt.Ask, opt.Want = Ask(set), intel.Compared(thingType)
		got, s := found(t, f, set, opt)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d (-all +pruned):\n%s", seed, d)
		}
		skipped += s.ByStatistics + s.ByFilter + s.ByTime
		matched += len(want)
	}
	if skipped == 0 || matched == 0 {
		t.Errorf("%d row groups were left out, %d findings made: nothing was tested", skipped, matched)
	}
}

// TestPruningTells: a question about one value reads the row groups that have
// it, and says why the others were left out.
func TestPruningTells(t *testing.T) {
	var list []*thing
	for i := range 100 { // names on both sides of what is asked for, but for the last groups
		list = append(list, &thing{Head: record.Head{TS: record.Time(1_700_000_000+i) * 1e9}, Name: fmt.Sprintf("%c%d.example", "az"[min(i%2, (99-i)/20)], i)})
	}
	list[55].Name = "deep.below.evil.example"
	f := parquetOf(t, list, 10)
	set := load(t, "type,value\ndomain,evil.example\n")
	list2, s := found(t, f, set, Options{Ask: Ask(set), Since: 1_700_000_020e9})
	if len(list2) != 1 || s.Groups != 10 || s.ByTime != 2 || s.ByStatistics+s.ByFilter != 7 || s.ByFilter == 0 || s.ByStatistics == 0 || s.Rows != 10 {
		t.Errorf("%d findings, %+v", len(list2), s)
	}
}

// TestAskKnowsEveryKind: a kind of indicator that Ask has no keys for makes it
// read everything, so that a new kind loses nothing.
func TestAskKnowsEveryKind(t *testing.T) {
	q := &Question{}
	for k := intel.Address; k.String() != "unknown"; k++ {
		if i := (&intel.Indicator{Kind: k, Value: "10.0.0.0/16"}); k != intel.Address && !q.add(i) {
			t.Errorf("no keys for %v", k)
		}
	}
}

// TestDamagedColumns: whatever is cut or changed, the rest is read, or the
// reason is told; nothing panics.
func TestDamagedColumns(t *testing.T) {
	c := chance{rand.New(rand.NewPCG(3, 3))}
	var list []*thing
	for i := range 60 {
		list = append(list, c.thing(i))
	}
	f := parquetOf(t, list, 20)
	whole, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "thing.parquet")
	read := func(b []byte) (Stats, error) {
		if err := os.WriteFile(bad, b, 0o600); err != nil {
			t.Fatal(err)
		}
		g := File{Path: bad, Name: "thing.parquet", Type: "thing", Size: int64(len(b)), form: columns}
		return g.Read(t.Context(), thingType, Options{}, func(record.Record) {})
	}
	if _, err := read(whole[:len(whole)-1]); err == nil || !strings.Contains(err.Error(), "thing.parquet") {
		t.Errorf("a file cut short: %v", err)
	}
	told := 0
	for range 300 {
		b := slices.Clone(whole)
		for range 1 + c.IntN(3) {
			b[c.IntN(len(b))] ^= byte(1 + c.IntN(255))
		}
		if s, err := read(b); err != nil || s.Damaged > 0 {
			told++
			if err == nil && s.First == "" {
				t.Fatal("damage without words")
			}
		}
	}
	if told == 0 {
		t.Error("no change was noticed")
	}
	// The pages of one column of the second row group are gone: the others are read.
	b := slices.Clone(whole)
	i := strings.Index(string(b[len(b)/3:]), "\x28\xb5\x2f\xfd") + len(b)/3
	copy(b[i:], "zzzz")
	if s, err := read(b); err != nil || s.Damaged != 1 || s.Rows < 40 || !strings.Contains(s.First, "row group") {
		t.Errorf("%+v: %v", s, err)
	}
}

// FuzzColumns: whatever the bytes, reading ends, and a record that comes out can
// be written; what a question leaves out, reading all does not find.
func FuzzColumns(f *testing.F) {
	c := chance{rand.New(rand.NewPCG(9, 9))}
	var list []*thing
	for i := range 6 {
		list = append(list, c.thing(i))
	}
	whole, err := os.ReadFile(parquetOf(f, list, 3).Path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte("PAR1\x00\x00\x00\x00PAR1"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "thing.parquet")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		g := File{Path: path, Name: "thing.parquet", Type: "thing", Size: int64(len(data)), form: columns}
		rows := int64(0)
		s, err := g.Read(t.Context(), thingType, Options{}, func(r record.Record) {
			rows++
			if len(thingType.AppendJSON(nil, r)) < 2 {
				t.Fatal("a record that cannot be written")
			}
		})
		if rows != s.Rows || s.Damaged > 0 && s.First == "" || err != nil && err.Error() == "" {
			t.Errorf("%d rows, %+v, %v", rows, s, err)
		}
	})
}
