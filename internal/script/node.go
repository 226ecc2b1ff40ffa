package script

// op is the kind of a node of the common form: what statements and expressions
// of all the languages come down to.
type op uint8

const (
	opNone   op = iota
	opName      // s: the name, lower case; PHP and Perl variables as written, with their sigil
	opStr       // s: the literal
	opNum       // s: the number as written
	opCall      // kids: callee, arguments
	opNew       // s: type, lower case; kids: arguments, and members of an anonymous class
	opMember    // kids: object; s: member, lower case
	opDyn       // kids: object, expression that names the member ($o->$f)
	opIndex     // kids: collection and, but for a[], index
	opBin       // s: operator; kids: left, right
	opUn        // s: operator; kids: operand
	opAssign    // s: operator; kids: target, value
	opArray     // kids: values or opPair
	opPair      // kids: key, value
	opFunc      // s: name, "" when it has none; kids: opParam …, body
	opParam     // s: name
	opBlock     // kids: statements
	opMaybe     // kids: condition, then what may run
	opReturn    // kids: value
	opEcho      // kids: values written to the client
	opEach      // kids: collection, targets …: the head of a for-each
	opCond      // kids: condition, two values
	opCast      // s: type; kids: operand
	opShell     // kids: command text
	opClass     // s: name; kids: members
	opJoin      // kids: pieces of a string with expressions inside
	opSeq       // kids: several values where one stands, such as fields of a tag
)

type node struct {
	op   op
	s    string
	kids []*node
	line int32
	deep int32 // levels below
	web  bool  // of a function: clients call it with arguments of their own
}

// walk visits n and all below it; f returns false to stay above a node.
func (n *node) walk(f func(*node) bool) {
	if n == nil || !f(n) {
		return
	}
	for _, k := range n.kids {
		k.walk(f)
	}
}
