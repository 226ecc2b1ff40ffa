package page

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
)

// attribute is a value that nodes or edges of the graph have.
type attribute struct{ id, of, name, kind string }

var attributes = []attribute{
	{"n0", "node", "label", "string"}, {"n1", "node", "role", "string"}, {"n2", "node", "surety", "string"}, {"n3", "node", "own", "boolean"}, {"n4", "node", "addresses", "string"},
	{"n5", "node", "vendor", "string"}, {"n6", "node", "os", "string"}, {"n7", "node", "provider", "string"}, {"n8", "node", "rests_on", "string"}, {"n9", "node", "stops", "int"}, {"n10", "node", "clients", "int"},
	{"e0", "edge", "kind", "string"}, {"e1", "edge", "service", "string"}, {"e2", "edge", "port", "string"}, {"e3", "edge", "needed", "boolean"}, {"e4", "edge", "days", "int"}, {"e5", "edge", "count", "long"}, {"e6", "edge", "access", "string"},
}

// GraphML writes the dependencies as a directed graph: an edge leads from a
// client to the server that it uses (http://graphml.graphdrawing.org).
func (r *Report) GraphML(w io.Writer) error {
	x := &xmlWriter{w: w}
	x.f("%s", xml.Header+`<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">`+"\n")
	for _, a := range attributes {
		x.f(` <key id="%s" for="%s" attr.name="%s" attr.type="%s"/>`+"\n", a.id, a.of, a.name, a.kind)
	}
	x.f("%s", ` <graph id="assets" edgedefault="directed">`+"\n")
	impact := r.impacts()
	for i, a := range r.Assets {
		surety, os := "", ""
		if len(a.Roles) > 0 {
			surety = a.Roles[0].Surety.String()
		}
		if s := a.OS(); s != nil {
			os = called(s)
		}
		var addresses []string
		for _, addr := range a.Addresses {
			addresses = append(addresses, addr.String())
		}
		im := impact[i]
		x.f(`  <node id="a%d">`, i)
		x.data("n", a.Name(), a.Role(), surety, strconv.FormatBool(a.Own), join(addresses), a.Vendor, os, a.Provider(), a.RestsOn, strconv.Itoa(im.Stops), strconv.Itoa(im.Clients))
		x.f("%s", "</node>\n")
	}
	for i := range r.Edges {
		e := &r.Edges[i]
		x.f(`  <edge id="d%d" source="a%d" target="a%d">`, i, e.From, e.To)
		x.data("e", string(e.Kind), e.Name, fmt.Sprintf("%s/%d", e.Proto, e.Port), strconv.FormatBool(e.Needed), strconv.Itoa(e.Days), strconv.FormatInt(e.Count, 10), e.Access)
		x.f("%s", "</edge>\n")
	}
	x.f("%s", " </graph>\n</graphml>\n")
	return x.err
}

// xmlWriter writes until the first error.
type xmlWriter struct {
	w   io.Writer
	err error
}

func (x *xmlWriter) f(format string, args ...any) {
	if x.err == nil {
		_, x.err = fmt.Fprintf(x.w, format, args...)
	}
}

// data writes the values of the attributes whose ids begin with prefix, in
// their order; empty ones are left out.
func (x *xmlWriter) data(prefix string, values ...string) {
	for i, v := range values {
		if v == "" {
			continue
		}
		x.f(`<data key="%s%d">`, prefix, i)
		if x.err == nil {
			x.err = xml.EscapeText(x.w, []byte(v))
		}
		x.f("%s", "</data>")
	}
}
