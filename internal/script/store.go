package script

import "strings"

// assign follows an assignment and gives its value.
func (m *machine) assign(n *node) value {
	v := m.eval(n.kids[1])
	m.line = n.line
	target := n.kids[0]
	if target == nil {
		return v
	}
	if n.s != "=" && n.s != "??=" {
		old := m.peek(target)
		switch n.s {
		case ".=":
			v = m.concat(old, v)
		case "+=":
			v = m.concat(old, v)
		default:
			v = m.compound(n.s, old, v)
		}
	}
	m.store(target, v)
	return v
}

func (m *machine) compound(op string, old, v value) value {
	out := arithmetic(strings.TrimSuffix(op, "="), old, v)
	if op == "^=" {
		out.from |= decoded
	}
	return out
}

// peek reads a target without the side effects of reading it.
func (m *machine) peek(n *node) value {
	if n.op == opName {
		v, _ := m.get(n.s)
		return v
	}
	return m.eval(n)
}

// store puts v where target says.
func (m *machine) store(target *node, v value) {
	switch target.op {
	case opName:
		if len(m.inside) > 0 && m.d.basic && m.inside[len(m.inside)-1].s == target.s { // the result of a VB function
			m.results[m.inside[len(m.inside)-1]] = v
		}
		if strings.HasPrefix(v.typ, "?") && v.typ != "" {
			v.typ = v.typ[1:]
		}
		m.set(target.s, v)
	case opIndex:
		m.storeIndex(target, v)
	case opMember:
		m.storeMember(target, v)
	case opArray, opSeq: // list($a, $b) = …
		for i, k := range target.kids {
			if k == nil {
				continue
			}
			if k.op == opPair {
				k = k.kids[1]
			}
			if k != nil {
				m.store(k, v.at(num(i)))
			}
		}
	case opCall:
		if target.kids[0].op == opName && target.kids[0].s == "__var" {
			k := m.evals(target.kids[1:])
			if len(k) == 1 && k[0].known {
				m.set("$"+k[0].s, v)
			} else if v.from&input != 0 {
				m.unset = true
			}
			return
		}
		m.storeIndex(target, v) // VB: a(i) = v, Session("x") = v
	case opDyn:
		m.keep(".*", mix(v))
	default:
		m.eval(target)
	}
}

func (m *machine) storeIndex(target *node, v value) {
	base := target.kids[0]
	var key value
	if len(target.kids) > 1 {
		key = m.eval(target.kids[1])
	}
	if base.op == opName && (base.s == "$_SESSION" || base.s == "session" || base.s == "application") || base.op == opMember && base.s == "session" {
		m.keep("session."+key.s, v.with(fromSession))
		m.fact("session-set")
		return
	}
	if base.op == opName && base.s == "$GLOBALS" && key.known {
		m.globals["$"+key.s] = v
		return
	}
	old := m.peek(base)
	switch {
	case old.list != nil && len(target.kids) == 1:
		old.list.push(v)
	case old.list != nil && key.known:
		old.list.set(key.s, v)
	case old.list != nil:
		old.list.any |= v.all()
		old.list.rest |= v.all()
	case len(target.kids) == 1 || key.known && !old.known:
		l := newList()
		l.from, l.src = old.from, old.src
		if len(target.kids) == 1 {
			l.list.push(v)
		} else {
			l.list.set(key.s, v)
		}
		m.store(base, l)
	default:
		old.known, old.s = false, ""
		old.from |= v.all()
		if old.src == "" {
			old.src = v.src
		}
		m.store(base, old)
	}
}

func (m *machine) each(n *node) value {
	coll := m.eval(n.kids[0])
	for _, k := range n.kids[1:] {
		if k == nil {
			continue
		}
		v := value{from: coll.all(), src: coll.src, layer: coll.layer}
		if k.op == opPair {
			m.store(k.kids[0], v)
			k = k.kids[1]
		}
		if k != nil {
			m.maybe++
			m.store(k, v)
			m.maybe--
		}
	}
	return value{}
}

// count is v++ or v--: a letter becomes the next one, as in PHP; a number is
// not known any more, for it counts in a loop.
func (m *machine) count(n *node, v value) value {
	if n.kids[0] == nil || n.kids[0].op != opName {
		return value{from: v.from}
	}
	next := value{from: v.from &^ input}
	if len(v.s) == 1 && v.known && v.s[0] >= 'A' && n.s == "++" {
		next = value{known: true, s: string(rune(v.s[0] + 1)), from: v.from, layer: v.layer + 1}
	}
	m.set(n.kids[0].s, next)
	return v
}
