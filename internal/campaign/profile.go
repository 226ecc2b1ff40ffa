// Package campaign judges incidents against campaign profiles: who is thought
// to act, how sure, and why, with "none of them" always among the answers.
//
// A profile is data with sources (content/campaigns/<id>/profile.yaml):
//
//	id: volt-typhoon
//	name: Volt Typhoon
//	status: sourced            # or unverified: a lead, never above confidence 30
//	max_confidence: 95
//	sources: [{title: "…", publisher: "…", url: "…", date: 2023-05-24, tlp: clear}]
//	traits:
//	  - {id: ntds-ifm, group: command, weight: medium, technique: T1003.003,
//	     when: {dossier: [VT-09, VT-10]}, because: "…", source: 2, needs: [process, database]}
//	against:
//	  - {id: mail-lure, weight: strong-negative, when: {dossier: TG-03}, because: "…", source: 1}
//
// Traits weigh by independent group of evidence, and a group is capped, so
// that ten findings of one kind are not ten reasons. Each trait must bring a
// finding that no heavier trait has used.
package campaign

import (
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
)

// Group is a kind of evidence that is independent of the others.
type Group string

// The groups. Victimology is who was hit and when: a prior, never a proof.
const (
	Infrastructure Group = "infrastructure"
	Tool           Group = "tool"
	Command        Group = "command"
	Protocol       Group = "protocol"
	LogTamper      Group = "log-tamper"
	Victimology    Group = "victimology"
)

// Groups in the order of reports.
var Groups = []Group{Infrastructure, Tool, Command, Protocol, LogTamper, Victimology}

// Status says how a profile is known.
type Status string

// The statuses.
const (
	Sourced    Status = "sourced"
	Unverified Status = "unverified"
)

// Profile is what is known of a campaign.
type Profile struct {
	ID            string
	Name          string
	Aliases       []string
	Attack        string // ATT&CK group, or empty
	Status        Status
	MaxConfidence uint8  // never exceeded, whatever the score
	Sponsor       string // what the sources say, no more
	Summary       string
	EventTimed    bool // reported to come around events: a calendar may be its prior
	Sources       []Source
	Traits        []Trait
	Against       []Trait
}

// Source is a publication.
type Source struct {
	Title     string
	Publisher string
	URL       string
	Date      string // YYYY-MM-DD
	TLP       string // clear, green, amber, amber+strict, red
}

// Trait is one thing a campaign does, or is known not to do.
type Trait struct {
	ID        string
	Group     Group
	Weight    float64 // strong 3, medium 1.5, weak 0.5; negative -1.5, strong-negative -3
	Technique attack.ID
	When      Condition
	Because   string // why it separates this campaign from others
	Sources   []int  // from 1, into Profile.Sources
	Needs     []string
	Pivot     string // what to look for, in words; empty for a general text
	Imitable  bool   // cheap to copy from publications: names, addresses, strings and tools that anybody can get
	Line      int
}

// Condition is met by findings of an incident. The plain fields must all hold
// for one finding; All and Any combine conditions.
type Condition struct {
	Dossier   []string  // any of these detections
	Finding   []string  // any of these detectors
	Indicator string    // an indicator of this profile, of at least this weight: weak, medium, strong
	Technique attack.ID // or a sub-technique of it
	Entity    []string  // an entity of one of these kinds, such as hash
	Severity  finding.Severity
	AtLeast   int // distinct findings; 0 is 1
	All       []Condition
	Any       []Condition
	Within    time.Duration // All: between the first and the last; 0 is any time
	Apart     time.Duration // All: at least so long between the first part and each other one
	Ordered   bool          // All: in this order
}

// Dossiers are the dossier ids that the profile's conditions name, with doubles.
func (p *Profile) Dossiers() []string {
	var out []string
	for _, t := range append(append([]Trait(nil), p.Traits...), p.Against...) {
		out = t.When.dossiers(out)
	}
	return out
}

// Own are the dossier ids that speak for the profile, with doubles.
func (p *Profile) Own() []string {
	var out []string
	for i := range p.Traits {
		out = p.Traits[i].When.dossiers(out)
	}
	return out
}

func (c *Condition) dossiers(out []string) []string {
	out = append(out, c.Dossier...)
	for i := range c.All {
		out = c.All[i].dossiers(out)
	}
	for i := range c.Any {
		out = c.Any[i].dossiers(out)
	}
	return out
}
