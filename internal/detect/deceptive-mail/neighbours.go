package deceptivemail

import (
	"slices"
	"strings"

	"longwatch/internal/domain"
	"longwatch/internal/record"
)

// neighbours finds which of many names one may resemble, without comparing it
// with each: names that share a look, or what is left when one letter is taken
// away.
type neighbours struct {
	since map[string]record.Time // when each name was seen first
	by    map[string][]string
}

func newNeighbours() *neighbours {
	return &neighbours{since: map[string]record.Time{}, by: map[string][]string{}}
}

// maxAlike bounds the names that share a key: more are parts of some series.
const maxAlike = 32

func (n *neighbours) add(name string, since record.Time) {
	n.since[name] = since
	for _, k := range keys(name) {
		if len(n.by[k]) < maxAlike {
			n.by[k] = append(n.by[k], name)
		}
	}
}

// keys of a name: its looks, and its label with any one letter left out.
func keys(name string) []string {
	label, _ := domain.Split(name)
	label = domain.Unicode(label)
	out := []string{"s" + domain.Skeleton(label), "b" + domain.Bare(label), "d" + label}
	runes := []rune(label)
	if len(runes) > 64 {
		return out
	}
	for i := range runes {
		out = append(out, "d"+string(runes[:i])+string(runes[i+1:]))
	}
	return out
}

// of returns the names that host may resemble, in order.
func (n *neighbours) of(host string) []string {
	var out []string
	add := func(name string) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, k := range keys(domain.Registrable(host)) {
		for _, name := range n.by[k] {
			add(name)
		}
	}
	labels := strings.Split(host, ".")
	for i := range labels[:min(len(labels), 16)] {
		for j := i + 2; j <= min(len(labels), i+5); j++ {
			if name := strings.Join(labels[i:j], "."); n.since[name] != 0 {
				add(name)
			}
		}
	}
	slices.Sort(out)
	return out
}
