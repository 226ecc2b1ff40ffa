package app

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/flow/flowtest"
)

// TestIndustrialCapturesAreNamed plays real captures of industrial protocols,
// by family, and wants the family's protocol named in as many of them as it was
// when this was written. The rest has none of it in it, or only bytes that
// conform to nothing.
func TestIndustrialCapturesAreNamed(t *testing.T) {
	families := map[string]struct {
		names []string
		least float64
	}{
		"BACnet":                            {[]string{"bacnet"}, 1},
		"C37":                               {[]string{"synchrophasor_tcp", "synchrophasor_udp"}, 1},
		"EthernetIP":                        {[]string{"enip", "cip"}, 1},
		"opc-ua-ap-method-wireshark-freeze": {[]string{"opcua-binary"}, 1},
		"beckoff":                           {[]string{"ads"}, 1},
		"fox":                               {[]string{"fox"}, 1},
		"dnp3":                              {[]string{"dnp3_tcp", "dnp3_udp"}, 0.9},
		"modbus":                            {[]string{"modbus"}, 1},
		"modicon":                           {[]string{"modbus"}, 1},
		"s7":                                {[]string{"s7comm", "s7comm-plus"}, 1},
	}
	labels := flowtest.Corpus(t, "ics-pcap/labels.tsv")
	file, err := os.Open(labels)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	named, all := map[string]int{}, map[string]int{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		f := strings.Split(lines.Text(), "\t")
		want, ok := families[f[1]]
		if !ok {
			continue
		}
		all[f[1]]++
		if names(t, filepath.Join(filepath.Dir(labels), f[0]), want.names) {
			named[f[1]]++
		}
	}
	for family, want := range families {
		if share := float64(named[family]) / float64(max(all[family], 1)); share < want.least {
			t.Errorf("%s: %d of %d captures named, want %.0f %%", family, named[family], all[family], 100*want.least)
		}
	}
}

// TestIndustrialTracesAreNamed is the same for the traces of Zeek's packages.
func TestIndustrialTracesAreNamed(t *testing.T) {
	for folder, want := range map[string][]string{
		"bacnet": {"bacnet"}, "enip": {"enip"}, "opcua-binary": {"opcua-binary"},
		"dnp3": {"dnp3_tcp"}, "modbus": {"modbus"}, "s7comm": {"s7comm", "s7comm-plus"},
	} {
		dir := flowtest.Corpus(t, "ics/"+folder+"/traces")
		traces, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, trace := range traces {
			if !names(t, trace, want) {
				t.Errorf("%s: no connection is named %v", filepath.Base(trace), want)
			}
		}
	}
}

// names tells whether a connection of the capture has one of the services.
func names(t *testing.T, path string, services []string) bool {
	t.Helper()
	for _, r := range flowtest.Records(t, path, protocols) {
		if r.RecordType().Name != "conn" {
			continue
		}
		f, ok := r.RecordType().Field("service")
		if !ok {
			t.Fatal("conn has no service")
		}
		for _, text := range f.Text(r) {
			for s := range strings.SplitSeq(text, ",") {
				if slices.Contains(services, s) {
					return true
				}
			}
		}
	}
	return false
}
