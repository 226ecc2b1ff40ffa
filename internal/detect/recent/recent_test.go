package recent

import (
	"slices"
	"testing"
	"time"

	"longwatch/internal/record"
)

func TestMapForgets(t *testing.T) {
	m := New[string, int](time.Minute, 3)
	at := func(d time.Duration) record.Time { return record.Time(1e18).Add(d) }
	*m.At("a", at(0)) = 1
	*m.At("b", at(30*time.Second)) = 2
	m.At("a", at(50*time.Second))
	if m.Peek("b", at(95*time.Second)) != nil {
		t.Error("b was untouched for longer than a minute and is still there")
	}
	if v := m.Peek("a", at(95*time.Second)); v == nil || *v != 1 {
		t.Error("a was touched within a minute and is gone")
	}
	for _, k := range []string{"c", "d", "e"} {
		m.At(k, at(96*time.Second))
	}
	var keys []string
	m.All(func(k string, _ *int) { keys = append(keys, k) })
	if !slices.Equal(keys, []string{"c", "d", "e"}) {
		t.Errorf("kept %v, want the three most recent", keys)
	}
}
