package baseline

// Summary says what a memory holds and what it could not.
type Summary struct {
	Hunts       int            `json:"hunts"`
	First       string         `json:"first_day"` // on which anything was learned
	Last        string         `json:"last_day"`
	Days        int            `json:"days"` // on which anything was learned
	Subjects    int            `json:"subjects"`
	Pairs       int            `json:"pairs"`
	Values      int            `json:"values"`
	Of          map[string]int `json:"subjects_by_kind"` // about how many subjects had a value, by kind
	Evidence    int            `json:"evidence"`         // files learned from, of which is known
	Suspects    int            `json:"suspects"`
	Bytes       int64          `json:"bytes"`
	Budget      int64          `json:"budget"`
	Forgotten   uint64         `json:"forgotten"`        // pairs, values and subjects that did not fit
	Horizon     int            `json:"horizon_days"`     // 99.9 % of them were last seen longer before than this
	OldEvidence uint64         `json:"forgotten_files"`  // files whose hashes did not fit
	OldSuspects uint64         `json:"forgotten_claims"` // claims that did not fit
	FalseKnown  float64        `json:"false_known"`      // share of new pairs that are taken for known, because their hashes are alike
}

// Totals is the summary of m.
func (m *Memory) Totals() Summary {
	s := Summary{
		Hunts: int(m.hunts), Subjects: len(m.lives), Pairs: m.pairs.len(), Values: m.values.len(), Of: map[string]int{},
		Evidence: len(m.evidence.list), Suspects: len(m.suspects), Bytes: m.Size(), Budget: m.budget,
		Forgotten: m.pairs.forgot + m.values.forgot + m.dead, OldEvidence: m.evidence.lost, OldSuspects: m.lost,
	}
	s.FalseKnown = float64(s.Pairs) / (1 << 48)
	var first Day
	s.Days, first = m.days.before(1<<16 - 1)
	s.First, s.Last = first.String(), m.days.last().String()
	for _, k := range Kinds() {
		if n := m.subjects[k].count(); n > 0 {
			s.Of[k.String()] = n
		}
	}
	s.Horizon = m.horizon()
	return s
}

// horizon is an age in days: of all that was forgotten, one in a thousand at
// most was last seen less long before.
func (m *Memory) horizon() int {
	var ages [17]uint64
	all := uint64(0)
	for _, t := range []*table{m.pairs, m.values} {
		for i, n := range t.forgets {
			ages[i] += n
			all += n
		}
	}
	young := uint64(0)
	for i, n := range ages {
		young += n
		if young*1000 > all {
			return 1 << i >> 1 // ages of bit length i begin here
		}
	}
	return 0
}
