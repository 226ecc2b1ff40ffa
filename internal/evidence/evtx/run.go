package evtx

import "longwatch/internal/wire"

// run writes a program with the values of its instance.
func (d *decoder) run(p program, values []slot) error {
	b := &d.build
	for i := p.from; i < p.to; {
		if d.steps++; d.steps > d.maxSteps || len(b.text) > d.maxText {
			return errBudget
		}
		o := &d.ops[i] // not valid any more once a template was compiled
		i++
		switch o.kind {
		case opBlock:
			end := int(o.skip)
			if leftOut(o, values, b) {
				i = end
				continue
			}
			if !b.start(name{o.text, o.code}) {
				return errNesting
			}
			if err := d.runBlock(program{i + 1, end - 1}, values); err != nil {
				return err
			}
			b.end()
			i = end
		case opStart, opHollow, opPhrase, opValued:
			if leftOut(o, values, b) {
				i = int(o.skip)
				continue
			}
			if !b.start(name{o.text, o.code}) {
				return errNesting
			}
		case opEmpty:
			end := int(o.skip)
			if leftOut(o, values, b) {
				i = end
				continue
			}
			if b.frames[b.depth].state == inSystem {
				d.runSystemAttrs(o.code, program{i, end}, values)
				i = end
				continue
			}
			if !b.start(name{o.text, o.code}) {
				return errNesting
			}
			if err := d.run(program{i, end}, values); err != nil {
				return err
			}
			b.end()
			i = end
		case opAttr:
			b.startAttr(name{o.text, o.code})
		case opAttrSub:
			b.startAttr(name{o.text, o.code})
			if int(o.sub) < len(values) {
				b.attrValue(values[o.sub].of(d.chunk))
			}
		case opAttrText:
			b.startAttr(name{o.text, o.code})
			b.attrLiteral(o.elem)
		case opContent:
			b.endAttr()
		case opEnd:
			b.end()
		case opText:
			b.literal(o.text)
		case opSub:
			if err := d.substitute(o.sub, values); err != nil {
				return err
			}
		case opInstance:
			c := wire.At(d.chunk)
			c.Seek(int(o.sub))
			if err := d.runInstance(&c); err != nil {
				return err
			}
		case opLeaf, opNamed:
			if leftOut(o, values, b) {
				continue
			}
			if err := d.runElement(o, values); err != nil {
				return err
			}
		}
	}
	return nil
}

// runBlock writes what is inside System or EventData: the most frequent kinds of
// elements at once, others as anywhere.
func (d *decoder) runBlock(p program, values []slot) error {
	b := &d.build
	state := b.frames[b.depth].state
	for i := p.from; i < p.to; {
		if d.steps++; d.steps > d.maxSteps || len(b.text) > d.maxText {
			return errBudget
		}
		o := &d.ops[i]
		next := i + 1
		switch {
		case o.kind == opNamed || o.kind == opLeaf:
			if leftOut(o, values, b) {
				break
			}
			if state == inData && int(o.sub) < len(values) && values[o.sub].plain() && (o.kind == opLeaf || o.code == nameData) {
				b.frames[b.depth].children = true
				b.leaf(o.text, values[o.sub].of(d.chunk))
				break
			}
			if err := d.runElement(o, values); err != nil {
				return err
			}
		case o.kind == opEmpty && state == inSystem:
			next = int(o.skip)
			if !leftOut(o, values, b) {
				d.runSystemAttrs(o.code, program{i + 1, next}, values)
			}
		case o.kind == opHollow && state == inSystem:
			next = int(o.skip)
		case o.kind == opPhrase && state == inSystem && !leftOut(o, values, b):
			next = int(o.skip)
			d.systemText(o.code, value{}, d.ops[i+2].text)
		case o.kind == opValued && state == inSystem && int(o.sub) < len(values) && values[o.sub].plain() && !leftOut(o, values, b):
			next = int(o.skip)
			d.runSystemAttrs(o.code, program{i + 1, next - 3}, values)
			if !b.system(o.code, values[o.sub].of(d.chunk)) {
				d.systemText(o.code, values[o.sub].of(d.chunk), "")
			}
		default:
			if o.skip != 0 {
				next = int(o.skip)
			}
			if err := d.run(program{i, next}, values); err != nil {
				return err
			}
		}
		i = next
	}
	return nil
}

// systemText sets what an element of System says by a value's text, or by a
// literal one.
func (d *decoder) systemText(elem nameCode, v value, literal string) {
	b := &d.build
	from := len(b.text)
	b.text = append(v.append(b.text), literal...)
	b.systemText(elem, b.text[from:])
	b.text = b.text[:from]
}

// runSystemAttrs writes an element of System that has attributes only.
func (d *decoder) runSystemAttrs(elem nameCode, attrs program, values []slot) {
	b := &d.build
	b.frames[b.depth].children = true
	d.steps += attrs.to - attrs.from
	for i := attrs.from; i < attrs.to; i++ {
		o := &d.ops[i]
		from := len(b.text)
		b.attr = name{o.text, o.code}
		switch {
		case o.kind == opAttrText && elem == nameProvider:
			b.provider(o.elem)
			continue
		case o.kind == opAttrText:
			b.text = append(b.text, o.elem...)
		case int(o.sub) >= len(values):
			continue
		default:
			v := values[o.sub].of(d.chunk)
			if v.typ == typeNull || b.systemAttr(elem, v) {
				continue
			}
			b.text = v.append(b.text)
		}
		if elem == nameCorrelation {
			b.correlation(b.since(from))
			continue
		}
		b.systemAttrText(elem, o.elem, b.text[from:])
		b.text = b.text[:from]
	}
}

// leftOut tells whether an element does not appear because the value that it
// depends on is null (MS-EVEN6 2.2.12). The root always appears.
func leftOut(o *op, values []slot, b *builder) bool {
	return o.dep != noDependency && int(o.dep) < len(values) && values[o.dep].typ == typeNull && b.depth > 0
}

// substitute writes value number sub where the program stands. A number that
// the instance has no value for writes nothing.
func (d *decoder) substitute(sub uint32, values []slot) error {
	if int(sub) >= len(values) {
		return nil
	}
	s := values[sub]
	switch {
	case s.typ == typeBinXML:
		return d.runNested(s)
	case s.typ&typeArray != 0:
		d.steps += d.build.array(s.of(d.chunk))
	default:
		d.build.value(s.of(d.chunk))
	}
	return nil
}

// runElement writes an element that holds one value; the operation's text is its
// own name, or that of the Name attribute. Where it has no other meaning, that
// is done at once.
func (d *decoder) runElement(o *op, values []slot) error {
	b := &d.build
	var s slot
	if int(o.sub) < len(values) {
		s = values[o.sub]
	}
	if s.plain() {
		switch parent := &b.frames[b.depth]; parent.state {
		case inSystem:
			if o.kind == opLeaf && b.system(o.code, s.of(d.chunk)) {
				parent.children = true
				return nil
			}
		case inData, inLeaf, inWrapper:
			if o.kind == opLeaf || o.code == nameData {
				b.leaf(o.text, s.of(d.chunk))
				parent.children = true
				return nil
			}
		}
	}
	elem := name{o.text, o.code}
	if o.kind == opNamed {
		elem.text = o.elem
	}
	sub := o.sub
	attr, named := o.text, o.kind == opNamed
	if !b.start(elem) {
		return errNesting
	}
	if named {
		b.startAttr(name{"Name", nameName})
		b.literal(attr)
		b.endAttr()
	}
	if err := d.substitute(sub, values); err != nil {
		return err
	}
	b.end()
	return nil
}
