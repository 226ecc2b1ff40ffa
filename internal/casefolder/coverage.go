package casefolder

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"longwatch/internal/coverage"
)

// coverageFile holds what evidence held and lacked, and the detections that
// were asked, for commands over a case.
const coverageFile = "coverage.json"

type jsonCoverage struct {
	*coverage.Report
	Detections []coverage.Detection `json:"detections"`
}

func (c *Case) writeCoverage(w io.Writer) error {
	held := c.Held
	if held == nil {
		held = &coverage.Report{Sources: []coverage.Source{}, Limits: []coverage.Limit{}}
	}
	return indented(w, jsonCoverage{held, listed(c.Detections)})
}

// readCoverage reads it back; cases of older versions have none.
func (c *Case) readCoverage(path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	j := jsonCoverage{Report: &coverage.Report{}}
	if err := readJSON(path, &j); err != nil {
		return err
	}
	c.Held, c.Detections = j.Report, j.Detections
	return nil
}
