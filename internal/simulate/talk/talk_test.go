package talk_test

import (
	"bytes"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/packet"
	"longwatch/internal/simulate/talk"
)

var (
	start   = time.Date(2026, 3, 10, 8, 0, 0, 0, time.UTC)
	service = talk.Service{Host: "SRV1", DNS: "srv1.example.test", Domain: "EXAMPLE", Zone: "example.test", Build: 20348}
	ntlm    = talk.Account{User: "admin", Domain: "EXAMPLE", Workstation: "PC1"}
	kerb    = talk.Account{User: "admin", Domain: "EXAMPLE", Realm: "EXAMPLE.TEST", Kerberos: true}
)

// everything writes each dialogue once into a file and returns its path.
func everything(t *testing.T) string {
	t.Helper()
	r := chance.New(7, "talk")
	c := packet.NewCapture([6]byte{0, 9, 15, 9, 0, 1}, []netip.Prefix{netip.MustParsePrefix("10.1.0.0/24")}, r)
	pc := &packet.Station{MAC: [6]byte{2, 0, 0, 0, 0, 1}, IP: netip.MustParseAddr("10.1.0.10")}
	srv := &packet.Station{MAC: [6]byte{2, 0, 0, 0, 0, 2}, IP: netip.MustParseAddr("10.1.0.20"), Stack: packet.Linux}
	at := start
	dial := func(port uint16) *packet.Conn {
		at = at.Add(time.Second)
		return c.Dial(at, pc, srv, pc.Port(r), port, packet.LAN(r))
	}
	c.UDP(at, pc, srv, 51000, 53, talk.Query(1, "www.example.org", talk.TypeA))
	c.UDP(at.Add(time.Millisecond), srv, pc, 53, 51000, talk.Reply(1, "www.example.org", talk.TypeA, 0, []talk.Answer{
		{Name: "www.example.org", Type: talk.TypeCNAME, TTL: 60, Text: "cdn.example.net"}, {Name: "cdn.example.net", Type: talk.TypeA, TTL: 60, IP: srv.IP}}))
	c.UDP(at, pc, srv, 51001, 53, talk.Query(2, "none.example.org", talk.TypeAAAA))
	c.UDP(at.Add(time.Millisecond), srv, pc, 53, 51001, talk.Reply(2, "none.example.org", talk.TypeAAAA, talk.NXDomain, nil))
	q, a := talk.NTP(r, at)
	c.UDP(at, pc, srv, 123, 123, q)
	c.UDP(at, srv, pc, 123, 123, a)
	c.Multicast(at, pc, netip.MustParseAddr("10.1.0.255"), 137, 137, talk.NetBIOSQuery(9, "wpad"))
	c.Multicast(at, pc, netip.MustParseAddr("224.0.0.252"), 60000, 5355, talk.LinkLocalQuery(9, "wpad"))
	c.ARP(at, pc, srv)
	c.Echo(at, pc, srv, 1, 1, time.Millisecond)

	k := dial(80)
	k.Send(packet.Client, talk.Request("GET", "/", "www.example.org", talk.Header{"User-Agent: x"}, nil))
	k.Send(packet.Server, talk.Response(k.Now(), 200, talk.Header{"Content-Type: text/plain", "Content-Encoding: gzip"}, talk.Gzip(bytes.Repeat([]byte("ordinary text "), 4000))))
	k.Send(packet.Client, talk.Request("GET", "/2", "www.example.org", nil, nil))
	k.Send(packet.Server, talk.Chunked(k.Now(), talk.Header{"Content-Type: text/html"}, bytes.Repeat([]byte("<p>x"), 4000), 4096))
	k.Close(packet.Server)

	leaf := talk.Certificate{Subject: talk.Name{Common: "www.example.org"}, Issuer: talk.Name{Country: "US", Org: "Some CA", Common: "Some CA R3"},
		DNSNames: []string{"www.example.org", "example.org"}, From: start.AddDate(0, -1, 0), Until: start.AddDate(0, 2, 0)}.DER(r)
	for _, a := range []talk.Agent{talk.Chromium, talk.Firefox, talk.Schannel, talk.OpenSSL, talk.GoClient, talk.Java, talk.Legacy} {
		k := dial(443)
		s := talk.StartTLS(k, r, a, "www.example.org", talk.TLSServer{TLS13: a.Name != "java", Chain: [][]byte{leaf}, ALPN: "http/1.1"})
		s.Exchange(700, 40000, 20*time.Millisecond)
		s.Close(packet.Client)
	}
	for _, who := range []talk.Account{ntlm, kerb} {
		files(talk.StartSMB(dial(445), r, who, service), r)
	}
	fail := ntlm
	fail.Fail = true
	talk.StartSMB(dial(445), r, fail, service).Conn().Close(packet.Client)

	k = dial(135)
	talk.BindTCP(k, r, talk.EndpointMap, "135", ntlm, service).Call(talk.EptMap(talk.DrsUAPI, 49667, [4]byte{10, 1, 0, 20}))
	k.Close(packet.Client)
	k = dial(49667)
	d := talk.BindTCP(k, r, talk.DrsUAPI, "49667", ntlm, service)
	d.Call(talk.Opaque(0, 60, 80))
	d.WithObject().Call(talk.Opaque(3, 300, 9000))
	k.Close(packet.Client)

	kc := talk.Kerberos{R: r, Realm: "EXAMPLE.TEST", User: "admin"}
	for i := range 3 {
		k := dial(88)
		up, down := kc.PreauthRequired(k.Now())
		switch i {
		case 1:
			up, down = kc.Ticket(k.Now())
		case 2:
			up, down = kc.Access(k.Now(), talk.AES256, "cifs", "srv1.example.test")
		}
		k.Send(packet.Client, up)
		k.Send(packet.Server, down)
		k.Close(packet.Client)
	}
	k = dial(22)
	talk.StartSSH(k, r, "SSH-2.0-OpenSSH_9.6", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3")
	k.Close(packet.Client)
	k = dial(3389)
	talk.StartRDP(k, "admin")
	talk.StartTLS(k, r, talk.Schannel, "", talk.TLSServer{Chain: [][]byte{leaf}}).Exchange(500, 3000, time.Millisecond)
	k.Close(packet.Client)
	k = dial(502)
	for i := range 3 {
		up, down := talk.ReadRegisters(r, uint16(i), 1, 100, 10)
		if i == 1 {
			up, down = talk.WriteRegister(uint16(i), 1, 12, 300)
		}
		if i == 2 {
			up, down = talk.ReadDeviceID(uint16(i), 1, "Vendor", "PLC", "1.0")
		}
		k.Send(packet.Client, up)
		k.Send(packet.Server, down)
	}
	k.Close(packet.Client)
	k = dial(389)
	talk.StartLDAP(k, r, "EXAMPLE.TEST", "srv1.example.test", 3)
	c.Refused(at, pc, srv, 5000, 81, packet.LAN(r))

	path := filepath.Join(t.TempDir(), "all.pcap")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := c.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	return path
}

// files exercises shares, pipes and every unsealed call.
func files(m *talk.SMB, r *chance.Rand) {
	admin := m.Connect("srv1.example.test", "ADMIN$")
	admin.Put(`Temp\note.txt`, bytes.Repeat([]byte("text "), 40000))
	admin.Get(`Temp\note.txt`, bytes.Repeat([]byte("text "), 1000))
	admin.Delete(`Temp\note.txt`)
	admin.Look("Temp")
	admin.Missing("absent")
	admin.Denied("denied")
	admin.Disconnect()
	ipc := m.Connect("srv1.example.test", "IPC$")
	p := ipc.Pipe("svcctl")
	c := p.Bind(talk.SvcCtl)
	h, s := talk.NewHandle(r), talk.NewHandle(r)
	for _, x := range []talk.Call{talk.OpenSCManager("SRV1", h), talk.CreateService(h, "name", "Display", `%SystemRoot%\name.exe`, s), talk.OpenService(h, "name", s),
		talk.StartService(s), talk.QueryService(s, 4), talk.ControlStop(s), talk.DeleteService(s), talk.CloseService(s)} {
		c.Call(x)
	}
	p.Close()
	p = ipc.Pipe("srvsvc")
	p.Bind(talk.SrvSvc).Call(talk.ShareEnum("SRV1", []string{"ADMIN$", "C$", "IPC$", "Public"}))
	p.Close()
	p = ipc.Pipe("winreg")
	c = p.Bind(talk.WinReg)
	for _, x := range []talk.Call{talk.OpenLocalMachine(h), talk.OpenKey(h, "SYSTEM", s), talk.SaveKey(s, `x.tmp`), talk.CloseKey(s)} {
		c.Call(x)
	}
	p.Close()
	p = ipc.Pipe("samr")
	c = p.Bind(talk.Samr)
	sid := "S-1-5-21-1111111111-2222222222-3333333333"
	for _, x := range []talk.Call{talk.SamConnect("SRV1", h), talk.SamEnumDomains(h, "EXAMPLE", "Builtin"), talk.SamLookupDomain(h, "EXAMPLE", sid),
		talk.SamOpenDomain(h, sid, s), talk.SamEnumUsers(s, []string{"anna", "bob"}), talk.SamClose(s)} {
		c.Call(x)
	}
	p.Close()
	p = ipc.Pipe("atsvc")
	c = p.BindSealed(talk.TaskScheduler, ntlm, service)
	c.Call(talk.Opaque(1, 2000, 60))
	c.Call(talk.Opaque(13, 60, 8))
	p.Close()
	ipc.Disconnect()
	m.Logoff()
}

// tshark prints the chosen fields of the frames that match a filter.
func tshark(t *testing.T, path, filter string, fields ...string) []string {
	t.Helper()
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	args := []string{"-r", path, "-Y", filter, "-T", "fields", "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimSpace(string(out))
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func TestNoMalformedPackets(t *testing.T) {
	path := everything(t)
	bad := tshark(t, path, `_ws.malformed || _ws.expert.severity == "Error" || ip.checksum.status == "Bad" || tcp.checksum.status == "Bad" || udp.checksum.status == "Bad" || tcp.analysis.lost_segment || !(tcp.dstport == 81) && tcp.analysis.retransmission || tcp.analysis.out_of_order || tcp.analysis.ack_lost_segment`,
		"frame.number", "_ws.col.Protocol", "_ws.col.Info", "_ws.expert.message")
	for _, line := range bad {
		t.Error(line)
	}
}

// The expected operations are those of the interface specifications.
func TestCallsAreUnderstood(t *testing.T) {
	path := everything(t)
	got := strings.Join(tshark(t, path, "dcerpc.pkt_type == 0", "_ws.col.Info"), "\n")
	for _, want := range []string{"OpenSCManagerW", "CreateServiceW", "StartServiceW", "DeleteService", "NetShareEnumAll", "SaveKey", "EnumDomainUsers", "Connect5", "DsGetNCChanges"} {
		if !strings.Contains(got, want) {
			t.Errorf("tshark shows no %s in\n%s", want, got)
		}
	}
	if got := tshark(t, path, "svcctl.opnum == 12", "svcctl.servicename"); len(got) == 0 || !strings.Contains(strings.Join(got, ""), "name") {
		t.Errorf("service name %q", got)
	}
	names := strings.Join(tshark(t, path, "tls.handshake.certificate", "x509sat.uTF8String"), "\n")
	if !strings.Contains(names, "www.example.org") {
		t.Errorf("certificate names %q", names)
	}
}
