package access

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

const (
	fresh     = 24 * time.Hour // an account that is privileged so soon after it was made was made for it
	wasCommon = 24 * time.Hour // an account must have been without privileges at a host for so long
)

// newlyPrivileged are accounts that came to administer within the evidence: one
// line for an account and what it administers, whatever number of records tell.
func newlyPrivileged(v *view) (lines []Line) {
	told := map[string][]addition{}
	var keys []string
	for _, c := range v.added {
		if c.reach < overHost || c.at == 0 {
			continue
		}
		key := c.who() + "\x00" + c.place()
		if told[key] == nil {
			keys = append(keys, key)
		}
		told[key] = append(told[key], c)
	}
	for _, key := range keys {
		lines = append(lines, became(told[key]))
	}
	return append(lines, v.firstPrivileges(told)...)
}

func (c *addition) who() string {
	if c.x != nil {
		return c.x.key()
	}
	return strings.ToLower(c.name)
}

// place is what the account came to administer.
func (c *addition) place() string {
	if c.domain {
		return theDomain
	}
	return shortName(c.host)
}

const theDomain = "the domain"

// became is the line of the changes that made one account administer one place.
// What a log of changes says comes before what a command line says.
func became(list []addition) Line {
	c := list[0]
	for _, o := range list {
		if c.kind == "command" && o.kind != "command" {
			c = o
		}
	}
	at := c.place()
	l := Line{
		Class: NewlyPrivileged, Account: c.name, Severity: finding.Medium, Sure: true, at: c.at, First: stamp(c.at), Last: stamp(list[len(list)-1].at),
		Says: fmt.Sprintf("came to %s on %s%s", c.gain(at), dayOf(c.at), c.author()),
		Do:   "ask who answers for " + cmp.Or(at, "the host") + " whether it was ordered; if not, take the membership away, disable the account and look at what it did since",
	}
	if at != theDomain && at != "" {
		l.Hosts = []string{at}
	}
	switch {
	case c.kind == "command":
		l.Sure, l.Doubt = false, "the command was typed; that it worked is not seen"
	case !c.known:
		l.Sure, l.Doubt = false, "the evidence names the account by its number only"
	}
	if c.domain || c.kind == "appliance-admin" {
		l.Severity = finding.High
	}
	for i := range list {
		if y := list[i].reason(); !slices.ContainsFunc(l.Reasons, func(o Reason) bool { return o.Text == y.Text }) {
			l.Reasons = append(l.Reasons, y)
		}
	}
	x := c.x
	if x == nil {
		return l
	}
	l.Account, l.Owner = x.name, x.owner()
	if x.created.n > 0 && c.at.Sub(x.created.at).Abs() < fresh {
		l.Severity = min(l.Severity+1, finding.Critical)
		l.Reasons = append(l.Reasons, because(x.created.refs(), "it was made on %s, for this as it seems", dayOf(x.created.at)))
	}
	if x.span.End > c.at {
		l.Reasons = append(l.Reasons, because(nil, "it was used afterwards, last on %s", dayOf(x.span.End)))
	}
	if x.entry != nil && x.entry.Privileged {
		l.Severity = finding.Low
		l.Reasons = append(l.Reasons, because(nil, "the inventory lists it as privileged"))
	}
	return l
}

// gain is what the account got.
func (c *addition) gain(at string) string {
	switch {
	case c.kind == "right-added":
		return fmt.Sprintf("hold %s on %s", c.group, at)
	case at == "":
		return "administer a host"
	}
	return "administer " + at
}

func (c *addition) author() string {
	if c.by == "" {
		return ""
	}
	return ", by " + c.by
}

// reason says how it was seen.
func (c *addition) reason() Reason {
	refs := []record.Ref{c.ref}
	switch c.kind {
	case "right-added":
		return because(refs, "it was given %s", c.group)
	case "uid-0":
		return because(refs, "it was made with the user id 0, which is root's")
	case "sudoers":
		return because(refs, "%s, changed on %s, lets it become another", c.group, dayOf(c.at))
	case "appliance-admin":
		return because(refs, "it was added to the %s %s", c.group, shortName(c.host))
	case "command":
		return because(refs, "a command adds it to %s at %s", c.group, shortName(c.host))
	case "wire":
		return because(refs, "a change of the members of %s went over the network", c.group)
	}
	return because(refs, "it was put into %s at %s", c.group, shortName(c.host))
}

// firstPrivileges are accounts that got special privileges at a host where they
// had logged on without before.
func (v *view) firstPrivileges(told map[string][]addition) (lines []Line) {
	for _, x := range v.people {
		if is, _ := x.isService(); is || x.entry != nil && x.entry.Privileged {
			continue
		}
		if _, known := told[x.key()+"\x00"+theDomain]; known {
			continue
		}
		var at []string
		var reasons []Reason
		var since record.Time
		tier0 := false
		for _, name := range slices.Sorted(maps.Keys(x.uses)) {
			u := x.uses[name]
			if _, known := told[x.key()+"\x00"+name]; known || !u.becamePrivileged(v.a.machines[name]) {
				continue
			}
			at = append(at, name)
			tier0 = tier0 || v.controller(name)
			if since == 0 || u.priv.at < since {
				since = u.priv.at
			}
			reasons = append(reasons, because([]record.Ref{u.any.ref, u.priv.ref}, "at %s it logged on without special privileges from %s on, and with them first on %s", name, dayOf(u.any.at), dayOf(u.priv.at)))
		}
		if len(at) == 0 {
			continue
		}
		l := Line{
			Class: NewlyPrivileged, Account: x.name, Severity: finding.Medium, Sure: false, Doubt: "no change of a group is in the evidence: the logs may not hold it, or it came by another way",
			Says: fmt.Sprintf("has special privileges at %s since %s, without them before", few(at, 4), dayOf(since)), Hosts: at, First: stamp(since), Last: stamp(x.span.End), at: since,
			Reasons: reasons, Do: "find which group or right gave it the privileges, and who ordered it", Owner: x.owner(),
		}
		if tier0 {
			l.Severity = finding.High
		}
		lines = append(lines, l)
	}
	return lines
}

// becamePrivileged tells whether the account was at the host without special
// privileges, three times over more than a day, before it had them, while the
// host did record those of others.
func (u *use) becamePrivileged(m *machine) bool {
	if u.priv.n == 0 || m == nil || u.types&^(1<<4|1<<5) == 0 {
		return false
	}
	first, last := u.early[0], u.early[0]
	for _, t := range u.early {
		if t == 0 || t >= u.priv.at-record.Time(time.Minute) {
			return false
		}
		first, last = min(first, t), max(last, t)
	}
	return u.priv.at.Sub(first) > wasCommon && m.privSeen != 0 && m.privSeen < first+record.Time(wasCommon) && last < u.priv.at && m.privSeen < u.priv.at
}
