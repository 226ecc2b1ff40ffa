// Package ticketharvest finds tickets being collected from a domain controller
// to be broken at leisure, and names being tried there: many service tickets for
// accounts of people in a row, and many names that the domain does not know
// (RFC 4120 sections 3.1 and 3.3; Windows events 4768 and 4769, or the exchanges
// on the wire).
package ticketharvest

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/kerberos"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Detector counts tickets and names of each client.
var Detector = detect.Spec{
	ID:         "ticket-harvest",
	Title:      "Kerberos tickets harvested",
	Techniques: []attack.ID{"T1558.003", "T1087.002"},
	New: func(detect.Env) detect.Detector {
		return &detector{services: recent.New[string, burst](window, 1<<13), names: recent.New[string, burst](window, 1<<13)}
	},
}

const (
	window = 2 * time.Minute
	weak   = 3  // services with tickets in an old cipher: a client that speaks RC4 opens one or two
	strong = 12 // services with tickets in any cipher: more than a desktop opens when it starts
	absent = 5  // unknown names: a person mistypes one
	most   = 256
)

// rc4 are the encryption types whose key is the bare hash of the password
// (RFC 4757): 23 and 24.
var rc4 = []string{"0x17", "0x18"}

// unknown is KDC_ERR_C_PRINCIPAL_UNKNOWN.
const unknown = "0x6"

// detector remembers, for two minutes, what each account asked tickets for and
// which unknown names each address tried.
type detector struct{ services, names *recent.Map[string, burst] }

type burst struct {
	seen []seen
	told record.Time
}

// seen is a ticket or a name, and who says so.
type seen struct {
	rec  record.Record
	at   record.Time
	ref  record.Ref
	name string
	old  bool // in RC4
}

// Handlers subscribes to tickets as the controller logs them and as they are seen
// on the wire.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(forPerson, d.service), detect.OnIf(absentName, d.name), detect.OnIf(onWire, d.exchange)}
}

// onWire tells whether an exchange gave a ticket in RC4 for a service. The name of
// the service does not say what account it runs as, so only the cipher counts:
// machines have had better ones since Windows Server 2008.
func onWire(x *kerberos.Exchange) bool {
	s := strings.ToLower(x.Service)
	return x.RequestType == "TGS" && x.Success.V && strings.HasPrefix(x.Cipher, "rc4-hmac") && s != "" && !strings.HasPrefix(s, "krbtgt")
}

func (d *detector) exchange(x *kerberos.Exchange, out detect.Reporter) {
	b := d.services.At("wire "+x.OrigH.String(), x.TS)
	b.add(seen{x, x.TS, x.Ref, strings.ToLower(x.Service), true})
	names := b.distinct(true)
	if len(names) < weak || b.silent(x.TS) {
		return
	}
	f := b.finding(finding.High, 60,
		finding.Because("%v took tickets for %d services within %v in RC4, whose key is the password's hash: %s", x.OrigH, len(names), window, strings.Join(names[:min(len(names), 8)], ", ")),
		"such tickets can be broken offline, to learn the accounts' passwords; a host that speaks nothing better opens one or two services")
	f.Techniques = []attack.ID{"T1558.003"}
	out.Report(f)
}

// forPerson tells whether a ticket is for a service that runs as an account of a
// person: the keys of machines and of the domain cannot be guessed.
func forPerson(t *host.Ticket) bool {
	s := strings.ToLower(t.Service)
	return t.Kind == "TGS" && t.Status == "0x0" && s != "" && !strings.HasSuffix(s, "$") && !strings.HasPrefix(s, "krbtgt")
}

func absentName(t *host.Ticket) bool {
	return t.Kind == "AS" && t.Status == unknown && t.User != "" && t.Source.IsValid()
}

func (d *detector) service(t *host.Ticket, out detect.Reporter) {
	b := d.services.At(strings.ToLower(t.User)+" "+t.Source.String(), t.TS)
	b.add(seen{t, t.TS, t.Ref, strings.ToLower(t.Service), slices.Contains(rc4, t.Encryption)})
	all, old := b.distinct(false), b.distinct(true)
	if len(old) < weak && len(all) < strong || b.silent(t.TS) {
		return
	}
	names, how := all, "in whatever cipher"
	if len(old) >= weak {
		names, how = old, "in RC4, whose key is the password's hash"
	}
	f := b.finding(finding.High, 65,
		finding.Because("%q at %v took tickets for %d services that run as accounts of people within %v, %s: %s", t.User, t.Source, len(names), window, how, strings.Join(names[:min(len(names), 8)], ", ")),
		"such tickets can be broken offline, to learn the accounts' passwords")
	f.Techniques = []attack.ID{"T1558.003"}
	out.Report(f)
}

func (d *detector) name(t *host.Ticket, out detect.Reporter) {
	b := d.names.At(t.Source.String(), t.TS)
	b.add(seen{rec: t, at: t.TS, ref: t.Ref, name: strings.ToLower(t.User)})
	names := b.distinct(false)
	if len(names) < absent || b.silent(t.TS) {
		return
	}
	f := b.finding(finding.Medium, 60,
		finding.Because("%v tried %d names that the domain does not know within %v: %s", t.Source, len(names), window, strings.Join(names[:min(len(names), 8)], ", ")),
		"a list of names is being tried, to learn which exist or to guess their passwords")
	f.Title = "Names of accounts tried at a domain controller"
	f.Techniques = []attack.ID{"T1087.002", "T1110.003"}
	out.Report(f)
}

func (b *burst) add(n seen) {
	b.seen = slices.DeleteFunc(b.seen, func(s seen) bool { return n.at.Sub(s.at) > window || s.ref == n.ref })
	if len(b.seen) < most {
		b.seen = append(b.seen, n)
	}
}

// distinct are the names seen, or those in RC4 only.
func (b *burst) distinct(old bool) []string {
	var out []string
	for _, s := range b.seen {
		if (s.old || !old) && !slices.Contains(out, s.name) {
			out = append(out, s.name)
		}
	}
	return out
}

// silent tells whether this burst was reported within the hour, and takes note
// that it is now.
func (b *burst) silent(now record.Time) bool {
	if b.told != 0 && now.Sub(b.told) < time.Hour {
		return true
	}
	b.told = now
	return false
}

func (b *burst) finding(s finding.Severity, confidence uint8, why ...string) finding.Finding {
	var trail detect.Trail
	for _, s := range b.seen {
		trail.Add(s.rec)
	}
	return trail.Finding(s, confidence, why...)
}
