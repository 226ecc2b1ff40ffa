package object

import (
	"encoding/json"
	"errors"
	"fmt"
)

// properties reads the properties of a JSON object. Two of one name are
// refused: readers disagree about which of them counts. The values are parts
// of b.
func properties(b []byte) (map[string]json.RawMessage, error) {
	if !json.Valid(b) {
		return nil, ErrJSON
	}
	i := space(b, 0)
	if b[i] != '{' {
		return nil, errors.New("object: not a JSON object")
	}
	out := make(map[string]json.RawMessage, 16)
	for i = space(b, i+1); b[i] != '}'; {
		end := value(b, i)
		key := text(b[i:end])
		i = space(b, space(b, end)+1) // the colon
		end = value(b, i)
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("object: %.40q is there twice", key)
		}
		if out[key] = b[i:end:end]; len(out) > maxKeys {
			return nil, fmt.Errorf("object: more than %d properties", maxKeys)
		}
		if i = space(b, end); b[i] == ',' {
			i = space(b, i+1)
		}
	}
	return out, nil
}

// space is where white space ends. Like value it trusts that b is JSON.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// value is where the value that begins at i ends.
func value(b []byte, i int) int {
	open, quoted := 0, false
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
			if !quoted && open == 0 {
				return i + 1
			}
		case quoted:
		case c == '{' || c == '[':
			open++
		case c == '}' || c == ']':
			if open == 0 { // a number or a word, and the end of what it stands in
				return i
			}
			if open--; open == 0 {
				return i + 1
			}
		case open == 0 && (c == ',' || c == ':' || c == ' ' || c == '\t' || c == '\n' || c == '\r'):
			return i
		}
	}
	return i
}

// text is a JSON string, or nothing.
func text(raw json.RawMessage) string {
	if len(raw) < 2 || raw[0] != '"' {
		return ""
	}
	if s := raw[1 : len(raw)-1]; plain(s) {
		return string(s)
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// plain says whether a JSON string stands for itself.
func plain(s []byte) bool {
	for _, c := range s {
		if c < ' ' || c > '~' || c == '\\' || c == '"' {
			return false
		}
	}
	return true
}
