package campaign

// Weigh says how far a condition could be met, 0 to 1, when leaf says it of
// conditions without parts: of several that are all needed the least counts, of
// alternatives the most.
func (c *Condition) Weigh(leaf func(*Condition) float64) float64 {
	switch {
	case len(c.All) > 0:
		least := 1.0
		for i := range c.All {
			least = min(least, c.All[i].Weigh(leaf))
		}
		return least
	case len(c.Any) > 0:
		most := 0.0
		for i := range c.Any {
			most = max(most, c.Any[i].Weigh(leaf))
		}
		return most
	}
	return leaf(c)
}
