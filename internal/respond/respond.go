// Package respond turns a case into a plan: what to do about each incident, in
// which order, what each step would break, how to take it back and how to see
// that it worked. It plans; people act.
//
//	book, err := respond.LoadBook(content.Response, content.Campaigns)
//	plan := respond.Make(&respond.Input{Case: c, Book: book})
//	err = plan.Write(dir)
//
// What the steps say is data: content/response holds the steps that any
// intruder may call for, content/campaigns/<id>/response.yaml those that one
// campaign adds. A step is in the plan because findings of the incident call for
// it, which it names; attribution only adds the steps of a campaign that the
// incident resembles.
package respond

import (
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/respond/accounts"
)

// Phase is a part of the response. Steps come in the order of phases.
type Phase string

// The phases, in their order.
const (
	Preserve  Phase = "preserve"
	Scope     Phase = "scope"
	Contain   Phase = "contain"
	Eradicate Phase = "eradicate"
	Recover   Phase = "recover"
	Watch     Phase = "watch"
	Close     Phase = "close"
)

// phases are all of them, with what people read.
var phases = []struct {
	id    Phase
	title string
}{
	{Preserve, "Preserve evidence"},
	{Scope, "Find out how far it goes"},
	{Contain, "Contain"},
	{Eradicate, "Throw them out"},
	{Recover, "Recover"},
	{Watch, "Watch for their return"},
	{Close, "Close"},
}

// place is where a phase stands among all; unknown ones come last.
func (p Phase) place() int {
	for i := range phases {
		if phases[i].id == p {
			return i
		}
	}
	return len(phases)
}

// Title is what people read.
func (p Phase) Title() string {
	if i := p.place(); i < len(phases) {
		return phases[i].title
	}
	return string(p)
}

// Plan is what to do about a case. The same case gives the same plan, byte for byte.
type Plan struct {
	Verdict   string    `json:"verdict"` // in a sentence
	Made      string    `json:"evidence_until,omitempty"`
	Sections  []Section `json:"incidents"`
	Untold    int       `json:"incidents_left_out,omitempty"` // beyond those that a plan has room for, or too mild to need one
	Joint     *Joint    `json:"joint_window,omitempty"`       // what several incidents ask for at the same time
	Knowledge []string  `json:"not_known"`                    // what the plan could not take into account
}

// Section is the plan for one incident.
type Section struct {
	Incident    string           `json:"incident"` // id
	Title       string           `json:"title"`
	Severity    finding.Severity `json:"severity"`
	Start       string           `json:"start"`
	End         string           `json:"end"`
	Resembles   []Likeness       `json:"resembles"` // campaigns whose own steps were added
	Doors       []Door           `json:"doors"`     // ways in or back in, as far as the evidence shows
	Window      *Window          `json:"window,omitempty"`
	Steps       []Step           `json:"steps"`
	Accounts    accounts.Plan    `json:"accounts"`              // in the order in which they are disabled and reset
	Blocks      []Blocked        `json:"blocks"`                // what to cut, with what that would have cut
	Hunts       []Question       `json:"hunts"`                 // to ask everywhere, written in hunts/
	Left        []string         `json:"not_blocked"`           // what others need too, with the reason
	Attribution string           `json:"attribution,omitempty"` // in a sentence
}

// Likeness is a campaign that an incident resembles.
type Likeness struct {
	Profile    string `json:"profile"`
	Name       string `json:"name"`
	Confidence uint8  `json:"confidence"` // 0 to 100
}

// Door is a way in, or back in, that is open until it is closed.
type Door struct {
	What     string          `json:"what"`
	On       []record.Entity `json:"on"`
	Findings []string        `json:"findings"` // ids
}

// Window is a time in which several steps are done, so that none of them warns
// an intruder who still has another door.
type Window struct {
	Why   string   `json:"why"`
	Steps []string `json:"steps"` // ids, in order
}

// Joint is the window of several incidents.
type Joint struct {
	Why       string   `json:"why"`
	Incidents []string `json:"incidents"` // ids
}

// Step is one thing to do.
type Step struct {
	N        int             `json:"n"`  // place in the order, from 1
	ID       string          `json:"id"` // of the content
	Phase    Phase           `json:"phase"`
	Title    string          `json:"title"`
	Do       []string        `json:"do"`
	Reason   string          `json:"reason"`
	Evidence []Evidence      `json:"evidence"`
	More     int             `json:"more_evidence,omitempty"` // findings that are not listed
	On       []record.Entity `json:"on"`                      // what it is done to
	Owner    string          `json:"owner"`                   // role
	Risk     string          `json:"risk"`
	Breaks   string          `json:"breaks"`
	Undo     string          `json:"undo"`
	Undoable bool            `json:"can_be_undone"`
	Proof    Proof           `json:"proof"`
	After    []string        `json:"after"`                    // ids of steps of this plan that come first
	Window   bool            `json:"in_window"`                // done in the window of the incident, with the other steps of it
	Delay    time.Duration   `json:"-"`                        // the least of Wait
	Wait     string          `json:"wait,omitempty"`           // time to let pass after the steps before
	Approval string          `json:"needs_approval,omitempty"` // of whom, besides the owner, and why
	Cuts     []Conversation  `json:"cuts,omitempty"`           // industrial conversations that it would end
	From     string          `json:"from"`                     // "evidence", or the campaign that adds it
	Answers  []string        `json:"answers"`                  // sections of the dossiers: "op-512 8.6"
}

// Evidence is a finding behind a step.
type Evidence struct {
	Finding  string           `json:"finding"` // id; empty for what no detector called odd
	Title    string           `json:"title"`
	Severity finding.Severity `json:"severity"`
	Time     string           `json:"time"`
	Why      string           `json:"why"`
	Refs     []string         `json:"refs"` // where the evidence says so
}

// Proof says how to see that a step worked.
type Proof struct {
	Says    string `json:"says"`
	Command string `json:"command,omitempty"`
}

// Conversation is an exchange of an industrial protocol between two hosts.
type Conversation struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Service string `json:"service"`
	Count   int64  `json:"connections"`
	Safety  bool   `json:"safety_system,omitempty"`
	Says    string `json:"says,omitempty"` // in a sentence
}
