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
	Profile  string    `json:"profile"` // id of the campaign profile
	Site     string    `json:"site"`    // folder of the site it hit
	Entry    string    `json:"entry"`   // how it came in, in one sentence
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	Hosts    []string  `json:"hosts"`    // machines touched
	Accounts []string  `json:"accounts"` // accounts misused
	Remote   []string  `json:"remote"`   // addresses and domains of the intruder
	Steps    []Step    `json:"steps"`    // in order of time
}

// Step is one act of an intrusion.
type Step struct {
	Time    time.Time `json:"time"`
	Dossier []string  `json:"dossier"` // detection ids of the campaign's dossier, such as VT-09
	What    string    `json:"what"`
	Host    string    `json:"host"`
	Files   []string  `json:"files"` // evidence that shows it, relative to the exercise
}

// Fact is something ordinary that a detector may be tempted by.
type Fact struct {
	Site string `json:"site"`
	What string `json:"what"`
}
