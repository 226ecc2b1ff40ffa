package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"longwatch/content"
	"longwatch/internal/asn"
	"longwatch/internal/audit/iis"
	"longwatch/internal/campaign"
	"longwatch/internal/casefolder"
	"longwatch/internal/clock"
	"longwatch/internal/coverage"
	"longwatch/internal/detect"
	"longwatch/internal/evidence"
	"longwatch/internal/finding"
	"longwatch/internal/incident"
	"longwatch/internal/intel"
	"longwatch/internal/learn"
	"longwatch/internal/ordered"
	"longwatch/internal/recon"
	"longwatch/internal/record"
	"longwatch/internal/rules/sigma"
	"longwatch/internal/session"
	"longwatch/internal/sink"
)

// hunt is one run of the whole line.
type hunt struct {
	c        Config
	records  *sink.Dir
	ordered  *ordered.Buffer
	engine   *detect.Engine
	scout    *recon.Scout
	intel    *intel.Set
	late     *intel.Late
	rules    *ruleSet
	hits     *hits
	contents *contents // nil without YARA rules
	census   *coverage.Census
	mu       sync.Mutex
	gathered *gather
}

// huntLane is the line for one goroutine: write, match, keep for the detectors.
type huntLane struct {
	h       *hunt
	sink    *sink.Lane
	order   *ordered.Lane
	intel   intel.Matcher
	watch   *intel.Observer // of patterns that are more than one value; nil without any
	rules   *sigma.Matcher
	found   *gather
	clocks  *clock.Sketch // when which source saw what
	census  *coverage.Lane
	collect func(finding.Finding)
	fired   func(*sigma.Firing)
}

func (h *hunt) lane() lane {
	l := &huntLane{h: h, sink: h.records.Lane(), order: h.ordered.Lane(), intel: h.intel.Matcher(), watch: h.intel.Observer(), rules: h.hits.matcher(), found: newGather(), clocks: clock.NewSketch()}
	l.collect, l.fired, l.census = l.found.add, l.found.fired, h.census.Lane()
	return l
}

// maxHeld is how many claims a lane gathers before it hands them over.
const maxHeld = 4096

// Put takes one record through the line.
func (l *huntLane) Put(r record.Record) {
	l.sink.Put(r)
	l.census.Put(r)
	l.intel.Match(r, l.collect)
	l.watch.Observe(r)
	l.clocks.Observe(r)
	l.rules.Match(r, l.fired)
	scanned := false
	if l.h.contents != nil {
		l.h.contents.judge(r, l.collect)
		scanned = l.h.contents.wants(r)
	}
	if t := r.RecordType(); incident.Wants(t) || session.Wants(t) || learn.Wants(t) || l.h.engine.Wants(r) || l.h.scout.Wants(r) || scanned {
		l.order.Put(r)
	}
	if len(l.found.byKey) > maxHeld {
		l.flush()
	}
}

func (l *huntLane) flush() { l.found.into(l.h.gathered, &l.h.mu) }

// run is the whole line over the formats given; what none of them recognises
// is read as a file.
func run(ctx context.Context, c Config, p Progress, formats []evidence.Format) (*casefolder.Case, error) {
	if err := checkGuides(c.Guides); err != nil {
		return nil, err
	}
	events, err := readEvents(c.Events)
	if err != nil {
		return nil, err
	}
	out, err := prepareOut(&c)
	if err != nil {
		return nil, err
	}
	defer out.close()
	profiles, err := campaign.Load(content.Campaigns, "campaigns")
	if err != nil {
		return nil, fmt.Errorf("app: built-in profiles: %w", err)
	}
	h := &hunt{c: c, gathered: newGather(), census: coverage.NewCensus()}
	cf := &casefolder.Case{Tool: ToolInfo(), Command: c.Command}
	if h.rules, err = loadRules(c.Rules); err != nil {
		return nil, err
	}
	cf.Rules = h.rules.sets()
	h.hits = newHits(h.rules.engine, out.spool, c.Memory/16)
	if h.intel, err = loadIntel(c.Intel, cf); err != nil {
		return nil, err
	}
	if h.late, err = loadLate(h.intel, c.Allow, cf); err != nil {
		return nil, err
	}
	networks, err := asn.Open(c.Tables)
	if err != nil {
		return nil, fmt.Errorf("app: --networks: %w", err)
	}
	cf.Networks = networkSources(networks)
	for _, n := range c.homeNets() {
		cf.HomeNet = append(cf.HomeNet, n.String())
	}
	format := sink.JSONL
	h.records = sink.New(filepath.Join(c.Out, "records"), out.spool, format, c.share(recordsShare-orderedShare))
	h.ordered = ordered.New(out.spool, c.share(orderedShare))
	around := detect.Env{HomeNet: c.homeNets(), OwnDomains: c.Domains, Networks: networks, Memory: c.Memory / 16}
	h.scout = recon.New(around.Home, networks)
	habits, err := newHabits(&c, &around)
	if err != nil {
		return nil, err
	}
	h.engine = detect.NewEngine(detectors, around)

	env := c.env(true)
	env.CommunityID = true
	kept := c.Extract.folder(c.Out, env)
	if h.contents = newContents(h.rules.yara, c.Memory); h.contents != nil {
		h.contents.carve(env, out.spool)
	}
	rd := &reading{
		contents: h.contents, configs: iis.NewCollector(),
		env: env, formats: formats, fallback: fallbackFormat(), hash: true, progress: p,
		since: c.Since, until: c.Until, stdin: c.Stdin, newLane: h.lane,
	}
	err = rd.walk(ctx, c.Paths, out, c.Jobs)
	extracted, lost := closeFolder(kept)
	if err == nil && lost != nil {
		err = fmt.Errorf("app: hunt: %w", lost)
	}
	if err == nil && h.contents != nil {
		p.Phase("scanning files off the wire")
		err = h.contents.scanCarved(ctx, extracted, c.Out, c.Jobs)
	}
	if err != nil {
		h.engine.Finish()
		return nil, err
	}
	cf.Extracted = extracted
	watch, sketch := h.intel.Observer(), (*clock.Sketch)(nil)
	for _, l := range rd.free {
		l.(*huntLane).flush()
		watch.Join(l.(*huntLane).watch)
		if sketch == nil {
			sketch = l.(*huntLane).clocks
		} else {
			sketch.Join(l.(*huntLane).clocks)
		}
	}
	if sketch == nil {
		sketch = clock.NewSketch()
	}
	cf.Evidence, cf.Skipped, cf.Span = rd.files, rd.skipped, rd.span
	h.records.Rest()
	p.Phase("judging records in the order of time")
	aliases := incident.NewAliases(c.homeNets())
	sessions := session.New(h.records.Lane().Put)
	witness := incident.NewWitness()
	if err := habits.begin(around, h.departures()); err != nil {
		h.engine.Finish()
		return nil, err
	}
	err = h.ordered.Replay(recordTypes(), func(r record.Record) {
		habits.learner.Observe(r)
		if incident.Wants(r.RecordType()) {
			aliases.Learn(r)
		}
		if session.Wants(r.RecordType()) {
			sessions.Learn(r)
		}
		witness.Learn(r)
		if h.scout.Wants(r) {
			h.scout.Learn(r)
		}
		if h.engine.Wants(r) {
			h.engine.Feed(r)
		}
		if h.contents != nil {
			h.contents.judgeCarved(r, h.gathered.add)
		}
	})
	habits.learner.Finish()
	found := h.engine.Finish()
	if err != nil {
		return nil, fmt.Errorf("app: hunt: %w", err)
	}
	correlated, gaps, err := h.hits.correlate()
	if err != nil {
		return nil, err
	}
	audited, weak, err := auditConfigs(ctx, rd.configs)
	if err != nil {
		return nil, err
	}
	seen, unjudged := watch.Finish()
	beyond := h.unreached(cf, unjudged)
	found = slices.Concat(found, h.gathered.findings(), correlated, audited, seen)
	weigh(h.late, found, c.homeNets(), cf)
	slices.SortFunc(found, func(a, b finding.Finding) int { return finding.Compare(&a, &b) })
	cf.Events = eventTimes(found, events, h.census)
	cf.Recon = scouted(h.scout, found)
	clocks := sketch.Estimate()
	cf.Clocks = clocks.All()
	cf.Logons, cf.Chains = sessions.Finish(aliases.Host), chains(sessions, found)
	judge(cf, found, incident.Options{HomeNet: c.HomeNet, Aliases: aliases, Witness: witness, Logons: cf.Logons, Files: spans(cf), End: cf.Span.End, Clock: clocks.Of, Memory: habits}, profiles)
	if err := habits.keep(cf, around.Home, aliases.Host); err != nil {
		return nil, err
	}
	cf.Coverage = slices.Concat(cf.Coverage, h.hits.stopped(), gaps, weak, beyond, habits.coverage())
	if h.contents != nil {
		cf.Coverage = append(cf.Coverage, h.contents.coverage()...)
	}
	cf.Coverage = append(cf.Coverage, h.notKept()...)

	if err := h.searchedFor(cf, profiles); err != nil {
		return nil, err
	}
	p.Phase("writing records")
	written, err := h.records.Close()
	if err != nil {
		return nil, fmt.Errorf("app: hunt: %w", err)
	}
	for _, w := range written {
		cf.Records = append(cf.Records, casefolder.RecordFile{Type: w.Type, File: "records/" + filepath.Base(w.Path), Rows: w.Rows})
	}
	return cf, nil
}

// departures writes down what departs from habit and hands it to the detectors.
func (h *hunt) departures() func(record.Record) {
	lane := h.records.Lane()
	return func(r record.Record) {
		lane.Put(r)
		if h.engine.Wants(r) {
			h.engine.Feed(r)
		}
	}
}

// chains finds for each finding the first program among what it cites whose
// parents are known.
func chains(t *session.Tracker, found []finding.Finding) map[string][]string {
	out := map[string][]string{}
	for i := range found {
		for _, ref := range found[i].Refs {
			if c := t.Chain(ref); c != nil {
				out[found[i].ID] = c
				break
			}
		}
	}
	return out
}

// judge turns findings into incidents and attributes them.
func judge(cf *casefolder.Case, found []finding.Finding, opt incident.Options, profiles []*campaign.Profile) {
	searched := map[string]bool{}
	for i := range cf.Evidence {
		for t := range cf.Evidence[i].Records {
			searched[t] = true
		}
	}
	incidents := incident.Build(found, opt)
	for i := range incidents {
		incidents[i].Attribution = campaign.Judge(&incidents[i], profiles, campaign.Options{Searched: searched, Prior: priors(cf, profiles)})
		incidents[i].Matrix = campaign.Matrix(&incidents[i], profiles)
		cf.Incidents = append(cf.Incidents, &incidents[i])
	}
	for i := range found {
		cf.Findings = append(cf.Findings, &found[i])
	}
	cf.Coverage = append(cf.Coverage, notCovered(cf, searched)...)
}

// loadIntel loads the built-in indicators of the dossiers and the user's own.
func loadIntel(paths []string, cf *casefolder.Case) (*intel.Set, error) {
	set, report, err := loadBeside([]intel.Source{intel.FS(content.Campaigns, "campaigns")}, paths)
	if err != nil {
		return nil, err
	}
	cf.Intel = append(cf.Intel, intelSources(report)...)
	if err := set.Verify(); err != nil { // a damaged file would find less, in silence
		return nil, fmt.Errorf("app: %w", err)
	}
	return set, nil
}
