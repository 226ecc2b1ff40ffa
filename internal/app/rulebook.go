package app

import "longwatch/internal/casefolder"

// CheckRules compiles rules and says which cannot be used.
func CheckRules(o RuleOptions) ([]casefolder.RuleSet, error) {
	s, err := compileRules(o)
	if err != nil {
		return nil, err
	}
	return s.sets()[1:], nil // the first set is the built-in one
}
