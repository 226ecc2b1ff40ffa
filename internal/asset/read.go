package asset

import (
	"longwatch/internal/proto/ads"
	"longwatch/internal/proto/bacnet"
	"longwatch/internal/proto/dhcp"
	"longwatch/internal/proto/dnp3"
	"longwatch/internal/proto/dns"
	"longwatch/internal/proto/enip"
	"longwatch/internal/proto/fins"
	"longwatch/internal/proto/fox"
	"longwatch/internal/proto/hartip"
	"longwatch/internal/proto/http"
	"longwatch/internal/proto/iec104"
	"longwatch/internal/proto/imap"
	"longwatch/internal/proto/kerberos"
	"longwatch/internal/proto/ldap"
	"longwatch/internal/proto/mms"
	"longwatch/internal/proto/modbus"
	"longwatch/internal/proto/mysql"
	"longwatch/internal/proto/netbiosdgm"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/proto/ntp"
	"longwatch/internal/proto/opcua"
	"longwatch/internal/proto/pop3"
	"longwatch/internal/proto/postgresql"
	"longwatch/internal/proto/radius"
	"longwatch/internal/proto/rdp"
	"longwatch/internal/proto/s7comm"
	"longwatch/internal/proto/sip"
	"longwatch/internal/proto/smb"
	"longwatch/internal/proto/smtp"
	"longwatch/internal/proto/snmp"
	"longwatch/internal/proto/ssdp"
	"longwatch/internal/proto/ssh"
	"longwatch/internal/proto/ssl"
	"longwatch/internal/proto/synchrophasor"
	"longwatch/internal/proto/tds"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/mail"
	"longwatch/internal/record/network"
	"longwatch/internal/record/ot"
	"longwatch/internal/record/web"
)

// types are the types that Learn takes something from.
var types = map[*record.Type]bool{
	network.ConnType: true, network.ARPType: true, network.WeirdType: true,
	dns.Type: true, dhcp.Type: true, ntlm.Type: true, kerberos.Type: true, netbiosdgm.Type: true, ldap.Type: true,
	http.Type: true, ssh.Type: true, ssl.Type: true, smb.MappingType: true, rdp.Type: true, snmp.Type: true, ssdp.Type: true, sip.Type: true,
	smtp.Type: true, imap.Type: true, pop3.Type: true, mysql.Type: true, postgresql.Type: true, tds.SessionType: true, radius.Type: true, ntp.Type: true,
	modbus.Type: true, modbus.IdentityType: true, s7comm.Type: true, s7comm.PlusType: true, s7comm.DeviceType: true, s7comm.TransferType: true, s7comm.ReadSZLType: true,
	enip.CIPType: true, enip.IdentityType: true, bacnet.Type: true, bacnet.DiscoveryType: true, bacnet.PropertyType: true,
	dnp3.Type: true, iec104.Type: true, mms.Type: true, fins.Type: true, fox.Type: true, ads.Type: true, hartip.Type: true,
	opcua.Type: true, opcua.CreateSessionType: true, opcua.GetEndpointsDescriptionType: true, synchrophasor.Type: true, synchrophasor.ConfigType: true,
	ot.DCPType:      true,
	host.SocketType: true, host.TicketType: true, host.SyslogType: true, host.ConfigChangeType: true, host.LogonType: true, host.SystemEventType: true,
	host.ProcessType: true, host.ServiceType: true, host.TaskType: true, host.ScriptType: true, host.ShareAccessType: true, // which machine it is
	web.AccessType: true, mail.Type: true,
}

// Wants tells whether Learn has a use for records of type t.
func Wants(t *record.Type) bool { return types[t] }

// Learn takes from r what it says of assets.
func (l *Learner) Learn(r record.Record) {
	t := r.RecordType()
	if !Wants(t) {
		return
	}
	l.records++
	l.span.Grow(r.Base().TS)
	if c, ok := r.(*network.Conn); ok {
		l.conn(c)
		return
	}
	if l.learnNames(r) || l.learnSoftware(r) || l.learnControl(r) {
		return
	}
	l.learnHost(r)
}
