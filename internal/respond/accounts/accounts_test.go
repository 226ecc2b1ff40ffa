package accounts_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/respond/accounts"
)

func found(id, title string, at record.Time, technique attack.ID, entities ...record.Entity) *finding.Finding {
	return &finding.Finding{ID: id, Title: title, Severity: finding.High, Confidence: 80, Start: at, End: at, Techniques: []attack.ID{technique}, Entities: entities}
}

func user(name, role string) record.Entity {
	return record.Entity{Kind: "user", Value: name, Role: role}
}

// intrusion is worked by hand: a person's account is used first, then an
// administrator's, an account is made, a service account's secret and the
// directory are taken.
func intrusion() *finding.Incident {
	f := []*finding.Finding{
		found("f-1", "Logon from a new place", 100, "T1078", user(`CORP\mia`, "")),
		found("f-2", "Account made", 300, "T1136.002", user(`CORP\a-olga`, ""), user(`CORP\helpd`, "target")),
		found("f-3", "Administrator's session", 200, "T1021.001", user(`CORP\a-olga`, "")),
		found("f-4", "Directory database written out as installation media", 400, "T1003.003", user(`CORP\a-olga`, "")),
	}
	reach := func(kind, value string, g finding.Grade, ids ...string) finding.Reach {
		return finding.Reach{Entity: record.Entity{Kind: kind, Value: value}, Grade: g, Why: "it is in the findings", Findings: ids}
	}
	return &finding.Incident{
		ID: "i-1", Findings: f,
		Reach: []finding.Reach{
			reach("user", "mia", finding.Touched, "f-1"), reach("user", "a-olga", finding.Touched, "f-3"), reach("user", "helpd", finding.Touched, "f-2"),
			reach("user", "svc_backup", finding.Possibly), reach("user", "joe", finding.Possibly), reach("user", "NT AUTHORITY\\SYSTEM", finding.Touched),
			reach("host", "srv-app", finding.Touched), reach("host", "dc1", finding.Touched), reach("directory", "dc1", finding.Possibly),
		},
	}
}

func logon(account, on string, kind string) *host.LogonEdge {
	return &host.LogonEdge{User: `CORP\` + account, To: on + ".corp.example", Types: []string{kind}, Success: 3}
}

// habits are how accounts were used in ordinary times.
func habits(inc *finding.Incident) *accounts.Use {
	u := accounts.NewUse([]*finding.Incident{inc})
	for _, r := range []record.Record{
		logon("mia", "ws1", "interactive"), logon("a-olga", "srv-app", "remote-desktop"), logon("svc_backup", "fs1", "batch"), logon("svc_backup", "hist1", "service"),
		logon("SRV-APP$", "dc1", "network"), logon("DC1$", "dc1", "network"), logon("WS9$", "dc1", "network"),
		logon("breakglass1", "dc1", "interactive"), logon("Administrator", "dc1", "interactive"), logon("t1-nina", "srv-db", "remote-desktop"), logon("someone", "ws2", "interactive"),
		&host.Service{Head: host.Head{Host: "hist1.corp.example"}, Name: "Historian collector", Account: `CORP\svc_backup`, Action: "installed"},
		&host.Task{Head: host.Head{Host: "fs1", User: `CORP\svc_backup`}, Name: `\Nightly copy`, Action: "started"},
	} {
		u.Learn(r)
	}
	return u
}

func names(s accounts.Step) (out []string) {
	for i := range s.Accounts {
		out = append(out, s.Accounts[i].Name)
	}
	return out
}

// TestOrder: made ones first, then those he used with those that have rights
// before those that have none, services with what they run, the other
// administrators, emergency ones after all of these; krbtgt then, as the last of
// the window, and again; machines that he was on and everybody else follow when
// hosts are clean (Microsoft, "AD Forest Recovery": krbtgt twice after privileged
// accounts; the dossiers' 8.4: highest tier, krbtgt, then service, machine and
// user accounts).
func TestOrder(t *testing.T) {
	inc := intrusion()
	p := accounts.Order(inc, habits(inc))
	var got [][]string
	for i, s := range p.Steps {
		got = append(got, names(s))
		if s.N != i+1 || s.Why == "" || s.Undo == "" || s.Proof == "" {
			t.Errorf("step %d lacks something: %+v", i+1, s)
		}
	}
	want := [][]string{{"helpd"}, {"a-olga"}, {"mia"}, {"svc_backup"}, {"t1-nina"}, {"administrator", "breakglass1"}, nil, nil, {"dc1$", "srv-app$"}, {"joe"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for i, s := range p.Steps {
		if in := i < 7; s.Window != in {
			t.Errorf("step %d is in the window: %v", s.N, s.Window)
		}
	}
	last := p.Steps[6:8]
	if !strings.Contains(last[0].Do, "krbtgt once") || !strings.Contains(last[1].Do, "second time") || !strings.Contains(last[0].Why, "T1003.003") {
		t.Errorf("krbtgt: %+v", last)
	}
	service := p.Steps[3]
	for _, what := range []string{`service "Historian collector" on hist1`, `task "\\Nightly copy" on fs1`, "2 host(s): fs1, hist1"} {
		if !strings.Contains(service.Careful, what) {
			t.Errorf("what breaks lacks %s: %s", what, service.Careful)
		}
	}
	for _, not := range []string{"one by one", "krbtgt before the administrators", "service accounts before", "emergency account until", "mail or chat"} {
		if !slices.ContainsFunc(p.NotYet, func(s string) bool { return strings.Contains(s, not) }) {
			t.Errorf("nobody is warned of %q: %q", not, p.NotYet)
		}
	}
	if len(p.Before) == 0 {
		t.Error("nothing is said of what must be ready before")
	}
}

// TestOnlyWhatIsCalledFor: without a lost directory nobody resets krbtgt, nor
// accounts that the incident does not name.
func TestOnlyWhatIsCalledFor(t *testing.T) {
	inc := intrusion()
	inc.Findings = inc.Findings[:1]
	inc.Reach = []finding.Reach{inc.Reach[0], inc.Reach[6]}
	p := accounts.Order(inc, habits(inc))
	var got []string
	for _, s := range p.Steps {
		got = append(got, names(s)...)
		if strings.Contains(s.Do, "krbtgt") {
			t.Errorf("krbtgt without need: %s", s.Why)
		}
	}
	if d := cmp.Diff([]string{"mia", "srv-app$"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if slices.ContainsFunc(p.NotYet, func(s string) bool { return strings.Contains(s, "krbtgt") }) {
		t.Errorf("%q", p.NotYet)
	}
	if p := accounts.Order(&finding.Incident{ID: "i-2"}, nil); len(p.Steps)+len(p.Before)+len(p.NotYet) != 0 {
		t.Errorf("an incident without accounts has an order: %+v", p)
	}
}

// TestOtherDomains: when one domain's directory is taken, administrators of
// another that the same records show are left alone; whoever may be of either is
// not.
func TestOtherDomains(t *testing.T) {
	inc := intrusion()
	u := habits(inc)
	for _, r := range []record.Record{
		&host.LogonEdge{User: `OTHER\t0-paul`, To: "dc7.other.example", Types: []string{"interactive"}, Success: 2},
		&host.LogonEdge{User: `OTHER\svc_sql`, To: "db7.other.example", Types: []string{"service"}, Success: 2},
		&host.LogonEdge{User: `t0-vera@ad.corp.example`, To: "srv-app.corp.example", Types: []string{"remote-desktop"}, Success: 2},
		&host.LogonEdge{User: `t0-anna`, To: "srv-app.corp.example", Types: []string{"remote-desktop"}, Success: 2},
	} {
		u.Learn(r)
	}
	var got []string
	p := accounts.Order(inc, u)
	for _, s := range p.Steps {
		got = append(got, names(s)...)
	}
	for name, want := range map[string]bool{"t0-paul": false, "svc_sql": false, "t0-vera": true, "t0-anna": true, "t1-nina": true} {
		if slices.Contains(got, name) != want {
			t.Errorf("%s stands in the order: %v, want %v: %q", name, !want, want, got)
		}
	}
}

// TestFirstUsedFirst: of several administrators the one that he had first.
func TestFirstUsedFirst(t *testing.T) {
	inc := intrusion()
	inc.Findings = append(inc.Findings, found("f-5", "Administrator's session", 150, "T1021.001", user(`a-zoe@corp.example`, "")))
	inc.Reach = append(inc.Reach, finding.Reach{Entity: record.Entity{Kind: "user", Value: "a-zoe"}, Grade: finding.Touched, Why: "used"})
	p := accounts.Order(inc, habits(inc))
	if d := cmp.Diff([]string{"a-zoe", "a-olga"}, names(p.Steps[1])); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
