package share

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v3"
)

// ErrRefused is wrapped when a recipient may not get what would be sent.
var ErrRefused = errors.New("the recipient may not get this")

// Recipient is somebody that cases are shared with, and how far they may see.
type Recipient struct {
	Name    string   `yaml:"name"`
	TLP     TLP      `yaml:"tlp"`     // the most restricted marking that they may get
	Formats []string `yaml:"formats"` // all when empty
}

// Recipients reads a list of recipients:
//
//	recipients:
//	  - name: Energy ISAC
//	    tlp: amber
//	    formats: [stix, csv]
func Recipients(r io.Reader) ([]Recipient, error) {
	var file struct {
		Recipients []Recipient `yaml:"recipients"`
	}
	d := yaml.NewDecoder(io.LimitReader(r, 1<<20))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("share: recipients: %w", err)
	}
	for i, x := range file.Recipients {
		if x.Name == "" {
			return nil, fmt.Errorf("share: recipient %d has no name", i+1)
		}
		for _, f := range x.Formats {
			if _, err := FormatNamed(f); err != nil {
				return nil, fmt.Errorf("recipient %q: %w", x.Name, err)
			}
		}
	}
	return file.Recipients, nil
}

// Find finds a recipient that takes a format.
func Find(list []Recipient, name, format string) (Recipient, error) {
	i := slices.IndexFunc(list, func(r Recipient) bool { return strings.EqualFold(r.Name, name) })
	if i < 0 {
		return Recipient{}, fmt.Errorf("%w: %q is not in the list of recipients", ErrRefused, name)
	}
	r := list[i]
	if len(r.Formats) > 0 && !slices.Contains(r.Formats, format) {
		return r, fmt.Errorf("%w: %q takes %s, not %s", ErrRefused, r.Name, strings.Join(r.Formats, ", "), format)
	}
	return r, nil
}

// Allow tells why a recipient may not get a parcel in a format, or nil.
func Allow(list []Recipient, name string, p *Parcel, f Format) error {
	r, err := Find(list, name, f.Name)
	if err == nil && p.Marking > r.TLP {
		err = fmt.Errorf("%w: it is TLP:%s, and %q may get TLP:%s at most", ErrRefused, strings.ToUpper(p.Marking.String()), r.Name, strings.ToUpper(r.TLP.String()))
	}
	return err
}

// Sent is one line of shared.jsonl: what left, to whom, when.
type Sent struct {
	Time      time.Time `json:"time"`
	To        string    `json:"to"`
	TLP       TLP       `json:"tlp"`
	Format    string    `json:"format"`
	File      string    `json:"file"`
	SHA256    string    `json:"sha256"`
	Incidents []string  `json:"incidents"`
	Items     int       `json:"items"`
	Withheld  int       `json:"withheld"`
}

// Log appends to the record of what was sent, which is on disk when it returns.
func Log(path string, s Sent) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	b, err := json.Marshal(s)
	if err == nil {
		_, err = f.Write(append(b, '\n'))
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
