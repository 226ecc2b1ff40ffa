package syntax

// File is what one source says, without what it includes.
type File struct {
	Name     string
	Imports  []Import
	Includes []Include
	Rules    []*Rule
	Errors   []Error // rules that could not be read, in order
}

// Import is a module that the file asks for.
type Import struct {
	Name string
	Line int
}

// Include is another file whose rules come before the Nth own rule.
type Include struct {
	Path  string
	Line  int
	Order int // how many own rules stand before it
}

// Error says why a rule, or what is left of a file, cannot be used.
type Error struct {
	Line int
	Rule string // empty outside of rules
	Why  string
}

// Rule is one rule as written.
type Rule struct {
	Name            string
	Line            int
	Global, Private bool
	Tags            []string
	Meta            []Meta
	Strings         []*String
	Condition       Expr
}

// Meta is one line of the meta section. Exactly one of Text and Number speaks:
// numbers and truth values have Quoted false.
type Meta struct {
	Name   string
	Text   string // as written, without quotes and escapes
	Quoted bool
}

// Kind tells how the value of a string is written.
type Kind uint8

// The kinds of strings.
const (
	Text  Kind = iota // "…"
	Hex               // { … }
	Regex             // /…/
)

// String is one line of the strings section.
type String struct {
	Name string // with its $; "$" alone for anonymous strings
	Line int
	Kind Kind
	// Value is the text, the regular expression without slashes, or the hex
	// string without braces.
	Value  string
	Flags  Flags
	XorMin uint8
	XorMax uint8
	// Alphabet of base64; empty: the usual one.
	Alphabet string
}

// Flags are the modifiers of a string.
type Flags uint16

// The modifiers.
const (
	NoCase Flags = 1 << iota
	ASCII
	Wide
	FullWord
	Xor
	Base64
	Base64Wide
	Private
	DotAll // the s after a regular expression
)

// Has tells whether any of g is set.
func (f Flags) Has(g Flags) bool { return f&g != 0 }

// Expr is a node of a condition.
type Expr interface{ line() int }

// At is the line where an expression starts.
type At int

func (a At) line() int { return int(a) }

// Line returns where x starts.
func Line(x Expr) int { return x.line() }

// The expressions.
type (
	// Int is a number.
	Int struct {
		At
		V int64
	}
	// Float is a number with a fraction.
	Float struct {
		At
		V float64
	}
	// Bool is true or false.
	Bool struct {
		At
		V bool
	}
	// Quote is a text in a condition.
	Quote struct {
		At
		V string
	}
	// Pattern is a regular expression in a condition.
	Pattern struct {
		At
		Src            string
		NoCase, DotAll bool
	}
	// Keyword is filesize or entrypoint.
	Keyword struct {
		At
		Name string
	}
	// Read is intXX and its kin.
	Read struct {
		At
		Bytes       int
		Signed, Big bool
		Offset      Expr
	}
	// Found is $name, perhaps at an offset or in a range.
	Found struct {
		At
		Name   string
		Offset Expr // may be nil
		In     *Range
	}
	// Count is #name, perhaps in a range.
	Count struct {
		At
		Name string
		In   *Range
	}
	// Offset is @name[index]; Length is !name[index]. Index may be nil.
	Offset struct {
		At
		Name   string
		Length bool
		Index  Expr
	}
	// Ident is a name: rule, variable of a loop, external variable, module.
	Ident struct {
		At
		Name string
	}
	// Field is X.Name.
	Field struct {
		At
		X    Expr
		Name string
	}
	// Index is X[I].
	Index struct {
		At
		X, I Expr
	}
	// Call is X(Args).
	Call struct {
		At
		X    Expr
		Args []Expr
	}
	// Unary is - or ~, not or defined.
	Unary struct {
		At
		Op string
		X  Expr
	}
	// Binary is any operator between two, and and or included.
	Binary struct {
		At
		Op   string
		X, Y Expr
	}
	// Of is "N of set", perhaps in a range or at an offset.
	Of struct {
		At
		N      Quantity
		Set    Set
		In     *Range
		Offset Expr
	}
	// ForOf is "for N of set : (body)".
	ForOf struct {
		At
		N    Quantity
		Set  Set
		Body Expr
	}
	// ForIn is "for N vars in iterator : (body)".
	ForIn struct {
		At
		N    Quantity
		Vars []string
		// Exactly one of these is set.
		Range *Range
		List  []Expr
		Over  Expr
		Body  Expr
	}
)

// Quantity is what stands before "of": a word, a number or a percentage.
type Quantity struct {
	Word    string // all, any, none or empty
	X       Expr   // when Word is empty
	Percent bool
}

// Set is what stands after "of": strings, or rules.
type Set struct {
	Them  bool
	Items []Item
}

// Item is one name of a set; Wild when a star follows it. Names of strings
// start with $.
type Item struct {
	Name string
	Wild bool
	Line int
}

// Range is (Lo..Hi).
type Range struct{ Lo, Hi Expr }
