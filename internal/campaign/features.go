package campaign

import (
	"fmt"
	"slices"

	"longwatch/internal/finding"
)

// family is a way of working that several actors share.
type family struct {
	says    string
	dossier []string
}

// families in the order of an intrusion.
var families = []family{
	{"entry by mail", []string{"TG-03", "TG-05", "TG-07"}},
	{"entry through an edge device", []string{"TH-01", "TH-02", "TH-03", "TH-3a", "VT-02", "VT-03", "VT-04", "VT-05"}},
	{"entry through a web application", []string{"TG-01", "TG-06", "OP-22"}},
	{"web shells", []string{"OP-03", "OP-04", "OP-12", "OP-14", "OP-18", "OP-21", "OP-26", "OP-27", "OP-29", "TG-10", "TG-12", "VT-28"}},
	{"work with the system's own tools", []string{"VT-08", "VT-15", "VT-16", "VT-18", "VT-19"}},
	{"remote execution over administrative shares", []string{"TH-07", "TH-08", "TH-09", "TH-10", "TH-11", "TH-12", "TH-13", "VT-06", "VT-07"}},
	{"theft of the directory or of credentials", []string{"VT-09", "VT-10", "VT-11", "VT-12", "VT-13", "VT-14", "TH-18"}},
	{"relays and tunnels", []string{"VT-23", "VT-24", "VT-25", "VT-26", "TG-13", "TG-14", "TG-15"}},
	{"command channels of tools for intruders", []string{"TG-16", "TG-17", "TG-18"}},
	{"reports hidden in DNS", []string{"OP-05", "OP-06", "OP-07"}},
	{"several kinds of persistence", []string{"TH-14", "TH-19", "TH-20"}},
	{"hiding in the Linux kernel", []string{"TG-21", "TG-24"}},
	{"forged file times or cleared logs", []string{"OP-20", "OP-20a", "VT-29"}},
	{"reach to control systems", []string{"TH-21", "TH-22", "TH-23", "VT-30", "VT-31"}},
}

// features say what kind of actor an incident shows, by what weighs in it.
func features(fs []*finding.Finding) []string {
	var out []string
	for _, x := range families {
		n := 0
		for _, f := range fs {
			if f.Severity >= finding.Medium && slices.ContainsFunc(f.Dossier, func(id string) bool { return slices.Contains(x.dossier, id) }) {
				n++
			}
		}
		switch n {
		case 0:
		case 1:
			out = append(out, x.says+" (one finding)")
		default:
			out = append(out, fmt.Sprintf("%s (%d findings)", x.says, n))
		}
	}
	return out
}
