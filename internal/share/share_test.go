package share

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/casefolder"
	"longwatch/internal/casefolder/casetest"
	"longwatch/internal/pypeer"
)

func bundle(t testing.TB, c *casefolder.Case) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := STIX(&b, Pack(c, Policy{Marking: AmberStrict, Own: true})); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// identifier is STIX 2.1 section 2.9: a type, two hyphens and a UUID of RFC 4122.
var identifier = regexp.MustCompile(`^[a-z0-9-]+--[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// required are properties that STIX 2.1 demands, by type (chapters 4 to 7).
var required = map[string][]string{
	"report": {"name", "published", "object_refs"}, "incident": {"name"}, "identity": {"name"}, "attack-pattern": {"name"},
	"intrusion-set": {"name"}, "campaign": {"name"}, "relationship": {"relationship_type", "source_ref", "target_ref"},
	"observed-data": {"first_observed", "last_observed", "number_observed", "object_refs"},
	"ipv4-addr":     {"value"}, "ipv6-addr": {"value"}, "domain-name": {"value"}, "url": {"value"}, "email-addr": {"value"}, "user-account": {"account_login"},
	"file": {}, "x509-certificate": {"hashes"}, "marking-definition": {"created"},
	"indicator": {"pattern", "pattern_type", "valid_from"}, "sighting": {"sighting_of_ref"}, "infrastructure": {"name"}, "malware": {"is_family"}, "course-of-action": {"name"},
}

// TestBundle: whatever the text, the bundle is one that others can read: known
// types, all that each needs, unique identifiers, no reference into nothing.
func TestBundle(t *testing.T) {
	cases := []*casefolder.Case{casetest.Plausible(), {}}
	for _, s := range casetest.Hostile {
		cases = append(cases, casetest.Case(s))
	}
	for _, c := range cases {
		var b struct {
			Type, ID string
			Objects  []map[string]any
		}
		data := bundle(t, c)
		if err := json.Unmarshal(data, &b); err != nil {
			t.Fatal(err)
		}
		ids := map[string]bool{}
		for _, o := range b.Objects {
			id, typ := o["id"].(string), o["type"].(string)
			if ids[id] || !identifier.MatchString(id) || !strings.HasPrefix(id, typ+"--") || o["spec_version"] != "2.1" {
				t.Errorf("object %v", o)
			}
			ids[id] = true
			need, known := required[typ]
			if !known {
				t.Errorf("type %q", typ)
			}
			for _, k := range need {
				if v, ok := o[k]; !ok || v == "" {
					t.Errorf("%s has no %s", typ, k)
				}
			}
			if a, z := o["first_observed"], o["last_observed"]; a != nil && a.(string) > z.(string) {
				t.Errorf("observed from %v to %v", a, z)
			}
		}
		for _, o := range b.Objects {
			for k, v := range o {
				for _, ref := range refs(k, v) {
					if !ids[ref] {
						t.Errorf("%s of %s refers to %s, which is not there", k, o["id"], ref)
					}
				}
			}
		}
		if !bytes.Equal(data, bundle(t, c)) {
			t.Error("the same case gives another bundle")
		}
	}
}

// refs are the identifiers in a property that refers to objects.
func refs(key string, v any) []string {
	switch {
	case strings.HasSuffix(key, "_ref"):
		return []string{v.(string)}
	case strings.HasSuffix(key, "_refs"):
		var out []string
		for _, x := range v.([]any) {
			out = append(out, x.(string))
		}
		return out
	}
	return nil
}

// TestValidator asks the OASIS validator, in its strictest way.
func TestValidator(t *testing.T) {
	python := pypeer.Python(t, "stix2validator")
	dir := t.TempDir()
	var files []string
	for name, c := range map[string]*casefolder.Case{"plausible": casetest.Plausible(), "markup": casetest.Case(casetest.Hostile[0]), "broken": casetest.Case(casetest.Hostile[9]), "url": casetest.Case("https://c.example.com/a b|<c>"), "empty": {}} {
		for _, p := range []Policy{{Marking: AmberStrict, Own: true}, {Marking: Green}} {
			file := filepath.Join(dir, name+p.Marking.String()+".json")
			var b bytes.Buffer
			if err := STIX(&b, Pack(c, p)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
	}
	validator := filepath.Join(filepath.Dir(python), "stix2_validator")
	out, err := exec.CommandContext(t.Context(), validator, append([]string{"--version", "2.1", "--strict", "--enforce-refs"}, files...)...).CombinedOutput()
	if err != nil || bytes.Contains(out, []byte("[X]")) {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// TestStableIDs: the same thing in another case has the same identifier, so
// that platforms join what they are given twice.
func TestStableIDs(t *testing.T) {
	one, two := casetest.Plausible(), casetest.Plausible()
	two.Incidents[0].ID = "i-other"
	ids := func(c *casefolder.Case, typ string) []string {
		return regexp.MustCompile(`"id": "`+typ+`--[^"]*"`).FindAllString(string(bundle(t, c)), -1)
	}
	for _, typ := range []string{"ipv4-addr", "domain-name", "file", "attack-pattern", "intrusion-set", "identity"} {
		if a, b := ids(one, typ), ids(two, typ); len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("%s: %v and %v", typ, a, b)
		}
	}
	if slices.Equal(ids(one, "incident"), ids(two, "incident")) {
		t.Error("two incidents have one identifier")
	}
}

// TestNavigator: the layer has what the Navigator demands of format 4.5.
func TestNavigator(t *testing.T) {
	var b bytes.Buffer
	if err := Navigator(&b, casetest.Plausible()); err != nil {
		t.Fatal(err)
	}
	var l struct {
		Name, Domain string
		Versions     map[string]string
		Techniques   []struct {
			TechniqueID string
			Score       int
		}
	}
	if err := json.Unmarshal(b.Bytes(), &l); err != nil {
		t.Fatal(err)
	}
	if l.Name == "" || l.Domain != "enterprise-attack" || l.Versions["layer"] != "4.5" || len(l.Techniques) != 3 {
		t.Errorf("layer %+v", l)
	}
	for _, x := range l.Techniques {
		if x.Score != 100 || !strings.HasPrefix(x.TechniqueID, "T") {
			t.Errorf("technique %+v", x)
		}
	}
}

// TestPlaces: a format writes what it says that it has a place for, and the rest
// is not in it at all.
func TestPlaces(t *testing.T) {
	items := map[string]string{
		"address": "198.51.100.7", "subnet": "198.51.100.0/25", "domain": "evil.example", "url": "http://evil.example/gate.php", "email": "a@evil.example", "user": "evil", "file": "q8x2.aspx",
		"hash": "9a72dc6ee5665ab1364707965c4b75a6e3a58e25148d5ea02b17aa78b2a84eb5", "certificate": "da39a3ee5e6b4b0d3255bfef95601890afd80709", "public_key": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"ja3": "d41d8cd98f00b204e9800998ecf8427e", "ja3s": "d41d8cd98f00b204e9800998ecf8427e", "ja4": "t13d1516h2_8daaf6152771_e5627efa2ab1", "hassh": "d41d8cd98f00b204e9800998ecf8427e",
		"user_agent": "kestrelbot/9 (inert)", "software": "kestrel 9",
	}
	for _, f := range Formats {
		var empty bytes.Buffer
		if err := f.Write(&empty, &Parcel{}); err != nil {
			t.Fatal(err)
		}
		for kind, value := range items {
			var b bytes.Buffer
			if err := f.Write(&b, &Parcel{Items: []Item{{Kind: kind, Value: value, Source: "S"}}}); err != nil {
				t.Fatal(err)
			}
			if wrote := !bytes.Equal(b.Bytes(), empty.Bytes()); wrote != f.Takes(kind) {
				t.Errorf("%s, %s: written %v, said to have a place %v", f.Name, kind, wrote, f.Takes(kind))
			}
		}
	}
}

// TestRPZNetworks: the names of section 4.1.1 of the draft, and others worked out
// by its words.
func TestRPZNetworks(t *testing.T) {
	for network, want := range map[string]string{
		"192.0.2.1/32": "32.1.2.0.192.rpz-ip", "192.0.2.0/24": "24.0.2.0.192.rpz-ip", "2001:db8:0:1::57/128": "128.57.zz.1.0.db8.2001.rpz-ip", "2001:db8::/48": "48.zz.db8.2001.rpz-ip", "::1/128": "128.1.zz.rpz-ip",
	} {
		if got := rpzIP(netip.MustParsePrefix(network)); got != want {
			t.Errorf("%s: %s, want %s", network, got, want)
		}
	}
}
