package access

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// tape writes records at times that count from a Monday morning.
type tape struct {
	list []record.Record
	n    int64
}

var monday = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func (p *tape) head(at time.Duration, on string) host.Head {
	p.n++
	return host.Head{Head: record.Head{TS: record.Time(monday.Add(at).UnixNano()), Ref: record.Ref{File: "Security.evtx", Kind: record.RefRecord, Pos: p.n}}, Host: on + ".corp.example"}
}

// logon is a 4624; from is a host's own address, or empty for one at the machine.
func (p *tape) logon(at time.Duration, who, on string, kind int64, from string) {
	l := &host.Logon{Head: p.head(at, on), Outcome: "success", LogonType: kind, Target: `CORP\` + who}
	l.Code = "4624"
	if from != "" {
		l.Source = netip.MustParseAddr(from)
	}
	p.list = append(p.list, l)
}

// privileged is a logon with special privileges: 4624 and 4672.
func (p *tape) privileged(at time.Duration, who, on string, kind int64, from string) {
	p.logon(at, who, on, kind, from)
	l := &host.Logon{Head: p.head(at+time.Millisecond, on), Outcome: "success", Target: `CORP\` + who, Privileged: true}
	l.Code = "4672"
	p.list = append(p.list, l)
}

// address tells that the host had the address: a machine account's ticket.
func (p *tape) address(on, ip string) {
	s := &host.Socket{Head: p.head(0, on), Initiated: true, OrigH: netip.MustParseAddr(ip), RespH: netip.MustParseAddr("192.0.2.1")}
	p.list = append(p.list, s)
}

func (p *tape) ticket(at time.Duration, who, from, cipher string) {
	t := &host.Ticket{Head: p.head(at, "dc1"), Kind: "AS", Encryption: cipher, Status: "0x0", Source: netip.MustParseAddr(from)}
	t.User = `CORP\` + who
	p.list = append(p.list, t)
}

func (p *tape) directory(at time.Duration, code, action, object, properties, on string) {
	d := &host.Directory{Head: p.head(at, on), Action: action, Object: object, Properties: properties}
	d.Code, d.User = code, `CORP\boss`
	p.list = append(p.list, d)
}

func (p *tape) process(at time.Duration, who, on, image, command string) {
	r := &host.Process{Head: p.head(at, on), Image: image, CommandLine: command}
	r.User = who
	p.list = append(p.list, r)
}

func judge(t *testing.T, p *tape, opt Options) *Report {
	t.Helper()
	run := func(list []record.Record) *Report {
		a := New(opt)
		for pass := range Passes {
			for _, r := range list {
				if a.Wants(pass, r.RecordType()) {
					a.Learn(r)
				}
			}
		}
		return a.Report()
	}
	r := run(p.list)
	back := slices.Clone(p.list)
	slices.Reverse(back)
	if a, b := told(r), told(run(back)); a != b {
		t.Errorf("the order of records matters:\n%s\nbackwards:\n%s", a, b)
	}
	return r
}

// told is every line in short.
func told(r *Report) string {
	var b strings.Builder
	for _, l := range r.Lines {
		sure := "sure"
		if !l.Sure {
			sure = "unsure"
		}
		fmt.Fprintf(&b, "%s %s %s %s\n", l.Class, l.Severity, sure, l.Account)
	}
	return b.String()
}

const hour = time.Hour

// TestClasses: for each class a case worked by hand, and one beside it that looks
// alike and is as it should be.
func TestClasses(t *testing.T) {
	for _, c := range []struct {
		name string
		tape func(p *tape)
		opt  Options
		want string
	}{
		{"an account is put into Domain Admins", func(p *tape) {
			p.directory(0, "4728", "member-added", `CORP\Domain Admins`, "CN=eve,OU=Staff,DC=corp,DC=example", "dc1")
			p.logon(hour, "eve", "ws1", 2, "")
		}, Options{}, "newly-privileged high sure CORP\\eve\n"},
		{"one is put into a group that gives nothing", func(p *tape) {
			p.directory(0, "4728", "member-added", `CORP\Newsletter`, "CN=eve,OU=Staff,DC=corp,DC=example", "dc1")
			p.logon(hour, "eve", "ws1", 2, "")
		}, Options{}, ""},
		{"an account is made and is an administrator at once, named by its number alone", func(p *tape) {
			p.directory(0, "4720", "created", `SRV1\helper`, "", "srv1")
			p.directory(time.Second, "4732", "member-added", `Builtin\Administrators`, "S-1-5-21-1-2-3-1001", "srv1")
			e := &host.Event{Head: p.head(0, "srv1").Head, Fields: []record.KV{{Name: "TargetUserName", Value: "helper"}, {Name: "TargetDomainName", Value: "SRV1"}, {Name: "TargetSid", Value: "S-1-5-21-1-2-3-1001"}}}
			p.list = append(p.list, e)
		}, Options{}, "newly-privileged high sure srv1\\helper\n"},
		{"a machine's own account is made and is its administrator, which is no domain", func(p *tape) {
			p.directory(0, "4720", "created", `WS9\ieuser`, "", "ws9")
			p.directory(0, "4728", "member-added", `WS9\None`, `WS9\ieuser`, "ws9")
			p.directory(time.Second, "4732", "member-added", `Builtin\Administrators`, `WS9\ieuser`, "ws9")
		}, Options{}, "newly-privileged high sure ws9\\ieuser\n"},
		{"one is made and is nothing", func(p *tape) { p.directory(0, "4720", "created", `CORP\newcomer`, "", "dc1") }, Options{}, ""},
		{"a command alone says so", func(p *tape) {
			p.process(0, `CORP\boss`, "srv1", `C:\Windows\System32\net.exe`, `net  localgroup "Administrators" mallory /add`)
		}, Options{}, "newly-privileged medium unsure mallory\n"},
		{"a command that only lists", func(p *tape) {
			p.process(0, `CORP\boss`, "srv1", `C:\Windows\System32\net.exe`, `net localgroup Administrators`)
		}, Options{}, ""},
		{"privileges come after days without, while others had them", func(p *tape) {
			p.privileged(0, "boss", "srv1", 3, "10.0.0.9")
			for d := range 4 {
				p.logon(time.Duration(d)*24*hour+hour, "carol", "srv1", 3, "10.0.0.5")
			}
			p.privileged(5*24*hour, "carol", "srv1", 3, "10.0.0.5")
		}, Options{}, "newly-privileged medium unsure CORP\\carol\n"},
		{"privileges from the first day on", func(p *tape) {
			for d := range 6 {
				p.privileged(time.Duration(d)*24*hour, "carol", "srv1", 3, "10.0.0.5")
			}
		}, Options{}, ""},
		{"sudo by membership", func(p *tape) {
			d := &host.Directory{Head: p.head(0, "web1"), Action: "member-added", Object: "sudo", Properties: "deploy"}
			p.list = append(p.list, d)
		}, Options{}, "newly-privileged medium sure deploy\n"},
		{"an appliance gets an administrator", func(p *tape) {
			c := &host.ConfigChange{Head: p.head(0, "fw1"), Product: "fortios", Action: "created", Object: "system.admin", Name: "tech-x"}
			p.list = append(p.list, c)
		}, Options{}, "newly-privileged high sure tech-x\n"},
		{"an appliance gets an address object", func(p *tape) {
			c := &host.ConfigChange{Head: p.head(0, "fw1"), Product: "fortios", Action: "created", Object: "firewall.address", Name: "printer"}
			p.list = append(p.list, c)
		}, Options{}, ""},
		{"a domain administrator logs on where somebody else works", func(p *tape) {
			p.privileged(0, "da", "dc1", 3, "10.0.0.9")
			p.ticket(0, "da", "10.0.0.9", "0x12")
			p.logon(hour, "alice", "ws1", 2, "")
			p.privileged(2*hour, "da", "ws1", 10, "10.0.0.9")
		}, Options{}, "tier-violation high sure CORP\\da\nadmin-path high sure CORP\\da\n"},
		{"and at the own workstation, where nobody else sits", func(p *tape) {
			p.privileged(0, "da", "dc1", 3, "10.0.0.9")
			p.ticket(0, "da", "10.0.0.9", "0x12")
			p.logon(hour, "alice", "ws1", 2, "")
			p.privileged(2*hour, "da", "adm1", 2, "")
		}, Options{}, ""},
		{"somebody sits at a service's account", func(p *tape) {
			p.logon(0, "backup9", "srv1", 5, "")
			p.logon(hour, "backup9", "srv1", 10, "10.0.0.7")
		}, Options{}, "service-interactive medium sure CORP\\backup9\n"},
		{"a service runs", func(p *tape) {
			p.logon(0, "backup9", "srv1", 5, "")
			p.logon(hour, "backup9", "srv2", 3, "10.0.0.7")
		}, Options{}, ""},
		{"a name says service, nothing else does", func(p *tape) { p.logon(0, "svc_scan", "srv1", 10, "10.0.0.7") }, Options{}, "service-interactive medium unsure CORP\\svc_scan\n"},
		{"a domain administrator reads mail", func(p *tape) {
			p.privileged(0, "da", "dc1", 3, "10.0.0.9")
			p.ticket(0, "da", "10.0.0.9", "0x12")
			p.process(hour, `CORP\da`, "adm1", `C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE`, "")
		}, Options{}, "over-privileged high sure CORP\\da\n"},
		{"and uses its tools only", func(p *tape) {
			p.privileged(0, "da", "dc1", 3, "10.0.0.9")
			p.ticket(0, "da", "10.0.0.9", "0x12")
			p.process(hour, `CORP\da`, "adm1", `C:\Windows\System32\mmc.exe`, "")
		}, Options{}, ""},
		{"privileged by the list, and three weeks of ordinary work", func(p *tape) {
			for d := range 21 {
				p.logon(time.Duration(d)*24*hour, "paul", "ws3", 2, "")
			}
		}, Options{Inventory: []Entry{{Account: "paul", Privileged: true, Given: true}}}, "over-privileged medium sure CORP\\paul\n"},
		{"the same, and one act that needs it", func(p *tape) {
			for d := range 21 {
				p.logon(time.Duration(d)*24*hour, "paul", "ws3", 2, "")
			}
			s := &host.Service{Head: p.head(hour, "srv4"), Action: "installed", Name: "agent"}
			s.User = `CORP\paul`
			p.list = append(p.list, s)
		}, Options{Inventory: []Entry{{Account: "paul", Privileged: true, Given: true}}}, ""},
		{"one name at three desks within minutes", func(p *tape) {
			for d := range 2 {
				at := time.Duration(d) * 24 * hour
				p.logon(at, "front", "ws1", 2, "")
				p.logon(at+time.Minute, "front", "ws2", 2, "")
				p.logon(at+90*time.Second, "front", "ws3", 2, "")
			}
		}, Options{}, "shared medium sure CORP\\front\n"},
		{"a person who changes desks", func(p *tape) {
			for d, at := range []string{"ws1", "ws2", "ws3", "ws1"} {
				p.logon(time.Duration(d)*24*hour, "front", at, 2, "")
				p.logon(time.Duration(d)*24*hour+4*hour, "front", at, 7, "")
			}
		}, Options{}, ""},
		{"an administrator who goes from one desk over a jump host to many servers", func(p *tape) {
			p.address("jump", "10.0.0.20")
			p.address("adm1", "10.0.0.9")
			p.logon(0, "ops", "adm1", 2, "")
			p.logon(time.Minute, "ops", "jump", 10, "10.0.0.9")
			for i := range 6 {
				p.logon(time.Duration(i+2)*time.Minute, "ops", fmt.Sprintf("srv%d", i), 10, "10.0.0.20")
			}
		}, Options{}, ""},
		{"forty days without a logon, while others logged on", func(p *tape) {
			p.logon(0, "gone", "ws1", 2, "")
			for d := range 41 {
				p.ticket(time.Duration(d)*24*hour, "alice", "10.0.0.5", "0x12")
			}
		}, Options{}, "dormant low sure CORP\\gone\n"},
		{"the same in a case of twenty days", func(p *tape) {
			p.logon(0, "gone", "ws1", 2, "")
			for d := range 20 {
				p.ticket(time.Duration(d)*24*hour, "alice", "10.0.0.5", "0x12")
			}
		}, Options{}, ""},
		{"the same, and the controller recorded but two days of them", func(p *tape) {
			p.logon(0, "gone", "ws1", 2, "")
			p.ticket(0, "alice", "10.0.0.5", "0x12")
			p.ticket(40*24*hour, "alice", "10.0.0.5", "0x12")
		}, Options{}, ""},
		{"the same, and it was switched off", func(p *tape) {
			p.logon(0, "gone", "ws1", 2, "")
			p.directory(hour, "4725", "disabled", `CORP\gone`, "", "dc1")
			for d := range 41 {
				p.ticket(time.Duration(d)*24*hour, "alice", "10.0.0.5", "0x12")
			}
		}, Options{}, ""},
		{"a password of two years", func(p *tape) {
			p.logon(0, "old", "ws1", 2, "")
			p.logon(0, "new", "ws2", 2, "")
		}, Options{Inventory: []Entry{
			{Account: `CORP\old`, PasswordSet: record.Time(monday.AddDate(-2, 0, 0).UnixNano())},
			{Account: "new", PasswordSet: record.Time(monday.AddDate(0, -2, 0).UnixNano())},
		}}, "stale-credential low sure CORP\\old\n"},
		{"the same, reset within the evidence", func(p *tape) {
			p.logon(0, "old", "ws1", 2, "")
			p.directory(hour, "4724", "password-reset", `CORP\old`, "", "dc1")
		}, Options{Inventory: []Entry{{Account: `CORP\old`, PasswordSet: record.Time(monday.AddDate(-2, 0, 0).UnixNano())}}}, ""},
		{"tickets by RC4 where others get AES", func(p *tape) {
			for i, cipher := range []string{"0x12", "0x12", "0x12", "0x17"} {
				p.ticket(0, fmt.Sprintf("user%d", i), "10.0.0.5", cipher)
			}
		}, Options{}, "stale-credential low unsure CORP\\user3\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &tape{}
			c.tape(p)
			r := judge(t, p, c.opt)
			if got := told(r); got != c.want {
				t.Errorf("got:\n%swant:\n%s%+v", got, c.want, r.Lines)
			}
			for _, l := range r.Lines {
				cites := l.Class == Stale || l.Class == Over || l.Class == Dormant // the inventory may be all there is
				for _, y := range l.Reasons {
					cites = cites || len(y.Refs) > 0
				}
				if !cites || l.Says == "" || l.Do == "" || !l.Sure && l.Doubt == "" {
					t.Errorf("a line that cannot be checked: %+v", l)
				}
			}
		})
	}
}

// TestPaths is a graph worked by hand: help lies at ws1 and ws2 and administers
// srv; ops lies at srv and administers the controller; ws3 has neither.
//
//	ws1 ─ help ─► srv ─ ops ─► dc1
//	ws2 ─ help ─┘
//	ws4 ─ da ─► dc1
func TestPaths(t *testing.T) {
	p := &tape{}
	for i, who := range []string{"alice", "bob", "carol", "dan"} {
		p.logon(0, who, fmt.Sprintf("ws%d", i+1), 2, "")
	}
	p.address("adm1", "10.0.0.9")
	p.privileged(hour, "help", "ws1", 10, "10.0.0.9")
	p.privileged(hour, "help", "ws2", 2, "")
	p.privileged(2*hour, "help", "srv", 3, "10.0.0.9")
	p.privileged(3*hour, "ops", "srv", 10, "10.0.0.9")
	p.privileged(4*hour, "ops", "dc1", 3, "10.0.0.9")
	p.privileged(5*hour, "da", "dc1", 10, "10.0.0.9")
	p.logon(6*hour, "da", "ws4", 2, "")
	p.ticket(0, "da", "10.0.0.9", "0x12")
	r := judge(t, p, Options{})
	var got []string
	for _, w := range r.Reach.Paths {
		way := []string{strings.Join(w.From, "+")}
		for _, x := range w.Steps {
			way = append(way, "-"+x.Account+"->", x.To)
		}
		got = append(got, strings.Join(way, " "))
	}
	want := []string{`ws4 -CORP\da-> dc1`, `ws1+ws2 -CORP\help-> srv -CORP\ops-> dc1`}
	if !slices.Equal(got, want) {
		t.Errorf("paths %q, want %q", got, want)
	}
	if r.Reach.Workstations != 4 || r.Reach.Reaching != 3 {
		t.Errorf("%d of %d workstations reach a controller, want 3 of 4", r.Reach.Reaching, r.Reach.Workstations)
	}
	var cuts []string
	for _, c := range r.Reach.Chokes {
		cuts = append(cuts, fmt.Sprintf("%s %s %d", c.Kind, c.Name, c.Cuts))
	}
	if want := []string{`account CORP\help 2`, `account CORP\ops 2`, "host srv 2", `account CORP\da 1`}; !slices.Equal(cuts, want) {
		t.Errorf("choke points %q, want %q", cuts, want)
	}
}

// TestNothingToSay: a case without logons says that it cannot tell.
func TestNothingToSay(t *testing.T) {
	r := New(Options{}).Report()
	if len(r.Lines) != 0 || len(r.Unseen) != 1 {
		t.Errorf("%+v", r)
	}
}

// TestTooShort: a short case says that it cannot tell a dormant account, one of
// two months does not.
func TestTooShort(t *testing.T) {
	for last, want := range map[time.Duration]bool{24 * hour: true, 60 * 24 * hour: false} {
		p := &tape{}
		p.logon(0, "alice", "ws1", 2, "")
		p.logon(last, "alice", "ws1", 2, "")
		r := judge(t, p, Options{})
		if got := slices.ContainsFunc(r.Unseen, func(s string) bool { return strings.Contains(s, "too short") }); got != want {
			t.Errorf("after %v: %q", last, r.Unseen)
		}
	}
}

func TestInventory(t *testing.T) {
	got, err := ReadInventory(strings.NewReader("\xef\xbb\xbfSamAccountName;Owner;Privileged;Type;pwdLastSet;Enabled\r\nalice;Alice A.;no;person;133536384000000000;True\r\nkrbtgt;;tier0;service;2019-05-01;False\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Entry{
		{Account: "alice", Owner: "Alice A.", Given: true, Type: "person", PasswordSet: record.Time(time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC).UnixNano())},
		{Account: "krbtgt", Privileged: true, Given: true, Tier0: true, Type: "service", PasswordSet: record.Time(time.Date(2019, 5, 1, 0, 0, 0, 0, time.UTC).UnixNano()), Disabled: true},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	for _, bad := range []string{"", "name,owner\nx,y\n", "account,privileged\nx,perhaps\n", "account,password_set\nx,yesterday\n"} {
		if got, err := ReadInventory(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is read as %+v", bad, got)
		}
	}
}

// FuzzInventory: whatever is read is bounded, and written again reads the same.
func FuzzInventory(f *testing.F) {
	f.Add("account,owner,privileged,type,password_set,enabled\nalice,A,yes,person,2024-01-02,true\n")
	f.Add("#TYPE Selected.Microsoft.ActiveDirectory.Management.ADUser\n\"SamAccountName\",\"PasswordLastSet\"\n\"x\",\"1/2/2024 3:04:05 PM\"\n")
	f.Fuzz(func(t *testing.T, s string) {
		list, err := ReadInventory(strings.NewReader(s))
		if err != nil {
			if list != nil {
				t.Fatalf("an error and a list: %v", list)
			}
			return
		}
		var b strings.Builder
		b.WriteString("account,owner,privileged,type,password_set,enabled\n")
		quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
		for _, e := range list {
			if e.Account == "" || len(e.Account) > maxCell {
				t.Fatalf("account %q", e.Account)
			}
			p := map[bool]string{true: "yes", false: "no"}[e.Privileged]
			if e.Tier0 {
				p = "tier0"
			} else if !e.Given {
				p = ""
			}
			set := ""
			if e.PasswordSet != 0 {
				set = fmt.Sprint(int64(e.PasswordSet)/100 + fileTime)
			}
			fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%v\n", quote(e.Account), quote(e.Owner), p, e.Type, set, !e.Disabled)
		}
		again, err := ReadInventory(strings.NewReader(b.String()))
		if err != nil || len(again) != len(list) {
			t.Fatalf("%d accounts, written and read: %d, %v", len(list), len(again), err)
		}
		for i := range list {
			a, b := list[i], again[i]
			a.Account, a.Owner, b.Account, b.Owner = strings.TrimSpace(a.Account), strings.TrimSpace(a.Owner), strings.TrimSpace(b.Account), strings.TrimSpace(b.Owner)
			if a.PasswordSet/100 != b.PasswordSet/100 || a.Privileged != b.Privileged || a.Tier0 != b.Tier0 || a.Disabled != b.Disabled || a.Type != b.Type {
				t.Fatalf("%+v\n%+v", a, b)
			}
		}
	})
}

// TestChokes: on random organisations, what the report says would be cut is what
// is cut when the account or host is taken out of a graph walked by hand.
func TestChokes(t *testing.T) {
	cut := 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 3))
		lies, opens := map[string][]string{}, map[string][]string{} // by host; by account
		p := &tape{}
		p.ticket(0, "nobody1", "10.0.0.9", "0x12")
		for i := range 5 {
			p.logon(0, fmt.Sprintf("person%d", i), fmt.Sprintf("ws%d", i), 2, "")
		}
		hosts := []string{"ws0", "ws1", "ws2", "ws3", "ws4", "srv0", "srv1", "srv2", "dc1"}
		for i := range 7 {
			who := fmt.Sprintf("admin%d", i)
			at, to := hosts[r.IntN(8)], hosts[5+r.IntN(4)]
			p.logon(hour, who, at, 2, "")
			p.privileged(2*hour, who, to, 3, "")
			lies[at], opens[who] = append(lies[at], who), append(opens[who], to)
		}
		reach := func(without string) (n int) {
			for i := range 5 {
				seen, todo := map[string]bool{}, []string{fmt.Sprintf("ws%d", i)}
				for len(todo) > 0 && !seen["dc1"] {
					at := todo[0]
					todo = todo[1:]
					if seen[at] || at == without {
						continue
					}
					seen[at] = true
					for _, who := range lies[at] {
						if who != without {
							todo = append(todo, opens[who]...)
						}
					}
				}
				if seen["dc1"] {
					n++
				}
			}
			return n
		}
		got := judge(t, p, Options{}).Reach
		if got.Reaching != reach("") {
			t.Fatalf("seed %d: %d workstations reach the controller, by hand %d", seed, got.Reaching, reach(""))
		}
		for _, c := range got.Chokes {
			name := strings.TrimPrefix(c.Name, `CORP\`)
			if want := reach("") - reach(name); c.Cuts != want {
				t.Errorf("seed %d: without %s %d workstations are cut off, by hand %d", seed, name, c.Cuts, want)
			}
			cut++
		}
	}
	if cut == 0 {
		t.Error("nothing was cut: nothing was tested")
	}
}
