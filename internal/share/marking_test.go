package share

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestScreen: the marking decides, whether it is of TLP 1 or 2, of the whole or
// of a part, referred to or defined by whoever wrote it.
func TestScreen(t *testing.T) {
	const (
		red1   = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
		green1 = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"
		amber2 = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
		strict = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
		own    = "marking-definition--00000000-0000-4000-8000-000000000001"
		words  = "marking-definition--00000000-0000-4000-8000-000000000002"
		nobody = "marking-definition--00000000-0000-4000-8000-000000000003"
	)
	tool := func(n int, rest string) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`{"type":"tool","id":"tool--%d"%s}`, n, rest))
	}
	objects := []json.RawMessage{
		tool(1, ""),
		tool(2, `,"object_marking_refs":["`+red1+`"]`),
		tool(3, `,"object_marking_refs":["`+green1+`","`+words+`"]`),
		tool(4, `,"object_marking_refs":["`+amber2+`"]`),
		tool(5, `,"object_marking_refs":["`+strict+`"]`),
		tool(6, `,"object_marking_refs":["`+green1+`"],"granular_markings":[{"marking_ref":"`+red1+`","selectors":["name"]},{"lang":"de","selectors":["name"]}]`),
		tool(7, `,"object_marking_refs":["`+own+`"]`),
		tool(8, `,"object_marking_refs":["`+nobody+`"]`),
		tool(9, `,"object_marking_refs":"`+red1+`"`),
		json.RawMessage(`{"type":"marking-definition","id":"` + own + `","definition_type":"tlp","definition":{"tlp":"ultra"}}`),
		json.RawMessage(`{"type":"marking-definition","id":"` + words + `","definition_type":"statement","definition":{"statement":"ours"}}`),
		json.RawMessage(`{"type":"marking-definition","id":"` + red1 + `","definition_type":"tlp","definition":{"tlp":"white"}}`), // a lie
	}
	for _, tt := range []struct {
		most    TLP
		leave   string
		highest TLP
	}{
		{Clear, "1", Clear}, {Green, "1 3", Green}, {Amber, "1 3 4", Amber}, {AmberStrict, "1 3 4 5", AmberStrict}, {Red, "1 2 3 4 5 6 7", Red},
	} {
		got := Screen(objects, tt.most)
		var ids []string
		for _, raw := range got.Objects {
			if s := string(raw); strings.Contains(s, `"tool--`) {
				ids = append(ids, s[strings.Index(s, "--")+2:][:1])
			}
		}
		if leave := strings.Join(ids, " "); leave != tt.leave || got.Highest != tt.highest || len(got.Stay) != 9-len(ids) {
			t.Errorf("TLP:%s: %s leave with %s, %d stay; want %s with %s", tt.most, leave, got.Highest, len(got.Stay), tt.leave, tt.highest)
		}
		for _, w := range got.Stay {
			if w.ID == "tool--5" && !strings.Contains(w.Reason, "TLP:AMBER+STRICT") || w.ID == "tool--8" && !strings.Contains(w.Reason, nobody) {
				t.Errorf("%+v", w)
			}
		}
	}
}

// TestScreenUnmarked: what an observation consists of has no marking in many
// bundles, and goes where the observation goes.
func TestScreenUnmarked(t *testing.T) {
	const strict, green = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
	objects := []json.RawMessage{
		json.RawMessage(`{"type":"identity","id":"identity--1","name":"who made it all"}`),
		json.RawMessage(`{"type":"observed-data","id":"observed-data--1","created_by_ref":"identity--1","object_marking_refs":["` + strict + `"],"object_refs":["network-traffic--1","domain-name--both"]}`),
		json.RawMessage(`{"type":"network-traffic","id":"network-traffic--1","src_ref":"ipv4-addr--inner","protocols":["tcp"]}`),
		json.RawMessage(`{"type":"ipv4-addr","id":"ipv4-addr--inner","value":"10.0.0.7"}`),
		json.RawMessage(`{"type":"observed-data","id":"observed-data--2","created_by_ref":"identity--1","object_marking_refs":["` + green + `"],"object_refs":["domain-name--both"]}`),
		json.RawMessage(`{"type":"domain-name","id":"domain-name--both","value":"evil.example"}`),
	}
	got := Screen(objects, Amber)
	var stay []string
	for _, w := range got.Stay {
		stay = append(stay, w.ID)
	}
	if want := "observed-data--1 network-traffic--1 ipv4-addr--inner"; strings.Join(stay, " ") != want {
		t.Errorf("%q stay, want %q", stay, want)
	}
	if got := Screen(objects, AmberStrict); len(got.Stay) != 0 {
		t.Errorf("%+v", got.Stay)
	}
}
