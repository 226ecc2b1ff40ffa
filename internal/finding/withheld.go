package finding

import "slices"

// Withheld says that a list of harmless values keeps a finding back, and what it
// would be without the list.
type Withheld struct {
	List       string   `json:"list"`       // its name, or the file
	Entry      string   `json:"entry"`      // of the list
	Value      string   `json:"value"`      // of the finding, which the entry covers
	Severity   Severity `json:"severity"`   // without the list
	Confidence uint8    `json:"confidence"` // without the list
}

// says is the sentence for the reasons.
func (h *Withheld) says() string {
	return Because("%q is held back by entry %q of the list %q: without that, it would be %v with confidence %d", h.Value, h.Entry, h.List, h.Severity, h.Confidence)
}

// Hold keeps f back: it weighs nothing, stays where it is, and says why.
func (f *Finding) Hold(list, entry, value string) {
	f.Release()
	f.Withheld = Withheld{List: list, Entry: entry, Value: value, Severity: f.Severity, Confidence: f.Confidence}
	f.Severity, f.Confidence = Info, 0
	f.Why = append(slices.Clone(f.Why), f.Withheld.says())
}

// Release undoes Hold, exactly. What is not held stays as it is.
func (f *Finding) Release() {
	if f.Withheld == (Withheld{}) {
		return
	}
	if n := len(f.Why); n > 0 && f.Why[n-1] == f.Withheld.says() {
		f.Why = slices.Clip(f.Why[:n-1])
	}
	f.Severity, f.Confidence, f.Withheld = f.Withheld.Severity, f.Withheld.Confidence, Withheld{}
}
