package campaign

import (
	"cmp"
	"slices"

	"longwatch/internal/finding"
)

// maxRows is how many pieces of evidence a matrix has.
const maxRows = 40

// Matrix sets the evidence of an incident against the hypotheses, as the
// Analysis of Competing Hypotheses does (R. J. Heuer, Psychology of
// Intelligence Analysis, CIA 1999, chapter 8): what matters is what speaks
// against a hypothesis, and evidence that is consistent with all of them says
// nothing. Nil when no profile has a trait among the findings.
func Matrix(inc *finding.Incident, profiles []*Profile) *finding.Matrix {
	var ts []*tally
	for _, p := range profiles {
		if t := count(p, inc.Findings, 0, nil); len(t.hits)+len(t.against) > 0 {
			ts = append(ts, t)
		}
	}
	if len(ts) == 0 {
		return nil
	}
	m := &finding.Matrix{}
	for _, t := range ts {
		m.Hypotheses = append(m.Hypotheses, t.profile.ID)
	}
	m.Hypotheses = append(m.Hypotheses, Unattributed)
	told := map[*finding.Finding]bool{}
	take := func(hs []hit) {
		for _, h := range hs {
			// Findings that are told already are not told again in other words.
			if len(m.Rows) < maxRows && slices.ContainsFunc(h.findings, func(f *finding.Finding) bool { return !told[f] }) {
				m.Rows = append(m.Rows, row(h, ts))
				for _, f := range h.findings {
					told[f] = true
				}
			}
		}
	}
	for _, t := range ts {
		take(t.hits)
	}
	for _, t := range ts {
		take(t.against)
	}
	for i := range m.Hypotheses {
		n := 0
		for _, r := range m.Rows {
			if r.Cells[i] == finding.Inconsistent {
				n++
			}
		}
		m.Inconsistent = append(m.Inconsistent, n)
	}
	slices.SortStableFunc(m.Rows, func(a, b finding.Row) int { return -cmp.Compare(rankOf(a), rankOf(b)) })
	return m
}

// rankOf puts what tells hypotheses apart first.
func rankOf(r finding.Row) int {
	if r.Diagnostic {
		return 1
	}
	return 0
}

// row says for each hypothesis what the findings of h are to it.
func row(h hit, ts []*tally) finding.Row {
	r := finding.Row{Evidence: h.trait.Because, Group: string(h.trait.Group), Imitable: h.trait.Imitable}
	for _, f := range h.findings {
		r.Findings = append(r.Findings, f.ID)
	}
	heaviest := 0.0
	for _, t := range ts {
		c := finding.Neutral
		for _, x := range t.hits {
			if explains(x, h) {
				c = finding.Consistent
				if !x.trait.Imitable {
					heaviest = max(heaviest, x.trait.Weight)
				}
			}
		}
		for _, x := range t.against {
			if explains(x, h) {
				c = finding.Inconsistent
			}
		}
		r.Cells = append(r.Cells, c)
	}
	// Somebody without a profile may do anything, but not what only one campaign
	// is known to do.
	none := finding.Consistent
	if heaviest >= strong {
		none = finding.Inconsistent
	}
	r.Cells = append(r.Cells, none)
	r.Diagnostic = slices.ContainsFunc(r.Cells, func(c finding.Fit) bool { return c != r.Cells[0] })
	return r
}

// explains tells whether a trait is about at least half of the findings of a
// row: one that they happen to share says nothing of the rest.
func explains(x, row hit) bool {
	n := 0
	for _, f := range row.findings {
		if slices.Contains(x.findings, f) {
			n++
		}
	}
	return 2*n >= len(row.findings)
}

func overlap(a, b hit) bool {
	return slices.ContainsFunc(a.findings, func(f *finding.Finding) bool { return slices.Contains(b.findings, f) })
}
