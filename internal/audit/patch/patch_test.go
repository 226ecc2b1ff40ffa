package patch

import (
	"fmt"
	nethttp "net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"longwatch/content"
	"longwatch/internal/asset"
	"longwatch/internal/proto/http"
	"longwatch/internal/proto/ssh"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

// tape writes records of an estate.
type tape struct {
	list []record.Record
	n    int64
}

var first1 = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func (p *tape) head(day int) record.Head {
	p.n++
	return record.Head{TS: record.Time(first1.AddDate(0, 0, day).UnixNano()), Ref: record.Ref{File: "e", Kind: record.RefLine, Pos: p.n}}
}

func (p *tape) conn(day int, from, to string, port uint16) record.Conn {
	c := record.Conn{Head: p.head(day), OrigH: netip.MustParseAddr(from), RespH: netip.MustParseAddr(to), OrigP: 40000, RespP: port, UID: fmt.Sprint("C", p.n)}
	p.list = append(p.list, &network.Conn{Conn: c, Proto: "tcp", Service: "http", State: "SF"})
	return c
}

// page is a page that a web server gave, which names itself.
func (p *tape) page(day int, from, to, server string) {
	p.list = append(p.list, &http.Request{Conn: p.conn(day, from, to, 80), Method: nethttp.MethodGet, URI: "/", Server: server, StatusCode: record.Some(uint64(200))})
}

func (p *tape) ssh(day int, from, to, banner string) {
	p.list = append(p.list, &ssh.Record{Conn: p.conn(day, from, to, 22), Server: banner})
}

func (p *tape) fortios(day int, at, message string) {
	s := &host.Syslog{Head: host.Head{Head: p.head(day), Host: at}, Product: "fortios", Message: message}
	p.list = append(p.list, s)
}

func (p *tape) report(opt Options) *Report {
	a, l := New(opt), asset.New(asset.Options{})
	for _, r := range p.list {
		if a.Wants(r.RecordType()) {
			a.Learn(r)
		}
		l.Learn(r)
	}
	return a.Report(l.Finish())
}

func lists(cve string) Intel {
	kev := record.Time(first1.AddDate(-1, 0, 0).UnixNano())
	return map[string]Intel{
		"CVE-2030-0001": {KEV: true, Added: kev, Scored: true, EPSS: 0.9},
		"CVE-2030-0002": {Scored: true, EPSS: 0.5},
		"CVE-2030-0003": {KEV: true, Added: record.Time(first1.AddDate(0, 0, 5).UnixNano()), Ransomware: true},
	}[cve]
}

// estate is the fixture of TestRanking.
func estate() *tape {
	p := &tape{}
	const outside = "198.51.100.7"
	p.page(0, outside, "10.0.0.1", "Webd/1.4.2") // facing, flaw 1 and 2
	p.page(9, outside, "10.0.0.1", "Webd/1.4.2")
	p.page(0, "10.0.0.9", "10.0.0.2", "Webd/1.4.2")           // the same inside
	p.page(9, "10.0.0.9", "10.0.0.3", "Webd/1.5.0")           // corrected
	p.page(0, outside, "10.0.0.4", "Webd")                    // facing, no version
	p.ssh(0, "10.0.0.9", "10.0.0.5", "SSH-2.0-Shelld_2.0p1")  // inside, flaw 3, used by a campaign of this case
	p.ssh(20, "10.0.0.9", "10.0.0.5", "SSH-2.0-Shelld_2.0p1") // after it was in the catalogue
	return p
}

var table = []Flaw{
	{CVE: "CVE-2030-0001", Name: "one", Product: "Webd", Ranges: []Range{{From: "1.4", Fixed: "1.4.9"}}, Advisory: "https://webd.example/1", source: "the test"},
	{CVE: "CVE-2030-0002", Name: "two", Product: "Webd", Ranges: []Range{{Fixed: "1.5.0"}}, Advisory: "https://webd.example/2", source: "the test"},
	{CVE: "CVE-2030-0003", Name: "three", Product: "Shelld", Used: map[string]string{"some": Reported}, Ranges: []Range{{Last: "2.0p1"}}, Advisory: "https://shelld.example/3", source: "the test"},
}

// TestRanking: the order and every part of every score, worked by hand.
func TestRanking(t *testing.T) {
	r := estate().report(Options{Flaws: table, Intel: lists, HasKEV: true, Here: map[string]uint8{"some": 60}})
	var got []string
	for _, l := range r.Lines {
		var s strings.Builder
		fmt.Fprintf(&s, "%d. %d %s %s %s %s:", l.Rank, l.Score, l.Host, l.CVE, l.Verdict, l.Exposure)
		for _, p := range l.Parts {
			fmt.Fprintf(&s, " %+d", p.Points)
		}
		got = append(got, s.String())
	}
	want := []string{
		// facing 170, KEV 25, EPSS 0.9 × 20 = 18, 374 days after KEV: 10 of 10
		"1. 223 10.0.0.1 CVE-2030-0001 affected internet-facing: +170 +25 +18 +10",
		// facing 170, KEV 25, EPSS 18, 365 days after KEV: 10; the version was not seen: −30
		"2. 193 10.0.0.4 CVE-2030-0001 unsure internet-facing: +170 +25 +18 +10 -30",
		// facing 170, EPSS 0.5 × 20 = 10
		"3. 180 10.0.0.1 CVE-2030-0002 affected internet-facing: +170 +10",
		"4. 150 10.0.0.4 CVE-2030-0002 unsure internet-facing: +170 +10 -30",
		// KEV 25, ransomware 5, reported 15, a campaign of this case 10, 15 days after KEV: 1 + 15 × 9/365 = 1
		"5. 56 10.0.0.5 CVE-2030-0003 affected inside: +25 +5 +15 +10 +1",
		"6. 53 10.0.0.2 CVE-2030-0001 affected inside: +25 +18 +10",
		"7. 10 10.0.0.2 CVE-2030-0002 affected inside: +10",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if l := r.Lines[0]; l.Days != 10 || l.SinceKEV != 374 || !l.Opening || l.Certain != "likely" || len(l.Refs) == 0 || len(l.ExposedRefs) == 0 || l.Fixed != "1.4.9" {
		t.Errorf("the first line: %+v", l)
	}
	for _, l := range r.Lines {
		sum := 0
		for _, p := range l.Parts {
			sum += p.Points
			if p.Why == "" {
				t.Errorf("a part without a reason: %+v", l)
			}
		}
		if sum != l.Score || l.Because == "" || l.Said == "" {
			t.Errorf("a line that cannot be checked: %+v", l)
		}
	}
}

// TestFacingComesFirst: no sum of the other parts is as much as being reached
// from outside, so that the order holds whatever lists say.
func TestFacingComesFirst(t *testing.T) {
	most, least := forEdge+forKEV+forRansomware+forEPSS+forReported+forHere+forDay, forFacing+notThere+notSeen
	if most >= least {
		t.Errorf("what nobody reaches may come to %d, what somebody does to as little as %d", most, least)
	}
}

// TestVelocity: an update within the evidence, how long the old version was
// held, and the flaw that it closed.
func TestVelocity(t *testing.T) {
	p := &tape{}
	p.page(0, "10.0.0.9", "10.0.0.1", "Webd/1.4.2")
	p.page(10, "10.0.0.9", "10.0.0.1", "Webd/1.4.2")
	p.page(14, "10.0.0.9", "10.0.0.1", "Webd/1.4.9")
	p.page(0, "10.0.0.9", "10.0.0.2", "Webd/1.4.2")
	p.page(34, "10.0.0.9", "10.0.0.2", "Webd/1.4.9")
	p.page(0, "10.0.0.9", "10.0.0.3", "Webd/1.4.9") // never changed
	p.page(40, "10.0.0.9", "10.0.0.3", "Webd/1.4.9")
	p.page(0, "10.0.0.9", "10.0.0.4", "Webd/1.4") // the same release, told in full
	p.page(40, "10.0.0.9", "10.0.0.4", "Webd/1.4.9")
	r := p.report(Options{Flaws: table, Intel: lists})
	var got []string
	for _, c := range r.Velocity.Changes {
		got = append(got, fmt.Sprintf("%s %s %s-%s held %d between %d", c.Host, c.Product, c.From, c.To, c.Held, c.Between))
	}
	for _, g := range r.Velocity.Groups {
		if g.Name == "Webd" {
			got = append(got, fmt.Sprintf("%s: %d of %d, median %d, spread %d", g.Name, g.Changes, g.Hosts, g.Median, g.Spread))
		}
	}
	for _, c := range r.Closed {
		got = append(got, fmt.Sprintf("%s %s after %d", c.Host, c.CVE, c.Days))
	}
	want := []string{
		"10.0.0.1 Webd 1.4.2-1.4.9 held 14 between 4", "10.0.0.2 Webd 1.4.2-1.4.9 held 34 between 34",
		"Webd: 2 of 2, median 34, spread 20", "10.0.0.1 CVE-2030-0001 after 379", "10.0.0.2 CVE-2030-0001 after 399",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestUnsure: what may be otherwise is called unsure, and why.
func TestUnsure(t *testing.T) {
	for _, c := range []struct {
		name, server, want string
	}{
		{"a distribution corrects within a version", "Webd/1.4.2 (Ubuntu)", "Ubuntu closes flaws without changing the version"},
		{"too few numbers", "Webd/1.4", "too short"},
		{"no version", "Webd", "the version was not seen"},
	} {
		p := &tape{}
		p.page(0, "10.0.0.9", "10.0.0.1", c.server)
		r := p.report(Options{Flaws: table[:1]})
		if len(r.Lines) != 1 || r.Lines[0].Verdict != Unsure || !strings.Contains(r.Lines[0].Because, c.want) {
			t.Errorf("%s: %+v", c.name, r.Lines)
		}
	}
	// Apple's iOS is not Cisco's IOS.
	p := &tape{}
	p.list = append(p.list, &http.Request{Conn: p.conn(0, "10.0.0.9", "10.0.0.1", 80), UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 12_0 like Mac OS X) AppleWebKit/605.1.15 Version/12.0 Mobile/15E148 Safari/604.1"})
	p.list = append(p.list, &http.Request{Conn: p.conn(0, "10.0.0.9", "10.0.0.1", 80), UserAgent: "iOS/8.1 (12B411) dataaccessd/1.0"})
	flaws, err := Table(content.Vulnerabilities, "vulnerabilities")
	if err != nil {
		t.Fatal(err)
	}
	if r := p.report(Options{Flaws: flaws}); len(r.Lines) != 0 {
		t.Errorf("a telephone has %+v", r.Lines[0])
	}
}

// TestAdministration: reached by the VPN is not reached at the administration.
func TestAdministration(t *testing.T) {
	flaws := []Flaw{{CVE: "CVE-2030-0009", Name: "nine", Product: "FortiOS", Way: administration, Ranges: []Range{{From: "7.0.0", Fixed: "7.0.9"}}, Advisory: "https://x.example/"}}
	for _, c := range []struct {
		process string
		score   int
	}{{"vpn:ssl", forFacing + notThere}, {"admin:https", forFacing}} {
		p := &tape{}
		p.fortios(0, "fw1", "Pid: 211, application: sslvpnd, Firmware: FortiOS v7.0.5, Signal 11 received")
		p.list = append(p.list, &host.Logon{Head: host.Head{Head: p.head(1), Host: "fw1"}, Outcome: "success", Process: c.process, Target: "x", Source: netip.MustParseAddr("198.51.100.7")})
		r := p.report(Options{Flaws: flaws})
		if len(r.Lines) != 1 || r.Lines[0].Score != c.score || r.Lines[0].Version != "7.0.5" || r.Lines[0].Certain != "sure" {
			t.Errorf("%s: %+v", c.process, r.Lines)
		}
	}
}

// TestLists: an inventory tells what the wire does not, a scanner's list a flaw
// of its own; both are named as what said so.
func TestLists(t *testing.T) {
	inv, err := ReadList(strings.NewReader("Host;Product;Version;Exposed\nmail.example;Shelld;1.9;yes\n"), false)
	if err != nil {
		t.Fatal(err)
	}
	scan, err := ReadList(strings.NewReader("ip,cve,port\n10.0.0.2,\"CVE-2030-0001, CVE-2031-7777\",80\n"), true)
	if err != nil {
		t.Fatal(err)
	}
	r := estate().report(Options{Flaws: table, Intel: lists, Inventory: append(inv, scan...)})
	got := map[string]string{}
	for _, l := range r.Lines {
		got[l.Host+" "+l.CVE] = fmt.Sprintf("%s %s %s %s", l.Verdict, l.Exposure, l.Certain, l.Said)
	}
	for k, want := range map[string]string{
		"mail.example CVE-2030-0003": "affected internet-facing sure the inventory, line 2",
		"10.0.0.2 CVE-2031-7777":     "affected inside by scan the scanner's list, line 2",
	} {
		if got[k] != want {
			t.Errorf("%s: %q, want %q", k, got[k], want)
		}
	}
	for _, bad := range []string{"", "host\nx\n", "host,product,port\nx,y,z\n", "host,product,seen\nx,y,soon\n"} {
		if _, err := ReadList(strings.NewReader(bad), false); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// TestCompare: versions in their order, as makers write them.
func TestCompare(t *testing.T) {
	for _, list := range [][]string{
		{"6.0.17", "6.2.0", "7.0.5", "7.0.12", "7.2.0"},
		{"9.0R3.4", "9.1R1", "9.1R9", "9.1R11.4", "22.7R2.4", "22.7R2.5"},
		{"13.0", "13.0-47.24", "13.0-58.32", "13.1-49.13", "14.1-8.50", "14.1-47.46"},
		{"10.2.9", "10.2.9-h1", "10.2.10", "11.1.2-h3"},
		{"17.9.4", "17.9.4a", "17.9.5"},
		{"2.0-rc1", "2.0", "2.0p1", "2.0.1"},
		{"15.1.2507", "15.1.2507.16", "15.2.986.36"},
	} {
		for i := 1; i < len(list); i++ {
			if compare(list[i-1], list[i]) != -1 || compare(list[i], list[i-1]) != 1 || compare(list[i], list[i]) != 0 {
				t.Errorf("%s is not before %s", list[i-1], list[i])
			}
		}
	}
	if compare("7.2", "7.2.0") != 0 || compare("v7.0.5", "7.0.5") != 0 {
		t.Error("missing numbers are not 0")
	}
}

// TestNotCompared: a verdict by a range that nothing was compared with says so.
func TestNotCompared(t *testing.T) {
	flaws, err := Table(content.Vulnerabilities, "vulnerabilities")
	if err != nil {
		t.Fatal(err)
	}
	for i := range flaws {
		f := &flaws[i]
		if f.CVE == "CVE-2022-42475" && !strings.Contains(f.source, "compared with the CVE record") || f.CVE == "CVE-2017-5638" && !strings.Contains(f.source, "not compared with another source") {
			t.Errorf("%s: %s", f.CVE, f.source)
		}
		if got := f.newest(); got == "13.1-38" || got == "11.39" {
			t.Errorf("%s: the end of a range that is not sure is told to be the cure: %s", f.CVE, got)
		}
	}
}

// TestTable: versions on both sides of the ends that advisories name.
func TestTable(t *testing.T) {
	flaws, err := Table(content.Vulnerabilities, "vulnerabilities")
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]*Flaw{}
	for i := range flaws {
		by[flaws[i].CVE] = &flaws[i]
	}
	for _, c := range []struct {
		cve, version string
		want         Verdict
	}{
		{"CVE-2022-42475", "7.0.8", Affected}, {"CVE-2022-42475", "7.0.9", Clean}, {"CVE-2022-42475", "7.2.3", Clean}, {"CVE-2022-42475", "5.6.14", Affected}, {"CVE-2022-42475", "7.4.0", Clean}, {"CVE-2022-42475", "", Unsure},
		{"CVE-2024-55591", "7.0.16", Affected}, {"CVE-2024-55591", "7.0.17", Clean}, {"CVE-2024-55591", "7.2.0", Clean}, {"CVE-2024-55591", "6.4.14", Clean},
		{"CVE-2024-3400", "10.2.8", Affected}, {"CVE-2024-3400", "10.2.8-h3", Unsure}, {"CVE-2024-3400", "10.2.9-h1", Clean}, {"CVE-2024-3400", "10.1.9", Clean},
		{"CVE-2023-4966", "13.1-48.47", Affected}, {"CVE-2023-4966", "13.1-49.15", Clean}, {"CVE-2023-4966", "13.1", Unsure},
		{"CVE-2025-0282", "22.7R2.4", Affected}, {"CVE-2025-0282", "22.7R2.5", Clean}, {"CVE-2025-0282", "9.1R18.9", Clean},
		{"CVE-2022-1388", "16.1.2.1", Affected}, {"CVE-2022-1388", "16.1.2.2", Clean}, {"CVE-2022-1388", "17.0.0", Clean},
		{"CVE-2021-40539", "6113", Affected}, {"CVE-2021-40539", "6114", Clean},
		{"CVE-2018-0171", "15.2(2)E6", Unsure},
		{"CVE-2022-41040", "15.2.1118.15", Affected}, {"CVE-2022-41040", "15.2.1118.20", Clean}, {"CVE-2022-41040", "15.2.1118", Unsure},
		// Ends as the records of the CVE programme have them.
		{"CVE-2022-41040", "15.1.2375.36", Affected}, {"CVE-2022-41040", "15.1.2375.37", Clean}, {"CVE-2022-41040", "15.1.2507.12", Affected}, {"CVE-2022-41040", "15.1.2507.16", Clean},
		{"CVE-2023-27997", "6.0.16", Affected}, {"CVE-2023-27997", "6.0.17", Clean}, {"CVE-2023-27997", "5.6.14", Clean},
		{"CVE-2024-40766", "6.5.4.14-109n", Affected}, {"CVE-2024-40766", "6.5.4.15-116n", Clean}, {"CVE-2024-40766", "6.5.2.8-1n", Affected}, {"CVE-2024-40766", "6.5.2.8-2n", Clean}, {"CVE-2024-40766", "7.0.1-5035", Affected}, {"CVE-2024-40766", "7.0.1-5145", Clean}, {"CVE-2024-40766", "5.9.2.14-12o", Affected}, {"CVE-2024-40766", "5.9.2.14-13o", Clean},
		{"CVE-2024-39717", "22.1.1", Unsure}, {"CVE-2024-39717", "21.2.2", Unsure}, {"CVE-2024-39717", "22.1.4", Clean},
		{"CVE-2023-3519", "13.1-37.158", Affected}, {"CVE-2023-3519", "13.1-37.159", Unsure}, {"CVE-2023-3519", "12.1-55.297", Unsure}, {"CVE-2023-3519", "13.1-48.47", Affected}, {"CVE-2023-3519", "13.1-49.13", Clean},
		{"CVE-2023-4966", "13.1-37.164", Unsure}, {"CVE-2023-4966", "13.1-37.163", Affected}, {"CVE-2025-6543", "13.1-37.236", Unsure}, {"CVE-2025-6543", "13.1-59.19", Clean},
		{"CVE-2025-34028", "11.38.19", Affected}, {"CVE-2025-34028", "11.38.20", Unsure}, {"CVE-2025-3928", "11.32.88", Affected}, {"CVE-2025-3928", "11.32.89", Clean},
		{"CVE-2021-27860", "10.1.2r60p91", Unsure}, {"CVE-2021-27860", "10.1.2r60p92", Clean}, {"CVE-2021-27860", "10.2.2r44p1", Clean},
		{"CVE-2024-9474", "10.1.14-h6", Clean}, {"CVE-2024-9474", "11.2.3", Affected}, {"CVE-2023-35078", "11.9.1.0", Affected}, {"CVE-2023-35078", "11.9.1.1", Clean},
		{"CVE-2019-11580", "3.0.4", Affected}, {"CVE-2019-11580", "3.0.5", Clean}, {"CVE-2019-11580", "2.0.9", Clean}, {"CVE-2021-38647", "1.6.8-0", Affected}, {"CVE-2021-38647", "1.6.8-1", Clean},
		{"CVE-2017-5638", "2.3.31", Affected}, {"CVE-2017-5638", "2.3.32", Clean}, {"CVE-2017-5638", "2.5.10.1", Clean},
	} {
		if got, why, _ := by[c.cve].judge(c.version); got != c.want {
			t.Errorf("%s at %q: %s (%s), want %s", c.cve, c.version, got, why, c.want)
		}
	}
}
