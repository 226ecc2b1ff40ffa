package evtx

import "longwatch/internal/wire"

// run writes a program with the values of its instance.
func (d *decoder) run(p program, values []value) error {
	b := &d.build
	for i := p.from; i < p.to; {
		if d.steps++; d.steps > d.maxSteps || len(b.text) > d.maxText {
			return errBudget
		}
		o := &d.ops[i] // not valid any more once a template was compiled
		i++
		switch o.kind {
		case opStart:
			if leftOut(o, values, b) {
				i = int(o.skip)
				continue
			}
			if !b.start(name{o.text, o.code}) {
				return errNesting
			}
		case opAttr:
			b.startAttr(name{o.text, o.code})
		case opAttrSub:
			b.startAttr(name{o.text, o.code})
			if int(o.sub) < len(values) {
				b.attrValue(values[o.sub])
			}
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

// leftOut tells whether an element does not appear because the value that it
// depends on is null (MS-EVEN6 2.2.12). The root always appears.
func leftOut(o *op, values []value, b *builder) bool {
	return o.dep != noDependency && int(o.dep) < len(values) && values[o.dep].typ == typeNull && b.depth > 0
}

// substitute writes value number sub where the program stands. A number that
// the instance has no value for writes nothing.
func (d *decoder) substitute(sub uint32, values []value) error {
	if int(sub) >= len(values) {
		return nil
	}
	v := values[sub]
	switch {
	case v.typ == typeBinXML:
		return d.runNested(v)
	case v.typ&typeArray != 0:
		d.steps += d.build.array(v)
	default:
		d.build.value(v)
	}
	return nil
}

// runElement writes an element that holds one value.
func (d *decoder) runElement(o *op, values []value) error {
	b := &d.build
	var v value
	if int(o.sub) < len(values) {
		v = values[o.sub]
	}
	plain := v.typ != typeBinXML && v.typ&typeArray == 0
	elem := name{o.text, o.code}
	if o.kind == opNamed {
		elem.text = o.elem
	}
	if plain && b.leaf(elem, o, v) {
		return nil
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
