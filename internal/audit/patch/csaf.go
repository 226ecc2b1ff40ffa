package patch

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// branch is a branch of the product tree of CSAF 2.0, section 3.2.2.
type branch struct {
	Category string   `json:"category"`
	Name     string   `json:"name"`
	Branches []branch `json:"branches"`
	Product  *struct {
		ID     string `json:"product_id"`
		Name   string `json:"name"`
		Helper struct {
			CPE string `json:"cpe"`
		} `json:"product_identification_helper"`
	} `json:"product"`
}

// member is a product of the tree, with what its branches say.
type member struct {
	vendor, product, version string
	isRange                  bool
}

const maxMembers = 1 << 18

// csaf reads a CSAF 2.0 document: which products are known to be affected, and
// which versions they are by the branches of the tree.
func csaf(b []byte) ([]Flaw, error) {
	var doc struct {
		Document struct {
			Version  string `json:"csaf_version"`
			Tracking struct {
				ID string `json:"id"`
			} `json:"tracking"`
			Publisher struct {
				Name string `json:"name"`
			} `json:"publisher"`
			References []struct {
				Category string `json:"category"`
				URL      string `json:"url"`
			} `json:"references"`
		} `json:"document"`
		Tree struct {
			Branches []branch `json:"branches"`
			Names    []struct {
				ID   string `json:"product_id"`
				Name string `json:"name"`
			} `json:"full_product_names"`
		} `json:"product_tree"`
		Vulnerabilities []struct {
			CVE    string `json:"cve"`
			Title  string `json:"title"`
			Status struct {
				Affected []string `json:"known_affected"`
				First    []string `json:"first_affected"`
				Last     []string `json:"last_affected"`
				Fixed    []string `json:"fixed"`
				FirstFix []string `json:"first_fixed"`
			} `json:"product_status"`
		} `json:"vulnerabilities"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("%w: %w", errAdvisory, err)
	}
	if !strings.HasPrefix(doc.Document.Version, "2.") {
		return nil, fmt.Errorf("%w: CSAF of version %q", errAdvisory, doc.Document.Version)
	}
	members := map[string]member{}
	for i := range doc.Tree.Branches {
		doc.Tree.Branches[i].walk(member{}, members, 0)
	}
	link := ""
	for _, r := range doc.Document.References {
		if strings.HasPrefix(r.URL, "https://") && (link == "" || r.Category == "self") {
			link = r.URL
		}
	}
	var c collector
	for _, v := range doc.Vulnerabilities {
		for _, id := range append(append(v.Status.Affected, v.Status.First...), v.Status.Last...) {
			m, ok := members[id]
			if !ok {
				continue
			}
			f := c.flaw(v.CVE, m.vendor, m.product)
			if f == nil {
				continue
			}
			f.source, f.Advisory = clip(doc.Document.Publisher.Name+" ("+doc.Document.Tracking.ID+")"), clip(link)
			f.Name = clip(v.Title)
			switch {
			case m.isRange:
				for _, r := range expressions(m.version) {
					f.add(r)
				}
			case m.version != "":
				f.version(m.version)
			}
		}
	}
	return c.list, nil
}

func clip(s string) string {
	if len(s) > maxWord {
		return strings.ToValidUTF8(s[:maxWord], "")
	}
	return s
}

func (x *branch) walk(m member, members map[string]member, depth int) {
	if depth > maxDepth || len(members) >= maxMembers {
		return
	}
	switch x.Category {
	case "vendor":
		m.vendor = x.Name
	case "product_name":
		m.product = x.Name
	case "product_version":
		m.version, m.isRange = x.Name, false
	case "product_version_range":
		m.version, m.isRange = x.Name, true
	}
	if x.Product != nil {
		p := m
		if vendor, product, version, ok := cpe(x.Product.Helper.CPE); ok {
			p.vendor, p.product = vendor, product
			if p.version == "" {
				p.version = version
			}
		}
		if p.product != "" && x.Product.ID != "" {
			members[x.Product.ID] = p
		}
	}
	for i := range x.Branches {
		x.Branches[i].walk(m, members, depth+1)
	}
}

var (
	versRange = regexp.MustCompile(`^vers:[a-z0-9.+-]+/(.+)$`)
	wordRange = regexp.MustCompile(`^(?:(?:from |>= ?)?([\w.()-]+)(?: ?(?:through|to|up to|-) ?| ?, ?| ?\| ?| ))?(<=|<|before|prior to|up to(?: and including)?|through)? ?([\w.()-]+)$`)
)

// expressions reads a range of versions: a vers-like specifier (vers:generic/
// >=1.2|<1.4), or the comparison that makers write (<1.4, >=1.2|<1.4, 1.2 <= 1.4).
// What is written otherwise gives none.
func expressions(s string) (out []Range) {
	s = strings.TrimSpace(s)
	if len(s) > 4*maxWord {
		return nil
	}
	if m := versRange.FindStringSubmatch(s); m != nil {
		return comparators(strings.Split(m[1], "|"))
	}
	if strings.HasPrefix(s, "<") || strings.HasPrefix(s, ">") {
		return comparators(strings.FieldsFunc(s, func(r rune) bool { return r == '|' || r == ',' || r == '&' }))
	}
	m := wordRange.FindStringSubmatch(strings.ToLower(s))
	if m == nil || m[2] == "" {
		return nil
	}
	r := Range{From: m[1]}
	switch m[2] {
	case "<", "before", "prior to":
		r.Fixed = m[3]
	default:
		r.Last = m[3]
	}
	return []Range{r}
}

// comparators pairs lower ends with the upper ends that follow them.
func comparators(list []string) (out []Range) {
	from := ""
	for _, s := range list {
		s = strings.TrimSpace(s)
		op := s[:len(s)-len(strings.TrimLeft(s, "<>=!"))]
		v := strings.TrimSpace(s[len(op):])
		switch op {
		case ">=", ">":
			from = v
		case "<":
			out, from = append(out, Range{From: from, Fixed: v}), ""
		case "<=":
			out, from = append(out, Range{From: from, Last: v}), ""
		case "", "=":
			if v != "" && v != "*" {
				out = append(out, Range{From: v, Last: v})
			}
		}
	}
	return out
}
