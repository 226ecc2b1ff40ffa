package share

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/casefolder"
	"longwatch/internal/record"
	"longwatch/internal/stix"
)

// Bounds of private questions.
const (
	MinKey       = 16 // bytes of the common key
	maxQuestion  = 16 << 20
	maxQuestions = 100_000
)

// ErrQuestion is wrapped when a question or its key cannot be used.
var ErrQuestion = errors.New("not a question that can be answered")

// Question asks whether somebody has seen values, without naming them to those
// who do not hold the key: each is HMAC-SHA-256 of its kind and value.
type Question struct {
	Version int      `json:"longwatch_question"`
	Key     string   `json:"key_check"` // tells a wrong key from a value not seen
	Tokens  []string `json:"tokens"`
}

// Answer says what of a question was seen: for each token the days.
type Answer struct {
	Version int    `json:"longwatch_answer"`
	Key     string `json:"key_check"`
	Asked   int    `json:"asked"`
	Seen    []Seen `json:"seen"`
}

// Seen is one value that was seen.
type Seen struct {
	Token string `json:"token"`
	First string `json:"first_day,omitempty"` // days only: an hour may give away a host
	Last  string `json:"last_day,omitempty"`
}

// token is what stands for a value.
func token(key []byte, kind, value string) string {
	m := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(m, "%s\x00%s", kind, value)
	return hex.EncodeToString(m.Sum(nil))
}

func check(key []byte) string { return token(key, "longwatch", "key")[:16] }

// comparable values: the same thing, however somebody writes it.
func plain(kind, value string) (string, string) {
	value = strings.ToLower(strings.TrimSpace(value))
	switch kind {
	case "address":
		if a, err := netip.ParseAddr(value); err == nil {
			return kind, a.Unmap().WithZone("").String()
		}
	case "domain", "host":
		return "domain", strings.Trim(value, ".")
	case "hash", "certificate":
		return "hash", strings.ReplaceAll(value, ":", "")
	case "process":
		return "file", value[strings.LastIndexAny(value, `/\`)+1:]
	case "file":
		return "file", value[strings.LastIndexAny(value, `/\`)+1:]
	}
	return kind, value
}

// kindOf guesses what a value is.
func kindOf(value string) string {
	v := strings.ReplaceAll(value, ":", "")
	switch {
	case strings.Contains(value, "://"):
		return "url"
	case stix.HashName(v) != "":
		return "hash"
	case strings.Contains(value, "@"):
		return "email"
	case strings.ContainsAny(value, `/\`):
		return "file"
	}
	if _, err := netip.ParseAddr(value); err == nil {
		return "address"
	}
	if domainName(value) && strings.Contains(value, ".") {
		return "domain"
	}
	return "file"
}

// Ask makes a question of values.
func Ask(key []byte, values []string) (*Question, error) {
	if len(key) < MinKey {
		return nil, fmt.Errorf("%w: the key has %d bytes, at least %d are needed", ErrQuestion, len(key), MinKey)
	}
	q := &Question{Version: 1, Key: check(key), Tokens: []string{}}
	for _, v := range values {
		kind, value := plain(kindOf(strings.TrimSpace(v)), v)
		if value == "" {
			continue
		}
		q.Tokens = append(q.Tokens, token(key, kind, value))
		if kind == "domain" { // a name without a place may be a file's
			q.Tokens = append(q.Tokens, token(key, "file", value))
		}
	}
	slices.Sort(q.Tokens) // their order would say which belongs to which
	q.Tokens = slices.Compact(q.Tokens)
	return q, nil
}

// ReadQuestion reads a question that somebody sent.
func ReadQuestion(r io.Reader) (*Question, error) {
	var q Question
	if err := json.NewDecoder(io.LimitReader(r, maxQuestion)).Decode(&q); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrQuestion, err)
	}
	if q.Version != 1 || len(q.Tokens) > maxQuestions {
		return nil, fmt.Errorf("%w: version %d with %d values; version 1 with at most %d are understood", ErrQuestion, q.Version, len(q.Tokens), maxQuestions)
	}
	return &q, nil
}

// Reply answers a question from the entities of a case: what was seen and on
// which days, nothing else.
func Reply(key []byte, q *Question, c *casefolder.Case) (*Answer, error) {
	if len(key) < MinKey || q.Key != check(key) {
		return nil, fmt.Errorf("%w: it was asked with another key", ErrQuestion)
	}
	asked := map[string]bool{}
	for _, t := range q.Tokens {
		asked[t] = true
	}
	spans := map[string]*record.Span{}
	for _, f := range c.Findings {
		for _, e := range f.Entities {
			kind, value := plain(e.Kind, e.Value)
			t := token(key, kind, value)
			if !asked[t] {
				continue
			}
			if spans[t] == nil {
				spans[t] = &record.Span{}
			}
			spans[t].Grow(f.Start)
			spans[t].Grow(f.End)
		}
	}
	a := &Answer{Version: 1, Key: q.Key, Asked: len(q.Tokens), Seen: []Seen{}}
	for t, s := range spans {
		seen := Seen{Token: t}
		if s.Start != 0 {
			seen.First, seen.Last = s.Start.Std().UTC().Format("2006-01-02"), s.End.Std().UTC().Format("2006-01-02")
		}
		a.Seen = append(a.Seen, seen)
	}
	slices.SortFunc(a.Seen, func(x, y Seen) int { return cmp.Compare(x.Token, y.Token) })
	return a, nil
}

// Join adds what another case has seen.
func (a *Answer) Join(other *Answer) {
	for _, s := range other.Seen {
		i := slices.IndexFunc(a.Seen, func(x Seen) bool { return x.Token == s.Token })
		if i < 0 {
			a.Seen = append(a.Seen, s)
			continue
		}
		mine := &a.Seen[i]
		if s.First != "" && (mine.First == "" || s.First < mine.First) {
			mine.First = s.First
		}
		mine.Last = max(mine.Last, s.Last)
	}
}

// Meaning says which of the values that were asked an answer speaks of.
func Meaning(key []byte, values []string, a *Answer) map[string]Seen {
	out := map[string]Seen{}
	for _, v := range values {
		kind, value := plain(kindOf(strings.TrimSpace(v)), v)
		for _, s := range a.Seen {
			if s.Token == token(key, kind, value) || s.Token == token(key, "file", value) {
				out[v] = s
			}
		}
	}
	return out
}
