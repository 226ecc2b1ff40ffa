package report

// key is one line of the key of a drawing: a class of the style sheet, and what
// it stands for.
type key struct{ class, says string }

// key writes the key of a drawing in one row.
func (s *svg) key(y float64, keys ...key) {
	x := 34.0
	for _, k := range keys {
		s.f(`<rect class="%s" x="%.1f" y="%.1f" width="11" height="11"/><text class="tick" x="%.1f" y="%.1f">%s</text>`, k.class, x, y-10, x+16, y, esc(k.says))
		x += 16 + 6.6*float64(len(k.says)) + 22
	}
}

// dateRoom is how many pixels the label of a day takes.
const dateRoom = 92

// dates labels days below an axis: the first, the last, and between them as many
// as there is room for.
func (s *svg) dates(days int, left, step, y float64, date func(int) string) {
	if days == 0 {
		return
	}
	room := max(int(step*float64(days)/dateRoom), 1)
	for i, end := range ticks(days, room) {
		at, anchor := left+(float64(end)+0.5)*step, "middle"
		switch {
		case days == 1:
		case i == 0:
			at, anchor = max(at-30, left-20), "start"
		case end == days-1:
			at, anchor = min(at+30, left+step*float64(days)+4), "end"
		}
		s.f(`<text class="tick" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, at, y, anchor, esc(date(end)))
	}
}

// ticks are at most most of n places, the first and the last among them, as far
// apart from each other as can be.
func ticks(n, most int) []int {
	most = min(most, n)
	if most < 2 {
		return []int{n - 1}
	}
	out := make([]int, most)
	for i := range out {
		out[i] = i * (n - 1) / (most - 1)
	}
	return out
}

// halves are the values that an axis up to most names.
func halves(most int) []int {
	if most < 4 {
		return []int{most}
	}
	return []int{most / 2, most}
}
