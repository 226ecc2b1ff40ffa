package segmentation

import (
	"bytes"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

// TestZoneErrors: what is not understood is an error that says where; no
// conduit is made wider than it was meant.
func TestZoneErrors(t *testing.T) {
	const head = "zones:\n- {name: a, level: 4, networks: [10.1.0.0/24]}\n- {name: b, level: 2, networks: [10.2.0.0/24]}\n"
	for text, want := range map[string]string{
		"":          "EOF",
		"zones: []": "names no zone",
		"zones:\n- {name: a, network: [10.0.0.0/8]}\n":                                       "field network not found",
		"zones:\n- {name: a, level: 7}\n":                                                    "level \"7\"",
		"zones:\n- {name: a, level: 1.2}\n":                                                  "level \"1.2\"",
		"zones:\n- {name: a, networks: [10.0.0.0/33]}\n":                                     "zone \"a\"",
		"zones:\n- {name: a, hosts: [here]}\n":                                               "zone \"a\"",
		"zones:\n- {name: a}\n- {name: a}\n":                                                 "the name is taken",
		"zones:\n- {name: a, networks: [10.0.0.0/8]}\n- {name: b, networks: [10.3.0.0/8]}\n": "in the zones \"a\" and \"b\"",
		"zones:\n- {name: internet, networks: [10.0.0.0/8]}\n":                               "no networks of its own",
		head + "conduits:\n- {from: a, to: c}\n":                                             "no zone \"c\"",
		head + "conduits:\n- {from: a, to: b, direction: backward}\n":                        "direction",
		head + "conduits:\n- {from: a, to: b, ports: [502]}\n":                               "port \"502\"",
		head + "conduits:\n- {from: a, to: b, ports: [tcp/9-3]}\n":                           "port \"tcp/9-3\"",
		head + "conduits:\n- {from: a, to: b, protocols: [\"\"]}\n":                          "protocol",
		head + "conduits:\n- {from: a, to: b, to_hosts: [10.2.0.300]}\n":                     "conduit 1",
		head + "conduits:\n- {from: a, to: b, protocol: modbus}\n":                           "field protocol not found",
	} {
		_, err := ReadZones(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func must(t *testing.T, text string) *Zoning {
	t.Helper()
	z, err := ReadZones(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestLongestNetworkWins: a host before its network, a small network before a
// large one.
func TestLongestNetworkWins(t *testing.T) {
	z, err := ReadZones(strings.NewReader("zones:\n- {name: all, networks: [10.0.0.0/8]}\n- {name: cell, networks: [10.3.7.64/26]}\n- {name: plc, hosts: [10.3.7.70]}\n- {name: six, networks: ['fd00:1::/32']}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for a, want := range map[string]string{"10.3.7.70": "plc", "10.3.7.71": "cell", "10.3.7.128": "all", "192.168.0.1": noZone, "fd00:1::5": "six", "fd00:2::5": noZone} {
		if got := z.Zones[z.Of(netip.MustParseAddr(a))].Name; got != want {
			t.Errorf("%s is in %s, want %s", a, got, want)
		}
	}
}

// FuzzReadZones: what is read and written again means the same.
func FuzzReadZones(f *testing.F) {
	f.Add("zones:\n- {name: a, level: 3.5, safety: true, networks: [10.1.0.0/24], hosts: [10.9.0.1]}\n- {name: b, level: 2, networks: ['fd00::/64']}\nconduits:\n- {from: a, to: b, direction: both, protocols: [ssl], ports: [tcp/502, udp/1-9, icmp], to_hosts: [10.2.0.1]}\n")
	f.Add("zones: [{name: x}]\nconduits: [{from: internet, to: unassigned}]")
	f.Fuzz(func(t *testing.T, text string) {
		z, err := ReadZones(strings.NewReader(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := z.WriteZones(&b); err != nil {
			t.Fatal(err)
		}
		again, err := ReadZones(&b)
		if err != nil {
			if len(z.Zones) == 2 { // nothing but the Internet was named
				return
			}
			t.Fatalf("%v\n%s", err, b.String())
		}
		if !reflect.DeepEqual(z.net, again.net) || !reflect.DeepEqual(z.host, again.host) || len(z.Conduits) != len(again.Conduits) {
			t.Fatalf("%+v became %+v", z, again)
		}
		for i := range z.Conduits {
			a, b := z.Conduits[i], again.Conduits[i]
			a.Why, b.Why = "", ""
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("%+v became %+v", a, b)
			}
		}
	})
}
