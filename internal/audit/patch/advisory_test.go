package patch

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Written for this test in the form of the CVE API schema 2.0.
const nvdText = `{"resultsPerPage":1,"vulnerabilities":[{"cve":{"id":"CVE-2030-1111","vulnStatus":"Analyzed","configurations":[{"nodes":[{"operator":"OR","negate":false,"cpeMatch":[
{"vulnerable":true,"criteria":"cpe:2.3:a:apache:http_server:*:*:*:*:*:*:*:*","versionStartIncluding":"2.4.0","versionEndExcluding":"2.4.52"},
{"vulnerable":true,"criteria":"cpe:2.3:a:apache:http_server:2.2.34:*:*:*:*:*:*:*"},
{"vulnerable":false,"criteria":"cpe:2.3:o:linux:linux_kernel:-:*:*:*:*:*:*:*"}]}]}]}},
{"cve":{"id":"CVE-2030-1112","vulnStatus":"Rejected","configurations":[{"nodes":[{"cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:a:x:y:1:*:*:*:*:*:*:*"}]}]}]}}]}`

// Likewise of CSAF 2.0.
const csafText = `{"document":{"csaf_version":"2.0","publisher":{"name":"Example PSIRT"},"tracking":{"id":"EX-1"},"references":[{"category":"self","url":"https://example.com/ex-1"}]},
"product_tree":{"branches":[{"category":"vendor","name":"Example","branches":[{"category":"product_name","name":"Gate","branches":[
{"category":"product_version_range","name":"vers:generic/>=3.0|<3.4|>=4.0|<=4.1","product":{"product_id":"P1","name":"Gate 3"}},
{"category":"product_version","name":"2.9.1","product":{"product_id":"P2","name":"Gate 2.9.1"}},
{"category":"product_version","name":"3.4","product":{"product_id":"P3","name":"Gate 3.4"}}]}]}]},
"vulnerabilities":[{"cve":"CVE-2030-2222","title":"a gate left open","product_status":{"known_affected":["P1","P2"],"fixed":["P3"]}}]}`

const osvText = `{"id":"GHSA-x","aliases":["CVE-2030-3333"],"summary":"a tool","affected":[{"package":{"ecosystem":"Maven","name":"org.example:tool"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.2.0"},{"introduced":"2.0.0"},{"last_affected":"2.0.4"}]},{"type":"GIT","events":[{"introduced":"0"},{"fixed":"deadbeef"}]}],"versions":["0.9-rc1"]}]}`

func described(list []Flaw) (out []string) {
	for _, f := range list {
		out = append(out, fmt.Sprintf("%s %s:%s %v %v %s", f.CVE, f.vendor, f.Product, f.Ranges, f.Versions, f.Advisory))
	}
	return out
}

func TestAdvisories(t *testing.T) {
	for text, want := range map[string]string{
		nvdText:  "CVE-2030-1111 apache:http_server [{2.4.0 2.4.52  }] [2.2.34] https://nvd.nist.gov/vuln/detail/CVE-2030-1111",
		csafText: "CVE-2030-2222 example:Gate [{3.0 3.4  } {4.0  4.1 }] [2.9.1] https://example.com/ex-1",
		osvText:  "CVE-2030-3333 :tool [{ 1.2.0  } {2.0.0  2.0.4 }] [0.9-rc1] https://osv.dev/vulnerability/GHSA-x",
	} {
		list, err := Advisory([]byte(text))
		if got := described(list); err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("got %q, %v\nwant %q", got, err, want)
		}
	}
	for _, bad := range []string{"", "{}", "[1]", `{"document":{"csaf_version":"1.2"}}`, nvdText[:200]} {
		if list, err := Advisory([]byte(bad)); err == nil {
			t.Errorf("%.30q is read as %v", bad, list)
		}
	}
}

// TestAdvisoryOfASeenProgram: what CPE calls http_server is what the wire calls
// Apache, and a flaw of another maker's program of that name is not.
func TestAdvisoryOfASeenProgram(t *testing.T) {
	list, err := Advisory([]byte(nvdText))
	if err != nil {
		t.Fatal(err)
	}
	p := &tape{}
	p.page(0, "10.0.0.9", "10.0.0.1", "Apache/2.4.49")
	p.page(0, "10.0.0.9", "10.0.0.2", "Apache/2.4.52")
	r := p.report(Options{Flaws: list})
	if len(r.Lines) != 1 || r.Lines[0].Host != "10.0.0.1" || r.Lines[0].Verdict != Affected {
		t.Errorf("%+v", r.Lines)
	}
}

// TestJoin: an advisory of the user's brings its versions to a flaw of the table,
// which keeps its campaigns.
func TestJoin(t *testing.T) {
	table := []Flaw{{CVE: "CVE-2030-1111", Product: "Apache", Used: map[string]string{"some": Reported}, vendor: "apache"}}
	list, err := Advisory([]byte(nvdText))
	if err != nil {
		t.Fatal(err)
	}
	got := Join(table, list)
	if len(got) != 1 || got[0].Product != "Apache" || len(got[0].Ranges) != 1 || got[0].Used["some"] != Reported {
		t.Errorf("%+v", got)
	}
}

func TestReadAdvisories(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.json": nvdText, "b.json": "{", "c.txt": csafText} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, refused, err := ReadAdvisories([]string{dir})
	if err != nil || len(list) != 1 || len(refused) != 1 || !strings.Contains(refused[0], "b.json") {
		t.Errorf("%v, %q, %v", described(list), refused, err)
	}
	if _, _, err := ReadAdvisories([]string{filepath.Join(dir, "none")}); err == nil {
		t.Error("a path that is not there is read")
	}
}

// FuzzAdvisory: whatever a document says, what is read of it is bounded and can
// be judged, an error comes with nothing, and spaces around it change nothing.
func FuzzAdvisory(f *testing.F) {
	for _, s := range []string{nvdText, csafText, osvText, "[" + osvText + "]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := Advisory(b)
		if err != nil {
			if list != nil {
				t.Fatalf("an error and %d flaws", len(list))
			}
			return
		}
		for i := range list {
			x := &list[i]
			if !cveID.MatchString(x.CVE) || x.Product == "" || len(x.Product) > maxWord || len(x.Ranges) > maxRanges || len(x.Versions) > maxRanges {
				t.Fatalf("%+v", x)
			}
			for _, r := range x.Ranges {
				if end := r.Fixed + r.Last; r.From != "" && compare(r.From, end) > 0 || r.Last != "" && !r.holds(r.Last) || r.Fixed != "" && r.holds(r.Fixed) {
					t.Fatalf("range %+v", r)
				}
			}
			for _, v := range x.Versions {
				if got, _, _ := x.judge(v); got != Affected {
					t.Fatalf("%q is listed and %s", v, got)
				}
			}
		}
		again, err := Advisory(slices.Concat([]byte("\n "), b, []byte("\n")))
		if err != nil || !slices.Equal(described(list), described(again)) {
			t.Fatalf("%v\n%v, %v", described(list), described(again), err)
		}
	})
}

// FuzzVersions: the order of versions is one.
func FuzzVersions(f *testing.F) {
	f.Add("9.6p1", "9.6", "10.0-rc1")
	f.Add("22.7R2.3", "7.0.5", "13.1-49.15")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if compare(a, b) != -compare(b, a) || compare(a, a) != 0 {
			t.Fatalf("%q and %q", a, b)
		}
		if compare(a, b) <= 0 && compare(b, c) <= 0 && compare(a, c) > 0 {
			t.Fatalf("%q, %q, %q are in no order", a, b, c)
		}
	})
}

// FuzzList: what is read is bounded and has a host.
func FuzzList(f *testing.F) {
	f.Add([]byte("host,product,version,port,exposed,seen\na,b,1.2,80,yes,2026-01-02\n"), false)
	f.Add([]byte("\xef\xbb\xbfip;cves\n10.0.0.1;CVE-2024-1234 CVE-2024-12345\n"), true)
	f.Fuzz(func(t *testing.T, b []byte, scan bool) {
		list, err := ReadList(bytes.NewReader(b), scan)
		if err != nil && list != nil {
			t.Fatalf("an error and %d items", len(list))
		}
		for _, it := range list {
			if it.Host == "" || it.Product == "" && it.CVE == "" || it.CVE != "" && !cveID.MatchString(it.CVE) || len(it.Host)+len(it.Product)+len(it.Version) > 8*maxCell {
				t.Fatalf("%+v", it)
			}
		}
	})
}
