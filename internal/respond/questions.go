package respond

import (
	"slices"

	"longwatch/internal/finding"
)

// huntsStep is the step that asks them. Without questions it is not in the plan.
const huntsStep = "ask-everywhere"

// Question is one hunt for the next hour.
type Question struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Why      string   `json:"why"`
	Seen     int64    `json:"seen"` // records of the case that it is true of
	Findings []string `json:"findings"`
}

// questions are those that an incident's values and commands make.
func questions(in *Input, inc *finding.Incident) []Question {
	out := []Question{}
	for i := range in.Hunts {
		if h := &in.Hunts[i]; h.Incident == inc.ID {
			out = append(out, Question{ID: h.ID, Title: h.Title, Why: h.Why, Seen: h.Seen, Findings: append([]string{}, h.Findings...)})
		}
	}
	return out
}

// withoutQuestions drops the step that asks them when there are none.
func withoutQuestions(list []*Recipe, q []Question) []*Recipe {
	if len(q) > 0 {
		return list
	}
	return slices.DeleteFunc(list, func(r *Recipe) bool { return r.ID == huntsStep })
}
