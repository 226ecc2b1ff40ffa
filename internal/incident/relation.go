package incident

import (
	"slices"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
)

// relations say what somebody did, by technique: the first line that holds one
// of a finding's techniques decides. Sub-techniques count as their parents.
var relations = []struct {
	kind       finding.EdgeKind
	techniques []attack.ID
}{
	{finding.Ran, []attack.ID{"T1047", "T1569", "T1053", "T1543", "T1072", "T1559", "T1546"}},
	{finding.Wrote, []attack.ID{"T1570", "T1105", "T1080", "T1505"}},
	{finding.LoggedOn, []attack.ID{"T1021", "T1078", "T1133", "T1550", "T1558", "T1563", "T1556", "T0886", "T0859"}},
	{finding.Configured, []attack.ID{"T1098", "T1136", "T1484", "T0836", "T0855", "T0858", "T0831", "T0889", "T0843", "T1601", "T1602"}},
	{finding.Sent, []attack.ID{"T1041", "T1048", "T1567", "T1030", "T1566", "T1598"}},
	{finding.Ran, []attack.ID{"T1059", "T1204", "T1203", "T1106", "T1055"}},
	{finding.Resolved, []attack.ID{"T1568"}},
	{finding.Connected, []attack.ID{"T1071", "T1090", "T1571", "T1572", "T1573", "T1095", "T1102", "T1219", "T0885", "T0884"}},
}

// searching are techniques that ask without getting in.
var searching = []attack.ID{"T1595", "T1592", "T1590", "T1589", "T1046", "T1018", "T1135", "T1110", "T1040", "T0840", "T0842", "T0846", "T0888"}

// relationOf is what a finding says was done.
func relationOf(f *finding.Finding) finding.EdgeKind {
	if len(f.Techniques) > 0 && !slices.ContainsFunc(f.Techniques, func(id attack.ID) bool { return !slices.Contains(searching, id.Parent()) }) {
		return finding.Scanned
	}
	for _, r := range relations {
		for _, id := range f.Techniques {
			if slices.Contains(r.techniques, id.Parent()) {
				return r.kind
			}
		}
	}
	return finding.Acted
}

// lateral are techniques that take somebody from one machine to another. What
// else is at the other end of a finding was only spoken to.
var lateral = []attack.ID{"T1021", "T1047", "T1569", "T1053", "T1543", "T1570", "T1072", "T1550", "T1563", "T1080", "T1210", "T1078", "T1105", "T0866", "T0867", "T0859", "T0886"}

// kindTo is what v says was done to the own machine at the other end.
func (v *view) kindTo() finding.EdgeKind {
	switch {
	case v.kind == finding.Scanned, v.kind == finding.Resolved, uses(v.f, lateral), industrial(v.f):
		return v.kind
	case v.kind == finding.Configured && len(v.things) == 0:
		return v.kind
	}
	return finding.Connected
}

// strength is how much being at the other end of an act says about who comes
// next: who had a program run on a machine has it, who asked for its ports has
// not. The figures are judgements, not measurements; what hangs on them is
// their order and which of them alone pass the threshold.
func strength(kind finding.EdgeKind) float64 {
	switch kind {
	case finding.Ran, finding.Wrote:
		return 0.95
	case finding.LoggedOn, finding.Configured, finding.Held:
		return 0.9
	case finding.Sent, finding.Received, finding.Connected, finding.Acted:
		return 0.8
	case finding.Resolved:
		return 0.7
	case finding.Scanned, finding.AlsoSeen:
		return 0.3
	}
	return 0.5
}

// getsIn tells whether an act of this kind leaves somebody inside.
func getsIn(kind finding.EdgeKind) bool {
	return kind == finding.Ran || kind == finding.Wrote || kind == finding.LoggedOn || kind == finding.Configured
}
