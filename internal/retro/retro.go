// Package retro holds what a second look at recorded evidence brings: findings
// that new indicators make, archived findings that a profile makes specific,
// and incidents that are judged otherwise than before. It compares a case as it
// was with the case as it is now:
//
//	changes := retro.Incidents(before.Incidents, after.Incidents)
//	retro.Text(os.Stdout, results)
package retro

import (
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
)

// Result is what came of one case folder or folder of records.
type Result struct {
	Input     string           // folder, as given
	Out       string           // folder of the new case; empty when none was written
	Case      bool             // the folder held findings already
	Searched  Searched         // what was looked through
	New       []Hit            // findings that were not there, in order of time
	Graded    []Graded         // findings that were there and weigh otherwise now, in order of time
	Archived  []Archived       // old findings that a profile now calls its own
	Incidents []Change         // that are not as they were
	After     *casefolder.Case // as it is now
}

// Searched says what was looked through.
type Searched struct {
	Files   int      `json:"files"`
	Rows    int64    `json:"rows"`            // records compared
	Damaged int64    `json:"damaged"`         // records, pages or row groups that could not be read
	Notes   []string `json:"notes,omitempty"` // what could not be searched, and why

	Groups       int64 `json:"row_groups"`            // of files of columns
	ByTime       int64 `json:"skipped_by_time"`       // of these, not read: all is outside the times
	ByStatistics int64 `json:"skipped_by_statistics"` // no column spans what is looked for
	ByFilter     int64 `json:"skipped_by_filter"`     // no bloom filter knows what is looked for
}

// Hit is a new finding and the files of records that hold it.
type Hit struct {
	Finding *finding.Finding
	Files   []string // relative to the folder given; none when an archived finding says it
}

// Graded is a finding whose weight changed.
type Graded struct {
	Before, After *finding.Finding
}

// Archived is a finding of the past that a profile now explains.
type Archived struct {
	Finding *finding.Finding // as it was archived
	Profile string           // id
	Name    string           // as people say it
	Because string           // a sentence
	By      string           // trait, or id of the finding about the indicator
}

// Side is an incident in a line, before or after.
type Side struct {
	ID         string           `json:"id"`
	Title      string           `json:"title"`
	Severity   finding.Severity `json:"severity"`
	Start      string           `json:"start"`
	Findings   int              `json:"findings"`
	Profile    string           `json:"profile"`
	Name       string           `json:"name"`
	Confidence uint8            `json:"confidence"`
	Words      string           `json:"words"`
}

// Change is an incident that is not as it was: new when it has no Before, gone
// when it has no After, joined of several when it has more than one Before.
type Change struct {
	Before []Side   `json:"before"`
	After  *Side    `json:"after"`
	Why    []string `json:"why,omitempty"` // reasons of the attribution that came or went
}
