package appliance

import (
	"strings"
	"testing"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

// FuzzNormalize: whatever the message, the records share its place and host,
// are not later than it and come with a product that is known; the message
// itself is not altered.
func FuzzNormalize(f *testing.F) {
	for _, s := range []string{
		"1,2026/03/02 10:02:00,007051000099001,SYSTEM,auth,2561,2026/03/02 10:02:00,,auth-success,,0,0,general,informational,\"User admin logged in via Web from 203.0.113.66 using https\",7004,0x0,0,0,0,0,,PA",
		"1,2026/03/02 10:03:10,0070,CONFIG,0,2561,2026/03/02 10:03:10,203.0.113.66,,edit,admin,CLI,Failed, a b,\"x\",\"y z\",7007,0x0",
		"%ASA-6-302014: Teardown TCP connection 9001 for outside:198.51.100.20/443 to inside:10.1.1.5/51000 duration 0:00:30 bytes 5310 TCP FINs",
		"%ASA-5-111010: User 'netops', running 'CLI' from IP 203.0.113.9, executed 'capture c1'",
		"%SYS-5-CONFIG_I: Configured from console by netops on vty0 (10.0.0.9)",
		"10.106.44.21 05/31/2024:06:05:23 GMT HA1 0-PPE-0 : default API CMD_EXECUTED 7825 0 : User nsroot - ADM_User NONE - Remote_ip 203.0.113.9 - Command \"add system user x\" - Status \"Success\"",
		"01420002:5: AUDIT - pid=1 user=root folder=/Common module=(tmos)# status=[Command OK] cmd_data=save sys ucs b",
		"- vpn1 - [127.0.0.1] System()[] - AUT31556: Unauthenticated request url /a?b came from IP 203.0.113.9",
		"2026-03-02T10:03:00+0000 accessLog, applianceName=D, sourceIPv4Address=203.0.113.9, destinationIPv4Address=198.51.100.8",
		"2026-03-02T10:00:00+0000 secAccUserConnEventLog, applianceName=D, userName=j, racIP=203.0.113.60, racEventType=create",
	} {
		f.Add(s, "devid", "logid", "0100032001", "event")
	}
	f.Add("", "type", "subtype", "traffic", "x")
	products := []string{FortiOS, PANOS, ASA, IOS, Ivanti, NetScaler, BIGIP, Versa}
	f.Fuzz(func(t *testing.T, message, k1, k2, v1, v2 string) {
		s := &host.Syslog{Message: message, Fields: []record.KV{{Name: k1, Value: v1}, {Name: k2, Value: v2}, {Name: "logid", Value: v1}, {Name: "type", Value: v2}}}
		s.TS, s.Ref = record.Time(1e18), record.Ref{File: "f", Kind: record.RefLine, Pos: 7}
		var r Reader
		out := r.Normalize(s)
		if s.Message != message {
			t.Fatalf("the message became %q", s.Message)
		}
		if len(out) == 0 {
			return
		}
		if !strings.Contains(" "+strings.Join(products, " ")+" ", " "+s.Product+" ") {
			t.Fatalf("records of product %q", s.Product)
		}
		for _, rec := range out {
			b := rec.Base()
			c, isConn := rec.(*network.Conn)
			if b.Ref != s.Ref {
				t.Fatalf("%s cites %v", rec.RecordType().Name, b.Ref)
			}
			if isConn && (!c.OrigH.IsValid() || !c.RespH.IsValid() || c.Duration.V < 0) {
				t.Fatalf("connection without its ends: %+v", c)
			}
			if c, ok := rec.(*host.ConfigChange); ok && (c.Product != s.Product || c.Action == "") {
				t.Fatalf("change without product or action: %+v", c)
			}
		}
	})
}

// TestNetScalerTime: day and month are told apart by the collector's time.
func TestNetScalerTime(t *testing.T) {
	march := record.TimeOf(time.Date(1970, 3, 2, 0, 0, 0, 0, time.UTC))
	for _, tt := range []struct {
		in    string
		about record.Time
		want  string
	}{
		{"03/02/2026:10:00:00", 0, "2026-03-02"},
		{"03/02/2026:10:00:00", march, "2026-03-02"},
		{"02/03/2026:10:00:00", march, "2026-03-02"},
		{"31/05/2026:10:00:00", 0, "2026-05-31"},
	} {
		got, ok := nsTime(tt.in, tt.about)
		if !ok || got.Std().Format("2006-01-02") != tt.want {
			t.Errorf("nsTime(%q, %v) is %v, want %s", tt.in, tt.about, got, tt.want)
		}
	}
	if _, ok := nsTime("99/99/2026:10:00:00", 0); ok {
		t.Error("a day and month that cannot be were read")
	}
}

// TestDirection: a connection that ASA says was opened from inside has the
// inner host as its originator, though the message names it second; a second
// connection with the same number was opened from outside.
func TestDirection(t *testing.T) {
	var r Reader
	end := "%ASA-6-302014: Teardown TCP connection 5 for outside:198.51.100.20/443 to inside:10.1.1.5/51000 duration 0:01:30 bytes 53 TCP FINs"
	r.Normalize(&host.Syslog{Message: "%ASA-6-302013: Built outbound TCP connection 5 for outside:198.51.100.20/443 (198.51.100.20/443) to inside:10.1.1.5/51000 (203.0.113.1/51000)"})
	for i, want := range []string{"10.1.1.5", "198.51.100.20"} {
		s := &host.Syslog{Message: end}
		s.TS = record.Time(1e18)
		c := r.Normalize(s)[0].(*network.Conn)
		if c.OrigH.String() != want || c.TS != s.TS.Add(-90*time.Second) {
			t.Errorf("%d: opened by %v at %v", i, c.OrigH, c.TS)
		}
	}
}
