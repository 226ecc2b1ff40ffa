package finding

// Attribution is a graded link from an incident to a campaign profile.
type Attribution struct {
	Profile    string   `json:"profile"`    // id, or "unattributed"
	Name       string   `json:"name"`       // as people say it
	Confidence uint8    `json:"confidence"` // 0 to 100
	Words      string   `json:"words"`      // ICD 203 term
	Status     string   `json:"status"`     // sourced or unverified
	For        []Reason `json:"for"`
	Against    []Reason `json:"against"`
	Notes      []string `json:"notes,omitempty"`   // what a reader must know beside the number
	Missing    []string `json:"missing,omitempty"` // evidence that was not there to be searched
	Pivot      string   `json:"pivot,omitempty"`   // the one new piece of evidence that would change it most
	RunnerUp   string   `json:"runner_up,omitempty"`
	Margin     int      `json:"margin,omitempty"` // points above the runner-up

	Sensitivity []Without `json:"sensitivity,omitempty"` // what becomes of it without parts of its evidence
	Features    []string  `json:"features,omitempty"`    // of "unattributed": what kind of actor the findings show
}

// Reason is one weighed trait of an attribution.
type Reason struct {
	Trait    string   `json:"trait"`
	Group    string   `json:"group"` // infrastructure, tool, command, protocol, log-tamper, victimology
	Weight   float64  `json:"weight"`
	Because  string   `json:"because"`
	Source   string   `json:"source,omitempty"`
	Imitable bool     `json:"imitable,omitempty"` // anybody can copy it from publications
	Findings []string `json:"findings,omitempty"` // ids
}

// Without is what an attribution becomes without a part of its evidence.
type Without struct {
	Group      string `json:"group,omitempty"` // that is left out
	Trait      string `json:"trait,omitempty"` // that is left out; "imitable": all that anybody can copy
	Confidence uint8  `json:"confidence"`      // that remains
	First      string `json:"first"`           // profile that would come first then
	Says       string `json:"says"`            // in a sentence
}

// Fit is what a piece of evidence is to a hypothesis.
type Fit string

// The fits of a matrix of competing hypotheses.
const (
	Consistent   Fit = "consistent"   // the hypothesis explains it
	Inconsistent Fit = "inconsistent" // the hypothesis would not leave it
	Neutral      Fit = "neutral"      // the hypothesis says nothing of it
)

// Matrix sets evidence against competing hypotheses.
type Matrix struct {
	Hypotheses   []string `json:"hypotheses"`   // ids of profiles, "unattributed" last
	Inconsistent []int    `json:"inconsistent"` // for each: pieces of evidence that speak against it
	Rows         []Row    `json:"rows"`         // what tells hypotheses apart first
}

// Row is one piece of evidence.
type Row struct {
	Evidence   string   `json:"evidence"`
	Group      string   `json:"group"`
	Findings   []string `json:"findings"` // ids
	Cells      []Fit    `json:"cells"`    // by hypothesis
	Diagnostic bool     `json:"diagnostic"`
	Imitable   bool     `json:"imitable,omitempty"`
}
