package pattern

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrObserved is wrapped by what Observed returns for data that is not as STIX
// wants it.
var ErrObserved = errors.New("not observed data as STIX describes it")

// Observed reads the observed-data objects of STIX 2.0, with their objects
// inside, and of STIX 2.1, which name objects that stand beside them.
func Observed(objects []Object) ([]Observation, error) {
	beside := map[string]Object{}
	for _, o := range objects {
		if id, ok := o["id"].(string); ok && o["type"] != "observed-data" {
			beside[id] = o
		}
	}
	var out []Observation
	for _, o := range objects {
		if o["type"] != "observed-data" {
			continue
		}
		obs, err := observed(o, beside)
		if err != nil {
			return nil, err
		}
		out = append(out, obs)
	}
	return out, nil
}

func observed(o Object, beside map[string]Object) (Observation, error) {
	obs := Observation{Objects: map[string]Object{}}
	first, _ := o["first_observed"].(string)
	last, _ := o["last_observed"].(string)
	var ok1, ok2 bool
	obs.First, ok1 = parseTime(first)
	obs.Last, ok2 = parseTime(last)
	if !ok1 || !ok2 || obs.Last.Before(obs.First) {
		return obs, fmt.Errorf("%w: observed from %q to %q", ErrObserved, first, last)
	}
	switch n := o["number_observed"].(type) {
	case float64:
		obs.Number = int(min(n, MaxRepeats))
	case json.Number:
		f, _ := n.Float64()
		obs.Number = int(min(f, MaxRepeats))
	}
	if obs.Number < 1 {
		return obs, fmt.Errorf("%w: observed %v times", ErrObserved, o["number_observed"])
	}
	if inside, ok := o["objects"].(map[string]any); ok {
		for id, v := range inside {
			if obj, ok := v.(map[string]any); ok {
				obs.Objects[id] = obj
			}
		}
	}
	refs, _ := o["object_refs"].([]any)
	for _, ref := range refs {
		id, _ := ref.(string)
		if obj, ok := beside[id]; ok {
			obs.Objects[id] = obj
		}
	}
	return obs, nil
}
