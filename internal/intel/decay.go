package intel

import (
	"math"
	"time"

	"longwatch/internal/record"
)

// halfLives say after how long without being seen an indicator of a kind is
// worth half: addresses change hands, digests do not. The figures follow what
// MISP's decaying models use for phishing and for network indicators
// (Mokaddem et al., "Taxonomy driven indicator scoring in MISP", 2019).
var halfLives = [kinds]time.Duration{
	Address: 30 * 24 * time.Hour, Subnet: 90 * 24 * time.Hour, Domain: 120 * 24 * time.Hour, URL: 60 * 24 * time.Hour, Email: 180 * 24 * time.Hour,
	UserAgent: 365 * 24 * time.Hour, JA3: 365 * 24 * time.Hour, JA4: 365 * 24 * time.Hour, HASSH: 365 * 24 * time.Hour, File: 365 * 24 * time.Hour,
}

// aged is the share of its confidence that an indicator keeps for an event at t:
// 1 while it is fresh, when it does not age, when its source gave a window, or
// when nobody said when it was seen.
func (i *Indicator) aged(t record.Time) float64 {
	half := halfLives[i.Kind]
	seen := max(i.Seen.End, i.Seen.Start)
	if half == 0 || seen == 0 || t == 0 || i.Until != 0 || t <= seen {
		return 1
	}
	return math.Exp2(-float64(t.Sub(seen)) / float64(half))
}
