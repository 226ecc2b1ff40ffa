// Package truth says what happened in an exercise: the answer sheet that lies
// beside the evidence as truth.json.
package truth

import "time"

// Truth is what happened in an exercise, written beside the evidence as
// truth.json.
type Truth struct {
	Profile   string     `json:"profile"` // what was asked for
	Seed      uint64     `json:"seed"`
	Start     time.Time  `json:"start"` // first instant of ordinary activity, UTC
	End       time.Time  `json:"end"`
	Sites     []Site     `json:"sites"`
	Campaigns []Campaign `json:"campaigns"` // empty for a quiet day
	Benign    []Fact     `json:"benign"`    // ordinary things that look like something
	Files     []string   `json:"files"`     // every evidence file, relative to the exercise
	Note      string     `json:"note"`      // that the evidence is inert
	Options   []string   `json:"options,omitempty"`
	Left      []string   `json:"left_out,omitempty"` // files that were recorded and are not there
	Since     *time.Time `json:"since,omitempty"`    // what happened before is in no log
	Until     *time.Time `json:"until,omitempty"`    // nor what happened from then on
	Clocks    []Clock    `json:"clocks,omitempty"`   // sources whose clock is wrong
}

// Clock is how far the times of a source are ahead of the true ones.
type Clock struct {
	Source string  `json:"source"` // file or folder, relative to the exercise
	Ahead  float64 `json:"ahead"`  // seconds; negative: behind
	Why    string  `json:"why"`    // clock or zone
}

// Site is one organisation of the exercise.
type Site struct {
	Folder  string   `json:"folder"`
	Name    string   `json:"name"`
	Domain  string   `json:"domain"`  // Active Directory zone
	Public  string   `json:"public"`  // public DNS zone
	Network string   `json:"network"` // prefix of its addresses
	Hosts   []Host   `json:"hosts"`
	Users   []string `json:"users"`
}

// Host is one machine of a site.
type Host struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Role    string `json:"role"`
}

// Campaign is one intrusion.
type Campaign struct {
	Profile  string    `json:"profile"`         // id of the campaign profile, or unknown-actor
	Site     string    `json:"site"`            // folder of the site it hit
	Entry    string    `json:"entry"`           // how it came in, in one sentence
	Entries  []string  `json:"entries"`         // machines and accounts that are right answers to where it came in
	Posed    string    `json:"posed,omitempty"` // profile that the intruder pretends to be
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	Hosts    []string  `json:"hosts"`    // machines touched
	Accounts []string  `json:"accounts"` // accounts misused
	Remote   []string  `json:"remote"`   // addresses and domains of the intruder
	Steps    []Step    `json:"steps"`    // in order of time

	// Evidence is where the files show the intrusion: lines and event records by
	// number, frames of captures and parts of mailboxes by offset. "5-8,11".
	Evidence map[string]string `json:"evidence"`
}

// Step is one act of an intrusion.
type Step struct {
	Time    time.Time `json:"time"`
	Dossier []string  `json:"dossier"` // detection ids of the campaign's dossier, such as VT-09
	What    string    `json:"what"`
	Host    string    `json:"host"`
	Files   []string  `json:"files"`           // evidence that shows it, relative to the exercise
	Entry   bool      `json:"entry,omitempty"` // the way in
	Gone    bool      `json:"gone,omitempty"`  // none of its evidence is there
}

// Fact is something ordinary that a detector may be tempted by.
type Fact struct {
	Site string `json:"site"`
	What string `json:"what"`
}
