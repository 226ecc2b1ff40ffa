package segmentation

import (
	"fmt"

	"longwatch/internal/finding"
)

// fault is one reason why a flow should not have crossed.
type fault struct {
	rule     string
	severity finding.Severity
	why      string
}

// The rules, which are the ids of findings. Sources: IEC 62443-3-3 SR 5.1 to
// 5.3 (segmentation, boundary protection, person-to-person traffic), NIST SP
// 800-82 Rev. 3 section 5.2.3 (levels, DMZ, no direct way between office and
// control), and for safety systems IEC 62443-3-2 ZCR 3.2 to 3.3.
const (
	ruleConduit    = "no-conduit"                 // the user's conduits do not admit it
	ruleControlNet = "control-internet"           // controllers or operators and the Internet
	rulePlantNet   = "operations-internet"        // the rest of the plant and the Internet
	ruleDirect     = "office-to-control"          // past the DMZ and level 3
	ruleBypass     = "office-to-operations"       // past the DMZ
	ruleField      = "field-protocol-outside"     // commands of controllers beyond the plant
	ruleAdmin      = "remote-admin-into-control"  // RDP and its kin from outside the plant
	ruleSafety     = "into-safety"                // anything across the border of a safety system
	ruleSkip       = "dmz-past-operations"        // from the DMZ to controllers where a level 3 exists
	ruleStranger   = "control-and-unknown"        // controllers and a network of unknown purpose
	ruleMisplaced  = "controller-outside-control" // a controller in an office or DMZ
	ruleOpenAdmin  = "remote-admin-from-internet" // RDP and its kin from the Internet into what is not the plant
)

// advice is what to do about each.
var advice = map[string]string{ //nolint:gosec // sentences, no credentials
	ruleConduit:    "find out who needs it: add a conduit to the file, or close it in the firewall",
	ruleControlNet: "close it; let updates, time and remote service come from the DMZ, by somebody who asks for them each time",
	rulePlantNet:   "send it through the DMZ: a mirror for updates, a relay for mail and time",
	ruleDirect:     "end it in the DMZ: a replica of the historian for data, a jump host with strong logon for people",
	ruleBypass:     "put a DMZ between: both sides open connections to it, none through it",
	ruleField:      "keep field protocols inside the plant; pass values on by a historian or OPC UA in the DMZ",
	ruleAdmin:      "let it come from one jump host at level 3 or in the DMZ, with its own accounts, recorded, and closed when nobody works",
	ruleSafety:     "allow only its own engineering station, and only while somebody works on it with the key switch in programme",
	ruleSkip:       "let level 3 fetch or bring it",
	ruleStranger:   "find out what the network is for, and give it a level by --zones",
	ruleOpenAdmin:  "let it come through a VPN with a second factor; look at who logged on",
	ruleMisplaced:  "move it to a network of its own behind the plant's firewall",
}

// judge gives the reasons against a flow by the Purdue model's defaults.
// layered tells whether some zone is at level 3.
func judge(f *Flow, from, to *Zone, layered bool) []fault {
	var out []fault
	say := func(rule string, s finding.Severity, why string, args ...any) {
		out = append(out, fault{rule, s, fmt.Sprintf(why, args...)})
	}
	c := classes[f.Protocol]
	near, far := from, to // the end deeper in the plant, and the other
	if depth(to.Level) < depth(from.Level) {
		near, far = to, from
	}
	judgeInternet(f, from, near, far, say)
	switch {
	case near.Level.low() && far.Level.it():
		say(ruleDirect, pick(c == basic, finding.Low, pick(f.Changes > 0, finding.Critical, finding.High)), "%s goes from %s to %s directly, past the DMZ and level 3", f.Protocol, place(from), place(to))
	case near.Level == Operations && far.Level.it():
		say(ruleBypass, pick(c == basic, finding.Low, finding.Medium), "%s goes from %s to %s without a DMZ between", f.Protocol, place(from), place(to))
	case near.Level.low() && far.Level == DMZ && layered && c != basic && c != admin && c != field && from == far:
		say(ruleSkip, finding.Low, "%s comes from the DMZ past level 3", f.Protocol)
	case near.Level.low() && far.Level == Unknown:
		say(ruleStranger, pick(c == basic, finding.Info, pick(c == field || c == admin, finding.Medium, finding.Low)), "nothing tells what the network at the other end is for")
	}
	if c == field && far.Level >= DMZ && (near.Level.ot() || far.Level == Outside) || c == plant && far.Level == Outside && f.Protocol != "mqtt" {
		worst := finding.High
		switch {
		case c == plant:
			worst = finding.Medium
		case far.Level == DMZ && f.Changes == 0:
			worst = finding.Medium
		case far.Level > DMZ && f.Changes > 0:
			worst = finding.Critical
		}
		say(ruleField, worst, "%s belongs inside the plant, and leaves it", f.Protocol)
	}
	if c == admin && to.Level.low() && from.Level >= DMZ {
		worst := finding.High
		switch {
		case from.Level == Outside:
			worst = finding.Critical
		case from.Level == DMZ && !layered:
			worst = finding.Medium // a jump host there may be all that there is
		}
		say(ruleAdmin, worst, "%s gives whoever uses it a host at level %s", f.Protocol, to.Level)
	}
	if from.Safety != to.Safety {
		worst := finding.High
		switch {
		case f.Changes > 0 || far.Level >= Enterprise:
			worst = finding.Critical
		case c == basic:
			worst = finding.Medium
		}
		say(ruleSafety, worst, "it crosses the border of a safety system")
	}
	return out
}

// judgeInternet gives the reasons against what crosses the last border.
func judgeInternet(f *Flow, from, near, far *Zone, say func(string, finding.Severity, string, ...any)) {
	if far.Level != Outside {
		return
	}
	c := classes[f.Protocol]
	inward := from == far
	switch {
	case near.Level.low() && inward:
		say(ruleControlNet, finding.Critical, "the Internet was let in to %s", place(near))
	case near.Level.low():
		say(ruleControlNet, pick(c == basic, finding.Medium, finding.High), "%s goes to the Internet from %s", f.Protocol, place(near))
	case near.Level == Operations && inward:
		say(rulePlantNet, pick(c == admin, finding.Critical, finding.High), "the Internet was let in to %s", place(near))
	case near.Level == Operations:
		say(rulePlantNet, pick(c == basic, finding.Low, finding.Medium), "%s goes to the Internet from %s", f.Protocol, place(near))
	case inward && f.outcome != tried && (c == admin || f.Protocol == "smb" || f.Protocol == "dcerpc"):
		// tried in vain it is what every address of the Internet sees all day
		say(ruleOpenAdmin, pick(f.Protocol == "ssh", finding.Medium, finding.High), "%s gives whoever uses it a host inside, and the Internet was let in to it", f.Protocol)
	}
}

func pick(yes bool, a, b finding.Severity) finding.Severity {
	if yes {
		return a
	}
	return b
}

// depth orders levels from the process up; what is unknown is taken for an
// office, which is where most such networks are.
func depth(l Level) Level {
	if l == Unknown {
		return Enterprise
	}
	return l
}

// place is a zone with its level.
func place(z *Zone) string {
	if z.Level == Outside {
		return "the Internet"
	}
	return fmt.Sprintf("%s (level %s)", z.Name, z.Level)
}
