package segmentation

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
)

// CSV writes one row for each service from zone to zone, those within a zone
// too, with the worst finding about it.
func (r *Report) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"from", "to", "protocol", "transport", "port", "by_port", "passed", "unanswered", "one_sided", "changing_operations", "bytes", "first", "last", "from_hosts", "to_hosts", "severity", "finding", "evidence"}); err != nil {
		return err
	}
	found := r.byBorder()
	for _, c := range r.Crossing {
		from, to := hostsOf(c.flows)
		severity, id := "", ""
		if f := about(found[border{c.From, c.To}], c); f != nil {
			severity, id = f.Severity.String(), f.ID
		}
		place := ""
		if len(c.Refs) > 0 {
			place = r.cite(c.Refs[0])
		}
		row := []string{
			r.Zoning.Zones[c.From].Name, r.Zoning.Zones[c.To].Name, c.Protocol, c.Transport, number(uint64(c.Port)), strconv.FormatBool(c.ByPort), strconv.FormatUint(c.Passed, 10), number(c.Unanswered), number(c.OneSided), number(c.Changes),
			strconv.FormatUint(c.Bytes, 10), when(c.First), when(c.Last), strconv.Itoa(len(from)), strconv.Itoa(len(to)), severity, id, place,
		}
		for i := range row {
			row[i] = cell(row[i])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// border is where findings are: from one zone to another.
type border struct{ from, to int }

// byBorder sorts findings by what they crossed, worst first.
func (r *Report) byBorder() map[border][]*Finding {
	out := map[border][]*Finding{}
	for _, f := range r.Findings {
		if f.Outcome != "" {
			out[border{f.From, f.To}] = append(out[border{f.From, f.To}], f)
		}
	}
	return out
}

// about is the worst of findings about a crossing, nil when there is none.
func about(list []*Finding, c *Crossing) *Finding {
	x := Flow{Protocol: c.Protocol, Transport: c.Transport, Port: c.Port, ByPort: c.ByPort}
	i := slices.IndexFunc(list, func(f *Finding) bool { return f.services[x.service()] })
	if i < 0 {
		return nil
	}
	return list[i]
}

// number is empty for none.
func number(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// cell keeps text that begins like a formula from being one.
func cell(s string) string {
	s = clean(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}
