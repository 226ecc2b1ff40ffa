package syslog

import (
	"strconv"
	"strings"
	"time"

	"longwatch/internal/appliance"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// maxPairs bounds the key=value pairs of one message.
const maxPairs = 256

// parse5424 reads what follows "<pri>1 " (RFC 5424 section 6).
func parse5424(s *host.Syslog, rest string) bool {
	var head [5]string
	for i := range head {
		var ok bool
		if head[i], rest, ok = strings.Cut(rest, " "); !ok {
			return false
		}
		if head[i] == "-" {
			head[i] = ""
		}
	}
	t, err := time.Parse(time.RFC3339Nano, head[0])
	if err != nil {
		return false
	}
	s.TS = record.TimeOf(t)
	s.Host, s.App, s.PID, s.Code = strings.ToLower(head[1]), head[2], head[3], head[4]
	if strings.HasPrefix(rest, "-") {
		rest = rest[1:]
	} else if rest, err = structured(s, rest); err != nil {
		return false
	}
	s.Message = strings.TrimPrefix(strings.TrimPrefix(rest, " "), "\ufeff")
	if s.Fields == nil {
		s.Fields = keyValues(s.Message, 4)
	}
	return true
}

// structured reads the SD-ELEMENTs (RFC 5424 section 6.3) into Fields.
func structured(s *host.Syslog, rest string) (string, error) {
	for strings.HasPrefix(rest, "[") {
		i := strings.IndexAny(rest, " ]")
		if i < 0 {
			return rest, strconv.ErrSyntax
		}
		rest = rest[i:]
		for strings.HasPrefix(rest, " ") {
			name, after, ok := strings.Cut(rest[1:], `="`)
			if !ok {
				return rest, strconv.ErrSyntax
			}
			value, after, ok := untilQuote(after)
			if !ok || len(s.Fields) == maxPairs {
				return rest, strconv.ErrSyntax
			}
			s.Fields = append(s.Fields, record.KV{Name: name, Value: value})
			rest = after
		}
		if !strings.HasPrefix(rest, "]") {
			return rest, strconv.ErrSyntax
		}
		rest = rest[1:]
	}
	return rest, nil
}

// untilQuote reads up to an unescaped quote.
func untilQuote(s string) (value, rest string, ok bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\]`, `]`).Replace(s[:i]), s[i+1:], true
		}
	}
	return "", s, false
}

// keyValues reads key=value and key="value" pairs; nil when there are fewer
// than least.
func keyValues(s string, least int) []record.KV {
	if strings.Count(s, "=") < least {
		return nil
	}
	var out []record.KV
	for s != "" && len(out) < maxPairs {
		s = strings.TrimLeft(s, " ,\t")
		eq := strings.IndexByte(s, '=')
		if eq <= 0 {
			break
		}
		name := s[:eq]
		if i := strings.LastIndexAny(name, " ,\t"); i >= 0 {
			name = name[i+1:] // words before a key are not part of it
		}
		s = s[eq+1:]
		var value string
		if strings.HasPrefix(s, `"`) {
			v, rest, ok := untilQuote(s[1:])
			if !ok {
				break
			}
			value, s = v, rest
		} else {
			end := strings.IndexAny(s, " ,\t")
			if end < 0 {
				end = len(s)
			}
			value, s = s[:end], s[end:]
		}
		if name != "" {
			out = append(out, record.KV{Name: name, Value: value})
		}
	}
	if len(out) < least {
		return nil
	}
	return out
}

// pairsOnly reads a message that is all key=value, as FortiGate and others send
// it. It must say its time.
func pairsOnly(s *host.Syslog, text string) bool {
	s.Message, s.Fields = text, keyValues(text, 4)
	return appliance.PairsHead(s)
}
