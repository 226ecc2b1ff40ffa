package respond

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"longwatch/content"
	"longwatch/internal/attack"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/respond/block"
)

var noon = record.TimeOf(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))

// says is a finding of medium severity on a host.
func says(detector, host string, change func(*finding.Finding)) *finding.Finding {
	f := &finding.Finding{
		Detector: detector, Title: "Title of " + detector, Severity: finding.Medium, Confidence: 60, Start: noon, End: noon,
		Entities: []record.Entity{{Kind: "host", Value: host}}, Why: []string{"because"}, Refs: []record.Ref{{File: "log", Kind: record.RefLine, Pos: 7}},
	}
	if change != nil {
		change(f)
	}
	f.Seal()
	return f
}

// incidentOf joins findings; the hosts are touched.
func incidentOf(id string, findings ...*finding.Finding) *finding.Incident {
	i := &finding.Incident{ID: id, Title: "Incident " + id, Severity: finding.High, Start: noon, End: noon, Findings: findings}
	for _, f := range findings {
		for _, e := range f.Entities {
			if e.Kind == "host" && !slices.ContainsFunc(i.Reach, func(r finding.Reach) bool { return r.Entity == e }) {
				i.Reach = append(i.Reach, finding.Reach{Entity: e, Grade: finding.Touched, Why: "it acts there", Findings: []string{f.ID}})
			}
		}
	}
	return i
}

func made(t *testing.T, in *Input) *Plan {
	t.Helper()
	var err error
	if in.Book, err = LoadBook(content.Response, content.Campaigns); err != nil {
		t.Fatal(err)
	}
	p, err := Make(in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ids(s *Section) (out []string) {
	for _, x := range s.Steps {
		out = append(out, x.ID)
	}
	return out
}

// TestCalledFor: a step is there when a finding calls for it, and only then.
func TestCalledFor(t *testing.T) {
	technique := func(id attack.ID) func(*finding.Finding) {
		return func(f *finding.Finding) { f.Techniques = []attack.ID{id} }
	}
	for _, c := range []struct {
		name     string
		finding  *finding.Finding
		has, not []string
	}{
		{"copy of the directory", says("other", "dc1", technique("T1003.003")), []string{"krbtgt-first", "krbtgt-second", "reset-domain"}, []string{"rotate-machine-keys", "block-lateral"}},
		{"the same of low severity", says("other", "dc1", func(f *finding.Finding) { f.Techniques, f.Severity = []attack.ID{"T1003.003"}, finding.Low }), nil, []string{"krbtgt-first"}},
		{"shell on IIS", says("web-shell", "web1", func(f *finding.Finding) {
			f.Entities = append(f.Entities, record.Entity{Kind: "file", Value: `C:\inetpub\wwwroot\a.ASPX`})
		}), []string{"rotate-machine-keys", "purge-compiled", "isolate-web"}, []string{"remove-pages", "krbtgt-first"}},
		{"shell on another server", says("web-shell", "web1", func(f *finding.Finding) {
			f.Entities = append(f.Entities, record.Entity{Kind: "file", Value: "/srv/www/a.php"})
		}), []string{"remove-pages", "rotate-web-secrets", "rebuild-web"}, []string{"rotate-machine-keys", "purge-compiled", "upload-hygiene"}},
		{"variant of a detection", says("other", "h", func(f *finding.Finding) { f.Dossier = []string{"VT-23b"} }), []string{"remove-forwarding", "kill-tunnels"}, []string{"vt-replace-routers"}},
		{"detection with a longer number", says("other", "h", func(f *finding.Finding) { f.Dossier = []string{"VT-230"} }), nil, []string{"remove-forwarding"}},
		{"rootkit", says("odd-signal", "lin1", nil), []string{"power-off-image", "rebuild-kernel", "rotate-linux-secrets"}, []string{"remove-persistence"}},
		{"mailboxes read", says("mailbox-reader", "mx", nil), []string{"renew-mail-keys", "revoke-tokens", "scope-mail"}, []string{"pull-lure"}},
		{"supplier", says("other", "h", technique("T1199")), []string{"revoke-supplier", "restore-supplier"}, []string{"krbtgt-first"}},
		{"protection off", says("other", "h", technique("T1562.001")), []string{"restore-protection"}, []string{"watch-logs"}},
		{"router of a small office, nobody known", says("router-login", "fw", nil), nil, []string{"vt-replace-routers"}},
	} {
		p := made(t, &Input{Case: &casefolder.Case{Incidents: []*finding.Incident{incidentOf("i-1", c.finding)}}})
		have := ids(&p.Sections[0])
		for _, id := range c.has {
			if !slices.Contains(have, id) {
				t.Errorf("%s: no %s in %q", c.name, id, have)
			}
		}
		for _, id := range c.not {
			if slices.Contains(have, id) {
				t.Errorf("%s: %s, which nothing calls for", c.name, id)
			}
		}
	}
}

// TestCampaignAddsItsOwn: attribution adds the steps of a campaign that the
// incident resembles enough, and they take the place of those they name.
func TestCampaignAddsItsOwn(t *testing.T) {
	for confidence, own := range map[uint8]bool{resembles - 1: false, resembles: true} {
		i := incidentOf("i-1", says("router-login", "fw", nil))
		i.Attribution = []finding.Attribution{{Profile: unattributed, Confidence: 70}, {Profile: "volt-typhoon", Name: "Volt Typhoon", Confidence: confidence}}
		section := made(t, &Input{Case: &casefolder.Case{Incidents: []*finding.Incident{i}}}).Sections[0]
		have := ids(&section)
		if strings.Contains(section.Attribution, "Volt Typhoon a little (25 of 100)") != own {
			t.Errorf("confidence %d: %q", confidence, section.Attribution)
		}
		for _, id := range []string{"vt-replace-routers", "vt-thirty-days"} {
			if slices.Contains(have, id) != own {
				t.Errorf("confidence %d: %s is there: %v", confidence, id, !own)
			}
		}
		if slices.Contains(have, "thirty-days") == own {
			t.Errorf("confidence %d: the general step is there: %v", confidence, own)
		}
	}
}

// TestOneDoorNeedsNoWindow: with one way in there is nobody to be warned.
func TestOneDoorNeedsNoWindow(t *testing.T) {
	tunnel := says("frp-tunnel", "a", nil)
	one := made(t, &Input{Case: &casefolder.Case{Incidents: []*finding.Incident{incidentOf("i-1", tunnel)}}}).Sections[0]
	if one.Window != nil || len(one.Doors) != 1 || slices.ContainsFunc(one.Steps, func(s Step) bool { return s.Window }) {
		t.Errorf("%d doors, window %+v", len(one.Doors), one.Window)
	}
	two := made(t, &Input{Case: &casefolder.Case{Incidents: []*finding.Incident{incidentOf("i-1", tunnel, says("odd-service", "b", nil))}}}).Sections[0]
	if two.Window == nil || len(two.Doors) != 2 || !slices.Contains(two.Window.Steps, "kill-tunnels") || !slices.Contains(two.Window.Steps, "remove-persistence") {
		t.Errorf("%d doors, window %+v", len(two.Doors), two.Window)
	}
}

// TestJointWindow: incidents whose windows touch the same machine are told to
// share one, which names it; others are told so, too.
func TestJointWindow(t *testing.T) {
	a := incidentOf("i-1", says("frp-tunnel", "shared", nil), says("odd-service", "b", nil))
	b := incidentOf("i-2", says("beacon", "shared", nil), says("odd-service", "c", nil))
	p := made(t, &Input{Case: &casefolder.Case{Incidents: []*finding.Incident{a, b}}})
	if p.Joint == nil || !strings.Contains(p.Joint.Why, "have shared in common") || !slices.Equal(p.Joint.Incidents, []string{"i-1", "i-2"}) {
		t.Errorf("%+v", p.Joint)
	}
	p = made(t, &Input{Case: &casefolder.Case{Incidents: []*finding.Incident{a, b}}, Only: "i-2"})
	if p.Joint != nil || len(p.Sections) != 1 || p.Sections[0].Incident != "i-2" {
		t.Errorf("%d sections, %+v", len(p.Sections), p.Joint)
	}
}

// TestReachedController: krbtgt is reset for a tunnel when a domain controller
// was reached meanwhile, and a controller is known by the tickets it gives out.
func TestReachedController(t *testing.T) {
	for _, c := range []struct {
		name        string
		controllers []string
		want        bool
	}{{"by its name", []string{"DC1.corp.example"}, true}, {"by its address", []string{"10.0.0.1"}, true}, {"another machine", []string{"fs1"}, false}} {
		i := incidentOf("i-1", says("frp-tunnel", "a", nil))
		i.Reach = append(i.Reach, finding.Reach{Entity: record.Entity{Kind: "host", Value: "dc1"}, Grade: finding.Accessed, Why: "logged on"})
		in := &Input{Case: &casefolder.Case{Incidents: []*finding.Incident{i}, Hosts: []casefolder.Host{{Name: "dc1", Addresses: []string{"10.0.0.1"}}}}, Seen: Seen{Controllers: c.controllers}}
		if got := slices.Contains(ids(&made(t, in).Sections[0]), "krbtgt-first"); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestCutsAreNamed: the step that takes a machine off the network names the
// industrial conversations that the replay of its block found, and needs a
// second person; a step that does not concern that machine does not.
func TestCutsAreNamed(t *testing.T) {
	i := incidentOf("i-1", says("frp-tunnel", "hist1", nil), says("odd-service", "fs1", nil))
	in := &Input{
		Case:   &casefolder.Case{Incidents: []*finding.Incident{i}},
		Blocks: block.Plan{Blocks: []block.Block{{ID: "b-1", Incident: "i-1", Scope: block.Isolate, Host: "hist1", Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.5")}}}},
		Effects: block.Seen{Effects: []block.Effect{{
			Block: "b-1", Replayed: true, Approval: []string{"it cuts 1 industrial conversation"},
			Industrial: []block.Talk{{Client: "10.0.0.5", ClientName: "hist1", Server: "10.0.9.7", ServerName: "plc-7", Service: block.Service{Proto: "tcp", Port: 502}, Protocol: "Modbus", Count: 3}},
		}}},
	}
	for _, s := range made(t, in).Sections[0].Steps {
		switch s.ID {
		case "isolate-hosts":
			if len(s.Cuts) != 1 || s.Cuts[0].String() != "hist1 (10.0.0.5) → plc-7 (10.0.9.7), Modbus (tcp/502), 3 connections" || !strings.Contains(s.Approval, "it cuts 1 industrial conversation") {
				t.Errorf("%+v, approval %q", s.Cuts, s.Approval)
			}
		case "kill-tunnels", "block-outside":
			if len(s.Cuts) > 0 || s.Approval != "" {
				t.Errorf("%s: %+v, approval %q", s.ID, s.Cuts, s.Approval)
			}
		}
	}
}
