package app

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"longwatch/internal/asset"
)

// told are versions that captures tell, read by hand with tshark: the address,
// the field of tshark's and what stands in it, and what follows from that.
var told = []struct {
	capture, addr, field, text       string
	product, version, surety, system string
}{
	{"suricata/pcaps/ssh-newkeys/input.pcap", "10.11.3.225", "ssh.protocol", "SSH-2.0-OpenSSH_7.4", "OpenSSH", "7.4", "sure", ""},
	{"suricata/pcaps/ssh-hassh-incomplete/input.pcap", "186.64.207.189", "ssh.protocol", "SSH-2.0-OpenSSH_6.7p1 Raspbian-5+deb8u3", "OpenSSH", "6.7p1", "sure", "Debian 8"},
	{"suricata/pcaps/ssh-hassh-reassembled/input.pcap", "10.0.0.1", "ssh.protocol", "SSH-1.99-Cisco-1.25", "Cisco SSH", "1.25", "sure", ""},
	{"suricata/pcaps/ssh-newkeys/input.pcap", "192.168.77.16", "ssh.protocol", "SSH-2.0-libssh-0.7.2", "libssh", "0.7.2", "sure", ""},
	{"arkime/pcap/v6.pcap", "3ffe:501:410:0:2c0:dfff:fe47:33e", "ssh.protocol", "SSH-1.5-1.2.26", "SSH", "1.2.26", "likely", ""},
	{"ja4/pcap/ssh2.pcapng", "54.160.114.75", "ssh.protocol", "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.1", "OpenSSH", "8.9p1", "sure", "Ubuntu"},
	{"zeek/traces/mysql/plain-amazon-rds.pcap", "79.107.90.25", "mysql.version", "8.0.28", "MySQL", "8.0.28", "sure", ""},
	{"ndpi/pcap/mysql.pcapng", "192.168.88.201", "mysql.version", "5.5.5-10.6.12-MariaDB-0ubuntu0.22.04.1", "MariaDB", "10.6.12", "sure", "Ubuntu 22.04"},
	{"zeek/traces/postgresql/psql-login-no-sslrequest.pcap", "127.0.0.1", "pgsql.parameter_value", "14.5 (Debian 14.5-1.pgdg110+1)", "PostgreSQL", "14.5", "sure", "Debian"},
	{"arkime/pcap/postgres-no-sslrequest.pcap", "127.0.0.1", "pgsql.parameter_value", "7.4.5", "PostgreSQL", "7.4.5", "sure", ""},
	{"zeek/traces/http-qinq-0.pcap", "192.150.187.43", "http.server", "Apache/2.4.3 (Fedora)", "Apache", "2.4.3", "likely", "Fedora"},
	{"zeek/traces/http/ctu-62604-80.pcap", "45.9.74.78", "http.server", "nginx/1.18.0 (Ubuntu)", "nginx", "1.18.0", "likely", "Ubuntu"},
	{"zeek/traces/http/vnd.ms-cab-compressed-multi-conn.pcap", "65.54.95.7", "http.server", "Microsoft-IIS/6.0", "Microsoft-IIS", "6.0", "likely", "Windows"},
	{"suricata/pcaps/bug-3616-urldecode/input.pcap", "207.148.248.143", "http.server", "Apache/2.4.6 (CentOS) PHP/5.6.8", "PHP", "5.6.8", "likely", "CentOS"},
	{"arkime/pcap/http-syn-ack.pcap", "10.0.0.33", "http.server", "nginx", "nginx", "", "likely", ""},
	{"zeek/traces/wikipedia.pcap", "141.142.220.118", "http.user_agent", "Ubuntu/10.04 (lucid) Firefox/3.6.15", "Firefox", "3.6.15", "likely", "Ubuntu"},
	{"suricata/pcaps/bug-3286-03-windows-evasion/with_evasion_windows.pcap", "192.168.1.27", "http.user_agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:70.0) Gecko/20100101 Firefox/70.0", "Firefox", "70.0", "likely", "Windows 10, 11 or Server 2016 and later"},
	{"arkime/pcap/wireshark-smb-on-windows10.pcap", "192.168.199.132", "ntlmssp.version.build_number", "10586", "Windows 10 1511", "10.0.10586", "likely", "Windows 10 1511 10.0.10586"},
	{"suricata/pcaps/smb-eicar-file-nbss-more-ffsmb/input.pcap", "192.168.1.100", "ntlmssp.version.build_number", "0", "Samba or another implementation", "", "guess", ""},
	{"ics-pcap/BACnet/bacnet_test.pcap", "10.1.1.165", "bacapp.object_name", "KBRNAE", "MS-NAE4510-2", "5.1.0.4400", "", ""},
	{"ics-pcap/s7/s7comm_reading_plc_status.pcap", "192.168.1.40", "s7comm.szl.xy11.0001.ausbg", "22019", "IM151-8 PN/DP CPU", "V3.2.6", "", ""}, // 0x5603 and, as ausbe, 0x0206
}

// TestVersionsTold: a version that is learned is the one that stands in the
// capture, and is as sure as what told it.
func TestVersionsTold(t *testing.T) {
	tshark, _ := exec.LookPath("tshark")
	seen := false
	for _, c := range told {
		path := filepath.Join("../../../shared/corpora", c.capture)
		if _, err := os.Stat(path); err != nil {
			continue
		}
		seen = true
		t.Run(c.capture, func(t *testing.T) {
			if tshark != "" {
				out, err := exec.CommandContext(t.Context(), tshark, "-n", "-r", path, "-Y", c.field, "-T", "fields", "-e", c.field).Output()
				if err != nil && len(out) == 0 {
					t.Logf("tshark has no field %s", c.field)
				} else if !strings.Contains(string(out), c.text) {
					t.Errorf("tshark reads %s %.300q, not %q", c.field, out, c.text)
				}
			}
			a := learnCaptures(t, path).ByAddress(netip.MustParseAddr(c.addr))
			if a == nil {
				t.Fatalf("%s is no asset", c.addr)
			}
			check(t, a, c.product, c.version, c.surety, c.system)
		})
	}
	if !seen {
		t.Skip("no corpora")
	}
}

// check wants software, or what a device says it is, of a version, and nothing
// else of that name.
func check(t *testing.T, a *asset.Asset, product, version, surety, system string) {
	t.Helper()
	found := false
	for _, s := range a.Software {
		if s.Product != product {
			continue
		}
		if s.Version != version || s.Surety.String() != surety {
			t.Errorf("%s %q (%v), want %q (%s): %s", s.Product, s.Version, s.Surety, version, surety, s.Why)
		}
		found = true
	}
	for _, id := range a.Identities {
		if id.Product == product {
			found = true
			if id.Version != version {
				t.Errorf("%s says version %q, want %q", id.Product, id.Version, version)
			}
		}
	}
	if !found {
		t.Errorf("no %s among %+v and %+v", product, a.Software, a.Identities)
	}
	if system == "" {
		return
	}
	os := a.OS()
	if os == nil || strings.TrimSpace(os.Product+" "+os.Version) != system || os.Surety != asset.Likely {
		t.Errorf("system %+v, want %s", os, system)
	}
}

// TestStationsAsTshark: every PROFINET station that tshark sees answer by a
// name is an asset of that name and hardware address, with or without one of IP.
func TestStationsAsTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("no tshark")
	}
	captures, _ := filepath.Glob("../../../shared/corpora/ics-pcap/profinet/*/*.pcap")
	more, _ := filepath.Glob("../../../shared/corpora/ics-pcap/profinet/*.pcap")
	captures = append(captures, more...)
	if len(captures) == 0 {
		t.Skip("no captures of PROFINET")
	}
	stations := 0
	for _, path := range captures {
		out, err := exec.CommandContext(t.Context(), tshark, "-n", "-r", path, "-Y", "pn_dcp.service_type == 1 && pn_dcp.suboption_device_nameofstation",
			"-T", "fields", "-e", "eth.src", "-e", "pn_dcp.suboption_device_nameofstation", "-e", "pn_dcp.suboption_ip_ip", "-e", "pn_dcp.suboption_vendor_id").Output()
		if err != nil {
			t.Fatalf("tshark: %v", err)
		}
		if len(out) == 0 {
			continue
		}
		inv := learnCaptures(t, path)
		for line := range strings.Lines(string(out)) {
			f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			stations++
			a := inv.ByName(f[0])
			if a == nil {
				t.Errorf("%s: no asset %s", path, f[0])
				continue
			}
			named := false
			for _, id := range a.Identities {
				named = named || id.Protocol == "profinet" && id.Name == strings.TrimSpace(f[1]) && (f[3] != "0x002a" || id.Vendor == "Siemens")
			}
			if !named || f[2] != "" && a.ID != f[2] {
				t.Errorf("%s: station %q is %+v", path, f, a)
			}
		}
	}
	if stations == 0 {
		t.Error("tshark sees no station answer")
	}
	t.Logf("%d answers", stations)
}
