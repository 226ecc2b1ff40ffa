package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"longwatch/content"
	"longwatch/internal/campaign"
	"longwatch/internal/doctor"
	"longwatch/internal/intel"
)

// Checks are what "longwatch doctor" looks at; out is where results would go.
func Checks(out string) []doctor.Check {
	return []doctor.Check{
		{Name: "profiles", Run: checkProfiles},
		{Name: "rules", Run: checkRules},
		{Name: "indicators", Run: checkIndicators},
		{Name: "clock", Run: checkClock},
		{Name: "output folder", Run: func(context.Context) (doctor.Result, error) { return checkOutput(out) }},
		{Name: "machine", Run: checkMachine},
	}
}

func checkProfiles(context.Context) (doctor.Result, error) {
	profiles, err := campaign.Load(content.Campaigns, "campaigns")
	if err != nil {
		return doctor.Result{Do: "this binary is damaged or was built from a broken tree: build it anew"}, err
	}
	return doctor.Result{Says: fmt.Sprintf("%d campaign profiles load", len(profiles))}, nil
}

func checkRules(context.Context) (doctor.Result, error) {
	set, err := loadRules(RuleOptions{})
	if err != nil {
		return doctor.Result{}, err
	}
	r := set.sets()[0]
	if len(r.Refused) > 0 {
		return doctor.Result{Grade: doctor.Fail, Says: r.Refused[0], Do: "a built-in rule does not compile: build anew, or report it"}, nil
	}
	return doctor.Result{Says: fmt.Sprintf("%d built-in rules and %d detectors", r.Rules, len(detectors))}, nil
}

// staleAfter is the age from which the built-in indicators deserve a remark.
const staleAfter = 400 * 24 * time.Hour

func checkIndicators(context.Context) (doctor.Result, error) {
	set, report := intel.Load(intel.FS(content.Campaigns, "campaigns"))
	if report.Refused > 0 {
		return doctor.Result{Grade: doctor.Fail, Says: fmt.Sprintf("%d built-in indicators are refused", report.Refused), Do: "build anew, or report it"}, nil
	}
	var newest time.Time
	for i := range set.All {
		if t := i.From.Std(); i.From != 0 && t.After(newest) {
			newest = t
		}
	}
	r := doctor.Result{Says: fmt.Sprintf("%d built-in indicators, the newest from %s", report.Loaded, newest.Format("2006-01-02"))}
	if time.Since(newest) > staleAfter {
		r.Grade, r.Do = doctor.Warn, "indicators age: add your own feeds with --intel"
	}
	return r, nil
}

func checkClock(context.Context) (doctor.Result, error) {
	if now := time.Now(); now.Year() < 2026 || now.Year() > 2100 {
		return doctor.Result{Grade: doctor.Warn, Says: "the clock says " + now.Format(time.RFC3339), Do: "set the clock: years missing from syslog are taken from file times"}, nil
	}
	return doctor.Result{Says: "plausible"}, nil
}

func checkOutput(dir string) (doctor.Result, error) {
	parent := dir
	for {
		if _, err := os.Stat(parent); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return doctor.Result{Do: "name another folder with -o"}, err
		}
		parent = filepath.Dir(parent)
	}
	f, err := os.CreateTemp(parent, ".longwatch-doctor-*")
	if err != nil {
		return doctor.Result{Do: "name a folder you may write to with -o"}, err
	}
	_ = f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return doctor.Result{}, err
	}
	return doctor.Result{Says: fmt.Sprintf("%q can be written", parent)}, nil
}

func checkMachine(context.Context) (doctor.Result, error) {
	says := fmt.Sprintf("%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "CGO_ENABLED" && s.Value == "1" {
				return doctor.Result{Grade: doctor.Warn, Says: says + ", built with a C library", Do: "build with CGO_ENABLED=0 (make build) for a binary that runs anywhere"}, nil
			}
		}
	}
	return doctor.Result{Says: says}, nil
}
