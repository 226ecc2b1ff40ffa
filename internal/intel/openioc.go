package intel

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/htmlindex"

	"longwatch/internal/finding"
)

// openIOC is what is read of OpenIOC 1.0 and 1.1
// (https://github.com/fireeye/OpenIOC_1.1).
type openIOC struct {
	ID          string       `xml:"id,attr"`
	Author      string       `xml:"authored_by"`
	Short       string       `xml:"short_description"`
	Description string       `xml:"description"`
	Meta        openIOCMeta  `xml:"metadata"`
	Definition  openIOCLogic `xml:"definition"`
	Criteria    openIOCLogic `xml:"criteria"`
	Inner       []openIOC    `xml:"ioc"`
	XMLName     xml.Name     `xml:""`
}

type openIOCMeta struct {
	Author      string `xml:"authored_by"`
	Short       string `xml:"short_description"`
	Description string `xml:"description"`
}

type openIOCLogic struct {
	Indicators []openIOCGroup `xml:"Indicator"`
}

type openIOCGroup struct {
	Operator string         `xml:"operator,attr"`
	Items    []openIOCItem  `xml:"IndicatorItem"`
	Groups   []openIOCGroup `xml:"Indicator"`
}

type openIOCItem struct {
	Condition string `xml:"condition,attr"`
	Negate    string `xml:"negate,attr"`
	Context   struct {
		Search string `xml:"search,attr"`
	} `xml:"Context"`
	Content string `xml:"Content"`
}

// openIOCKinds are the terms whose content is a value of ours, by their ending.
var openIOCKinds = []struct {
	ending string
	kind   Kind
}{
	{"/md5sum", Hash}, {"/sha1sum", Hash}, {"/sha256sum", Hash}, {"/filename", File}, {"/fullpath", File}, {"/filepath", File}, {"/remoteip", Address}, {"/localip", Address}, {"networkdns/ip", Address},
	{"portitem/remoteip", Address}, {"/dns", Domain}, {"/host", Domain}, {"dnsentryitem/recordname", Domain}, {"/hostname", Domain}, {"/url", URL}, {"urlhistoryitem/url", URL}, {"/uri", URL}, {"/useragent", UserAgent},
	{"/from", Email}, {"email/from", Email}, {"/username", User}, {"/signaturesha1", Certificate},
	{"registryitem/path", RegistryKey}, {"registryitem/keypath", RegistryKey}, {"handlelist/handle/name", Mutex}, {"processitem/arguments", CommandLine}, {"/commandline", CommandLine},
	{"pipeitem/name", Pipe}, {"/certificateserial", Serial},
}

const maxGroups = 100 // groups within each other

// openIOC reads a document of XML, which is OpenIOC or is left out.
func (l *loader) openIOC(r io.Reader) error {
	doc, err := whole(r)
	if err != nil {
		l.refuseFile(err.Error())
		return nil
	}
	l.line = 1
	var o openIOC
	d := xml.NewDecoder(strings.NewReader(string(doc.text)))
	d.Strict = true
	d.CharsetReader = declared
	if err := d.Decode(&o); err != nil {
		l.refuseFile(fmt.Sprintf("XML that cannot be read: %v", err))
		return nil
	}
	if name := strings.ToLower(o.XMLName.Local); name != "ioc" && name != "openioc" && name != "iocs" {
		l.refuseFile("XML that is not OpenIOC")
		return nil
	}
	l.file.Format = "openioc"
	for _, x := range append(o.Inner, o) {
		ind := Indicator{Source: first(x.Author, x.Meta.Author, listName(l.file.Path)), Desc: first(x.Short, x.Meta.Short, x.Description, x.Meta.Description), Confidence: Unrated.confidence(), Severity: finding.Medium}
		if x.ID != "" {
			ind.Event = fmt.Sprintf("ioc %s %q", short(x.ID), short(first(x.Short, x.Meta.Short)))
		}
		for _, g := range append(x.Definition.Indicators, x.Criteria.Indicators...) {
			l.openIOCGroup(ind, &g, false, 0)
		}
	}
	return nil
}

// declared reads what an XML declaration says the text is. UTF-16 was read by its
// byte-order mark before.
func declared(label string, r io.Reader) (io.Reader, error) {
	if strings.HasPrefix(strings.ToLower(label), "utf-16") {
		return r, nil
	}
	enc, err := htmlindex.Get(label)
	if err != nil {
		return nil, err
	}
	return enc.NewDecoder().Reader(r), nil
}

func first(values ...string) string {
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			return v
		}
	}
	return ""
}

// openIOCGroup loads the items of which any one is enough. Those that count
// only together are refused: as single values they would say too much.
func (l *loader) openIOCGroup(ind Indicator, g *openIOCGroup, together bool, depth int) {
	if depth > maxGroups {
		l.refuseRow("more than 100 groups within each other")
		return
	}
	together = together || strings.EqualFold(g.Operator, "AND") && len(g.Items)+len(g.Groups) > 1
	for i := range g.Items {
		l.openIOCItem(ind, &g.Items[i], together)
	}
	for i := range g.Groups {
		l.openIOCGroup(ind, &g.Groups[i], together, depth+1)
	}
}

func (l *loader) openIOCItem(ind Indicator, item *openIOCItem, together bool) {
	term := strings.ToLower(item.Context.Search)
	ind.Value = strings.TrimSpace(item.Content)
	switch {
	case together:
		l.refuseRow(fmt.Sprintf("%s %q counts only together with others", item.Context.Search, short(ind.Value)))
		return
	case strings.EqualFold(item.Negate, "true") || strings.HasSuffix(strings.ToLower(item.Condition), "not"):
		l.refuseRow(fmt.Sprintf("%s must not be %q: that is no value to look for", item.Context.Search, short(ind.Value)))
		return
	}
	for _, k := range openIOCKinds {
		if strings.HasSuffix("/"+term, k.ending) {
			ind.Kind = k.kind
			l.row(ind)
			return
		}
	}
	l.refuseRow(fmt.Sprintf("term %q is not known: %q", item.Context.Search, short(ind.Value)))
}
