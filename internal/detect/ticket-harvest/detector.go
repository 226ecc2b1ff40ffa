// Package ticketharvest finds tickets being collected from a domain controller
// to be broken at leisure, and names being tried there: many service tickets for
// accounts of people in a row, and many names that the domain does not know
// (RFC 4120 sections 3.1 and 3.3; Windows events 4768 and 4769).
package ticketharvest

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
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

type seen struct {
	rec  *host.Ticket
	name string
}

// Handlers subscribes to tickets.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(forPerson, d.service), detect.OnIf(absentName, d.name)}
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
	b.add(t, strings.ToLower(t.Service))
	all := b.distinct(func(*host.Ticket) bool { return true })
	old := b.distinct(func(t *host.Ticket) bool { return slices.Contains(rc4, t.Encryption) })
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
	b.add(t, strings.ToLower(t.User))
	names := b.distinct(func(*host.Ticket) bool { return true })
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

func (b *burst) add(t *host.Ticket, name string) {
	b.seen = slices.DeleteFunc(b.seen, func(s seen) bool { return t.TS.Sub(s.rec.TS) > window || s.rec.Ref == t.Ref })
	if len(b.seen) < most {
		b.seen = append(b.seen, seen{t, name})
	}
}

func (b *burst) distinct(want func(*host.Ticket) bool) []string {
	var out []string
	for _, s := range b.seen {
		if want(s.rec) && !slices.Contains(out, s.name) {
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
