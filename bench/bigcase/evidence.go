package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

const (
	hosts   = 800
	perDay  = 350_000 // records a day of such an organisation: more records are more days
	sources = 5
)

// site is an organisation whose sensors and hosts write logs.
type site struct {
	r   *rand.Rand
	now time.Time
	log [sources]*bufio.Writer
}

// names of the logs, in the order of site.log.
var logs = [sources]string{"zeek/conn.log", "zeek/dns.log", "zeek/ssl.log", "web/access.log", "windows/security.jsonl"}

// write writes evidence of about n records into dir: Zeek's logs of
// connections, names and TLS, a web server's log, and Windows security events.
// Most is ordinary work of a few hundred hosts; an intrusion lies in the middle.
func write(dir string, n int) (err error) {
	s := &site{r: rand.New(rand.NewPCG(1, 2)), now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}
	for i, name := range logs {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		s.log[i] = bufio.NewWriterSize(f, 1<<20)
		defer func() {
			if e := s.log[i].Flush(); err == nil {
				err = e
			}
			if e := f.Close(); err == nil {
				err = e
			}
		}()
	}
	step := 24 * time.Hour / perDay
	for i := range n {
		s.now = s.now.Add(step/2 + time.Duration(s.r.Int64N(int64(step))))
		if i == n/2 {
			s.intrusion()
		}
		s.ordinary(s.r.IntN(100))
	}
	return nil
}

func (s *site) ordinary(kind int) {
	host := s.r.IntN(hosts)
	switch {
	case kind < 45:
		s.conn(host, fmt.Sprintf("198.51.%d.%d", s.r.IntN(100), s.r.IntN(250)), 443, "ssl", 800+s.r.IntN(9000), 2000+s.r.IntN(90000))
	case kind < 65:
		s.dns(host, fmt.Sprintf("w%d.site%d.example", s.r.IntN(4), s.r.IntN(3000)))
	case kind < 75:
		s.tls(host, fmt.Sprintf("w%d.site%d.example", s.r.IntN(4), s.r.IntN(3000)))
	case kind < 88:
		fmt.Fprintf(s.log[3], "203.0.113.%d - - [%s] \"GET /p/%d HTTP/1.1\" 200 %d \"-\" \"Mozilla/5.0 (Windows NT 10.0; Win64; x64)\"\n",
			s.r.IntN(250), s.now.Format("02/Jan/2006:15:04:05 -0700"), s.r.IntN(500), 400+s.r.IntN(9000))
	case kind < 95:
		s.event(host, 4624, map[string]any{"TargetUserName": fmt.Sprintf("user%d", host), "TargetDomainName": "CORP", "LogonType": "2", "IpAddress": "-", "WorkstationName": name(host)})
	default:
		s.process(host, `C:\Program Files\Office\winword.exe`, fmt.Sprintf(`"winword.exe" /n report-%d.docx`, s.r.IntN(1000)), `C:\Windows\explorer.exe`)
	}
}

func name(host int) string { return fmt.Sprintf("WS%03d", host) }

func address(host int) string { return fmt.Sprintf("10.20.%d.%d", host/200, 10+host%200) }

// line writes one JSON object.
func line(w io.Writer, v map[string]any) {
	b, _ := json.Marshal(v) // maps of text and numbers only
	_, _ = w.Write(append(b, '\n'))
}

func (s *site) flow(host int, resp string, port int, proto string) map[string]any {
	return map[string]any{
		"ts": float64(s.now.UnixMicro()) / 1e6, "uid": fmt.Sprintf("C%016x", s.r.Uint64()), "id.orig_h": address(host), "id.orig_p": 20000 + s.r.IntN(40000),
		"id.resp_h": resp, "id.resp_p": port, "proto": proto,
	}
}

func (s *site) conn(host int, resp string, port int, service string, up, down int) {
	v := s.flow(host, resp, port, "tcp")
	v["service"], v["duration"], v["orig_bytes"], v["resp_bytes"], v["conn_state"] = service, s.r.Float64()*90, up, down, "SF"
	v["history"], v["orig_pkts"], v["resp_pkts"] = "ShADadFf", 5+up/1000, 5+down/1000
	line(s.log[0], v)
}

func (s *site) dns(host int, query string) {
	v := s.flow(host, "10.20.0.2", 53, "udp")
	v["query"], v["qtype_name"], v["qtype"], v["qclass"], v["rcode_name"], v["answers"] = query, "A", 1, 1, "NOERROR", []string{fmt.Sprintf("198.51.%d.%d", s.r.IntN(100), s.r.IntN(250))}
	line(s.log[1], v)
}

func (s *site) tls(host int, server string) {
	v := s.flow(host, fmt.Sprintf("198.51.%d.%d", s.r.IntN(100), s.r.IntN(250)), 443, "tcp")
	v["version"], v["server_name"], v["established"] = "TLSv13", server, true
	line(s.log[2], v)
}

func (s *site) event(host, id int, data map[string]any) {
	line(s.log[4], map[string]any{"Event": map[string]any{
		"System": map[string]any{
			"Provider": map[string]any{"#attributes": map[string]any{"Name": "Microsoft-Windows-Security-Auditing"}}, "EventID": id, "Channel": "Security",
			"Computer": name(host) + ".corp.example", "EventRecordID": s.now.UnixMilli(), "TimeCreated": map[string]any{"#attributes": map[string]any{"SystemTime": s.now.Format(time.RFC3339Nano)}},
		},
		"EventData": data,
	}})
}

func (s *site) process(host int, image, command, parent string) {
	s.event(host, 4688, map[string]any{
		"NewProcessName": image, "CommandLine": command, "ParentProcessName": parent, "SubjectUserName": fmt.Sprintf("user%d", host), "SubjectDomainName": "CORP",
		"NewProcessId": fmt.Sprintf("0x%x", s.r.IntN(60000)), "ProcessId": fmt.Sprintf("0x%x", s.r.IntN(60000)), "SubjectLogonId": "0x3e4a1",
	})
}

// intrusion is the theft of the directory database as advisories tell it.
func (s *site) intrusion() {
	for _, command := range []string{
		`cmd.exe /Q /c whoami 1> \\127.0.0.1\ADMIN$\__1772900000.1 2>&1`,
		`cmd.exe /c ntdsutil "ac i ntds" ifm "create full C:\Windows\Temp\pro" q q`,
		`netsh interface portproxy add v4tov4 listenport=9999 listenaddress=0.0.0.0 connectport=8443 connectaddress=10.20.1.30`,
		`wevtutil cl Security`,
	} {
		s.now = s.now.Add(time.Minute)
		s.process(7, `C:\Windows\System32\cmd.exe`, command, `C:\Windows\System32\wbem\WmiPrvSE.exe`)
	}
}
