package dcerpc

import (
	"bytes"
	"slices"
	"strings"

	"longwatch/internal/wire"
)

const (
	// orpcThis is the size of ORPCTHIS without extensions (MS-DCOM section
	// 2.2.13.3), which begins every call on an object.
	orpcThis = 32
	// maxProperties bounds the properties of an activation; seven are defined.
	maxProperties = 16
	maxBindings   = 8
	maxBSTR       = 8 << 10 // characters
)

// this passes over ORPCTHIS. It is false when there are extensions.
func this(n *ndr) bool {
	n.c.Skip(orpcThis - 4)
	return !n.pointer() && n.c.OK()
}

func afterThis(next func(*ndr) []string) func(*ndr) []string {
	return func(n *ndr) []string {
		if !this(n) {
			return nil
		}
		return next(n)
	}
}

// bstrText reads a BSTR: a FLAGGED_WORD_BLOB behind a pointer (MS-OAUT 2.2.23).
func bstrText(n *ndr) string {
	if !n.pointer() {
		return ""
	}
	n.size()
	n.u32()
	chars := n.u32()
	if chars > maxBSTR {
		return ""
	}
	return wire.UTF16(n.c.Take(2 * int(chars)))
}

func bstr(n *ndr) []string     { return []string{bstrText(n)} }
func twoBSTRs(n *ndr) []string { return []string{bstrText(n), bstrText(n)} }

// execMethod is object, method, and of Win32_Process.Create the command (MS-WMI
// section 3.1.4.3.22). The parameters are an object (MS-WMIO) whose texts stand
// behind the name of its class; the first is the command.
func execMethod(n *ndr) []string {
	if !this(n) {
		return nil
	}
	out := twoBSTRs(n)
	rest := n.c.Rest()
	class := []byte("__PARAMETERS\x00")
	if at := bytes.LastIndex(rest, class); at >= 0 && strings.EqualFold(out[1], "Create") {
		c := wire.At(rest[at+len(class):])
		if c.U8() == 0 { // a text of bytes
			command, _, _ := bytes.Cut(c.Rest(), []byte{0})
			out = append(out, strings.ToValidUTF8(string(command[:min(len(command), maxArgument)]), "\uFFFD"))
		}
	}
	return out
}

// activatedClass is the class that RemoteActivation makes an object of.
func activatedClass(n *ndr) []string {
	if !this(n) {
		return nil
	}
	return classText(n.c.Take(16))
}

func classText(b []byte) []string {
	if len(b) != 16 {
		return nil
	}
	little := pdu{little: true}
	return []string{little.uuidText(b)}
}

// instantiation is CLSID_InstantiationInfo as it lies on the wire.
var instantiation = []byte{0xab, 1, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46}

// instantiated is the class that an activation makes an object of (MS-DCOM
// sections 2.2.22 to 2.2.22.2.1): the custom header names the properties by
// class and tells their sizes, and the property of instantiation begins, behind
// the head of its serialization, with the class.
func instantiated(n *ndr) []string {
	at := bytes.Index(n.c.Rest(), []byte("MEOW"))
	if at < 0 {
		return nil
	}
	const objref, serialized = 24 + 24, 16
	c := wire.At(n.c.Rest()[at:])
	c.Skip(objref + 8) // up to the blob, and its size
	header := c
	c.Skip(serialized + 4)
	size := int(c.L32())
	c.Skip(8)
	count := min(int(c.L32()), maxProperties)
	c.Skip(16 + 12 + 4) // class of the caller, three pointers, number of classes
	classes := c.Take(16 * count)
	c.Skip(4)
	header.Skip(size)
	for i := range count {
		length := int(c.L32())
		property := header.Take(length)
		if !c.OK() || !header.OK() {
			return nil
		}
		if bytes.Equal(classes[16*i:16*i+16], instantiation) && len(property) >= serialized+16 {
			return classText(property[serialized : serialized+16])
		}
	}
	return nil
}

// bindings finds the TCP ports of string bindings in an answer (MS-DCOM section
// 2.2.19.3): "host[port]" in UTF-16.
func bindings(stub []byte) (out []string) {
	for len(stub) > 0 && len(out) < maxBindings {
		at := bytes.Index(stub, []byte("[\x00"))
		if at < 0 {
			break
		}
		stub = stub[at+2:]
		digits := 0
		for digits < 5 && 2*digits+3 < len(stub) && stub[2*digits] >= '0' && stub[2*digits] <= '9' && stub[2*digits+1] == 0 {
			digits++
		}
		if digits == 0 || len(stub) < 2*digits+2 || stub[2*digits] != ']' || stub[2*digits+1] != 0 {
			continue
		}
		if b := "ncacn_ip_tcp[" + wire.UTF16(stub[:2*digits]) + "]"; !slices.Contains(out, b) {
			out = append(out, b)
		}
	}
	return out
}
