#!/usr/bin/env python3
"""Compare Sigma matches with an independent evaluation of the same rules.

    go run ./bench/sigma -rules RULES -matches ours.tsv LOG...
    python3 bench/sigma/reference.py --rules RULES --ours ours.tsv LOG...

The rules are parsed by pySigma, log sources and fields are mapped by its
pipelines for Sysmon and Windows, the logs are read by the Rust reader, and the
condition tree is evaluated here, plainly, on every event (pip install evtx
pysigma pysigma-pipeline-sysmon pysigma-pipeline-windows). Every pair of event
and rule that only one side has is counted, by rule; --list N shows N of each.
The last line is the share of pairs that both have. The status is 1 when the
two differ and no reason is known.

    python3 bench/sigma/reference.py --rules RULES --make events.json [--each N]

writes events that the rules are just true of, or just not, as evtx_dump writes
events; they are a log like any other for both sides."""

import argparse
import collections
import copy
import ipaddress
import json
import pathlib
import random
import re
import string
import sys

import evtx
import yaml
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.pipelines.common import windows_logsource_mapping
from sigma.pipelines.sysmon import sysmon_pipeline
from sigma.pipelines.windows import windows_audit_pipeline, windows_logsource_pipeline
from sigma.rule import SigmaRule
from sigma.types import (
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SpecialChars,
)


# Differences that are meant, by log source category and number of the event, and why.
VALUE = "ours joins key and value name of event 4657, knows OperationType as logs have it, and takes new values as set"
REASONS = {
    ("registry_delete", "12"): "the pipeline takes every Sysmon event 12 for a deletion, ours not those whose EventType is CreateKey",
    ("registry_add", "12"): "the pipeline takes every Sysmon event 12 for a creation, ours only those whose EventType is CreateKey",
    ("registry_event", "4657"): VALUE,
    ("registry_set", "4657"): VALUE,
    ("registry_add", "4657"): VALUE,
    ("registry_delete", "4657"): VALUE,
}


def logs(paths):
    """Every event log below paths, in the order of names; a file that is named may be JSON."""
    for p in map(pathlib.Path, paths):
        if not p.is_dir():
            yield p
            continue
        yield from (f for f in sorted(p.rglob("*")) if f.is_file() and f.suffix.lower() == ".evtx")


def records(f):
    """The events of a log with their numbers."""
    if f.suffix == ".json":
        for line in open(f, encoding="utf-8"):
            yield event(json.loads(line))
        return
    for rec in evtx.PyEvtxParser(str(f)).records_json():
        try:
            e = event(json.loads(rec["data"]))
        except (RuntimeError, ValueError):
            continue
        e.setdefault("EventRecordID", [rec["event_record_id"]])
        yield e


def text(v):
    if isinstance(v, bool):
        return "true" if v else "false"
    return v if isinstance(v, str) else json.dumps(v)


def leaves(name, v, out):
    """Put the values below v into out by the name of their element."""
    if isinstance(v, dict):
        attributes = v.get("#attributes") or {}
        rest = {k: x for k, x in v.items() if k != "#attributes"}
        if "#text" in rest:
            leaves(attributes.get("Name", name), rest.pop("#text"), out)
        elif not rest and attributes:
            out[name].append(None)
        for k, x in rest.items():
            leaves(k, x, out)
    elif isinstance(v, list):
        for x in v:
            leaves(name, x, out)
    else:
        out[name].append(v)


def event(record):
    """The fields of an event by name, each with its values; None is empty."""
    e = record["Event"]
    system = e.get("System") or {}
    out = collections.defaultdict(list)
    eid = system.get("EventID")
    out["EventID"].append(eid.get("#text") if isinstance(eid, dict) else eid)
    for k in ("Channel", "Computer", "Level", "Task", "Opcode", "Keywords", "Version", "EventRecordID"):
        if system.get(k) is not None:
            out[k].append(system[k])
    provider = ((system.get("Provider") or {}).get("#attributes") or {}).get("Name")
    if provider is not None:
        out["Provider_Name"].append(provider)
    for k, v in e.items():
        if k not in ("System", "#attributes"):
            leaves(k, v, out)
    return dict(out)


# Numbers in an event's head: as keywords they are noise, and ours leaves them out.
HEAD = {"Level", "Task", "Opcode", "Keywords", "Version", "EventRecordID"}


class Unknown(Exception):
    """The rule asks for something that is not evaluated here."""


def wildcard(s, whole=True):
    """A function that compares text with a Sigma string."""
    parts = []
    for p in s.s:
        if p is SpecialChars.WILDCARD_MULTI:
            parts.append(".*")
        elif p is SpecialChars.WILDCARD_SINGLE:
            parts.append(".")
        elif isinstance(p, str):
            parts.append(re.escape(p))
        else:
            raise Unknown("placeholder")
    flags = re.DOTALL if isinstance(s, SigmaCasedString) else re.DOTALL | re.IGNORECASE
    x = re.compile("".join(parts), flags)
    return (lambda t: x.fullmatch(t) is not None) if whole else (lambda t: x.search(t) is not None)


def number(t):
    try:
        return float(int(t, 16)) if t[:2].lower() == "0x" else float(t)
    except ValueError:
        return None


def test(v, whole=True):
    """A function from one value (text, or None for empty) to whether v is true of it."""
    if isinstance(v, SigmaString):
        same = wildcard(v, whole)
        return lambda t: same(t or "")
    if isinstance(v, SigmaNumber):
        want = str(v.number)
        if not whole:
            return lambda t: want in (t or "")
        return lambda t: t == want
    if isinstance(v, SigmaBool):
        want = "true" if v.boolean else "false"
        return lambda t: (t or "").lower() == want
    if isinstance(v, SigmaRegularExpression):
        flags = 0
        for f in v.flags:
            flags |= {
                SigmaRegularExpressionFlag.IGNORECASE: re.I,
                SigmaRegularExpressionFlag.MULTILINE: re.M,
                SigmaRegularExpressionFlag.DOTALL: re.S,
            }[f]
        x = re.compile(str(v.regexp), flags)
        return lambda t: x.search(t or "") is not None
    if isinstance(v, SigmaCIDRExpression):
        net = ipaddress.ip_network(str(v.cidr), strict=False)

        def inside(t):
            try:
                ip = ipaddress.ip_address(t or "")
            except ValueError:
                return False
            mapped = getattr(ip, "ipv4_mapped", None)
            return (mapped or ip) in net

        return inside
    if isinstance(v, SigmaCompareExpression):
        want = float(v.number.number)
        ops = {"LT": float.__lt__, "LTE": float.__le__, "GT": float.__gt__, "GTE": float.__ge__}
        op = ops[v.op.name]

        def compare(t):
            n = number(t or "")
            return n is not None and op(n, want)

        return compare
    raise Unknown(type(v).__name__)


def values(e, name):
    return [None if v is None else text(v) for v in e.get(name, ())]


def compile_value(field, v):
    """A function from an event to whether field equals v."""
    if isinstance(v, SigmaExpansion):
        parts = [compile_value(field, x) for x in v.values]
        return lambda e: any(p(e) for p in parts)
    if field is None:
        same = test(v, whole=False)
        return lambda e: any(same(t) for name in e if name not in HEAD for t in values(e, name))
    if isinstance(v, SigmaNull):
        return lambda e: all(t in (None, "") for t in values(e, field))
    if isinstance(v, SigmaExists):
        want = bool(v)
        return lambda e: (field in e) == want
    if isinstance(v, SigmaFieldReference):
        starts, ends = v.starts_with, v.ends_with

        def refers(e):
            for a in values(e, field):
                for b in values(e, v.field):
                    x, y = (a or "").lower(), (b or "").lower()
                    if starts and ends and y in x or starts and not ends and x.startswith(y) or ends and not starts and x.endswith(y) or x == y:
                        return True
            return False

        return refers
    same = test(v)
    return lambda e: any(same(t) for t in values(e, field))


def compile_condition(c):
    if isinstance(c, ConditionAND):
        parts = [compile_condition(x) for x in c.args]
        return lambda e: all(p(e) for p in parts)
    if isinstance(c, ConditionOR):
        parts = [compile_condition(x) for x in c.args]
        return lambda e: any(p(e) for p in parts)
    if isinstance(c, ConditionNOT):
        part = compile_condition(c.args[0])
        return lambda e: not part(e)
    if isinstance(c, ConditionFieldEqualsValueExpression):
        return compile_value(c.field, c.value)
    if isinstance(c, ConditionValueExpression):
        return compile_value(None, c.value)
    raise Unknown(type(c).__name__)


def only(c, field):
    """The values, one of which field must have for c to be true; None: any."""
    if isinstance(c, ConditionAND):
        sets = [s for s in (only(x, field) for x in c.args) if s is not None]
        return min(sets, key=len) if sets else None
    if isinstance(c, ConditionOR):
        sets = [only(x, field) for x in c.args]
        return None if None in sets else set().union(*sets)
    if isinstance(c, ConditionFieldEqualsValueExpression) and c.field == field:
        v = c.value
        if isinstance(v, SigmaNumber):
            return {str(v.number)}
        if isinstance(v, SigmaString) and not v.contains_special():
            return {str(v).lower()}
    return None


def compile_rule(rule, pipeline):
    """Alternatives: channels and event numbers (None: any), and the condition."""
    r = copy.deepcopy(rule)
    pipeline.apply(r)
    s = rule.logsource
    if r.logsource.product != "windows" or s.category and not r.logsource.service or s.service and s.service not in windows_logsource_mapping:
        raise Unknown(f"log source {s.product}/{s.category}/{s.service}")
    return [(only(c.parsed, "Channel"), only(c.parsed, "EventID"), compile_condition(c.parsed), c.parsed) for c in r.detection.parsed_condition]


def compile_rules(folder):
    """Rules by id, each a list of alternatives; those not evaluated, with the reason."""
    pipelines = [sysmon_pipeline() + windows_logsource_pipeline(), windows_audit_pipeline() + windows_logsource_pipeline()]
    good, bad, titles, categories = {}, {}, {}, {}
    for f in sorted(pathlib.Path(folder).rglob("*.yml")):
        for doc in yaml.safe_load_all(f.read_text()):
            ident = str(doc.get("id", f.name)).lower()
            titles[ident] = str(f.relative_to(folder))
            source = doc.get("logsource") or {}
            categories[ident] = source.get("category")
            try:
                rule = SigmaRule.from_dict(doc)
                generic = source.get("category") and not source.get("service")
                good[ident] = []
                for n, p in enumerate(pipelines):
                    if n == 1 and not generic:
                        continue
                    try:
                        good[ident] += compile_rule(rule, p)
                    except Unknown:
                        if n == 0:
                            raise
                    except Exception as e:  # a pipeline says that it cannot
                        if n == 0:
                            raise Unknown(str(e)) from e
            except Exception as e:
                good.pop(ident, None)
                bad[ident] = str(e) or type(e).__name__
    return good, bad, titles, categories


class Maker:
    """Makes events out of conditions."""

    def __init__(self):
        self.r = random.Random(1)

    def noise(self):
        return "".join(self.r.choice(string.ascii_letters + string.digits + " \\-/._") for _ in range(self.r.randrange(6)))

    def spell(self, s):
        """A text that a Sigma string matches, unless its letters must keep their case."""
        out = ""
        for p in s.s:
            if p is SpecialChars.WILDCARD_MULTI:
                out += self.noise()
            elif p is SpecialChars.WILDCARD_SINGLE:
                out += self.r.choice("xY7-")
            else:
                out += str(p)
        how = self.r.randrange(4)
        return out.upper() if how == 0 else out.lower() if how == 1 else out

    def value(self, v, e):
        if isinstance(v, SigmaExpansion):
            return self.value(self.r.choice(v.values), e)
        if isinstance(v, SigmaString):
            return self.spell(v)
        if isinstance(v, (SigmaNumber, SigmaBool)):
            return str(v)
        if isinstance(v, SigmaCIDRExpression):
            net = ipaddress.ip_network(str(v.cidr), strict=False)
            return str(net[self.r.randrange(min(net.num_addresses, 1 << 20))])
        if isinstance(v, SigmaCompareExpression):
            return str(v.number.number + self.r.choice((-1, 0, 1)))
        if isinstance(v, SigmaNull):
            return self.r.choice((None, ""))
        if isinstance(v, SigmaExists):
            return "x" if bool(v) else None
        if isinstance(v, SigmaFieldReference):
            e.setdefault(v.field, self.noise() + "q")
            return self.noise() * v.ends_with + e[v.field] + self.noise() * v.starts_with
        if isinstance(v, SigmaRegularExpression):
            return self.sample(str(v.regexp))
        return self.noise()

    def sample(self, x):
        """A text that is like what an expression asks for: what is not a plain character becomes one."""
        x = re.sub(r"\(\?[a-z:]*|[()^$]|\\b", "", x)
        x = re.sub(r"\[\^?([^\]]+)\]", lambda m: m.group(1)[-1], x)
        x = re.sub(r"\\([dswDSW])", lambda m: {"d": "7", "s": " ", "w": "w"}.get(m.group(1), "."), x)
        x = re.sub(r"(.)\{(\d+)(,\d*)?\}", lambda m: m.group(1) * min(int(m.group(2)), 2000), x)
        x = x.split("|")[self.r.randrange(x.count("|") + 1)]
        return re.sub(r"\\(.)|[*+?]", r"\1", x)

    def fill(self, c, e):
        if isinstance(c, ConditionAND):
            for x in c.args:
                self.fill(x, e)
        elif isinstance(c, ConditionOR):
            self.fill(self.r.choice(c.args), e)
        elif isinstance(c, ConditionNOT):
            if self.r.randrange(3) == 0:
                self.fill(c.args[0], e)
        elif isinstance(c, ConditionValueExpression):
            e["Data"] = self.noise() + self.value(c.value, e) + self.noise()
        else:
            v = self.value(c.value, e)
            if v is None:
                e.pop(c.field, None)
            elif self.r.randrange(4) == 0 and c.field in e:
                e[c.field] += v  # two things asked of one field
            else:
                e[c.field] = v

    def spoil(self, e):
        """Change one value a little."""
        names = [k for k in e if k not in ("Channel", "EventID")]
        if not names:
            return
        k = self.r.choice(names)
        v, at = e[k], self.r.randrange(len(e[k]) + 1)
        how = self.r.randrange(5)
        if how == 0:
            del e[k]
        else:
            e[k] = [v[:at] + v[at + 1 :], v[:at] + "x" + v[at:], "x" + v, v + "x"][how - 1]


def make(rules, to, each):
    """Write events that are like what rules ask for."""
    m, n = Maker(), 0
    with open(to, "w", encoding="utf-8") as out:
        for alternatives in rules.values():
            for i in range(each):
                e = {}
                m.fill(m.r.choice(alternatives)[3], e)
                for _ in range(m.r.randrange(3)):
                    m.spoil(e)
                n += 1
                if not e.get("EventID", "").isdigit():
                    e["EventID"] = "1"
                system = {
                    "Provider": {"#attributes": {"Name": e.pop("Provider_Name", "Example")}},
                    "EventID": int(e.pop("EventID")),
                    "Channel": e.pop("Channel", "Application"),
                    "Computer": e.pop("Computer", "host.example.test"),
                    "EventRecordID": n,
                    "TimeCreated": {"#attributes": {"SystemTime": "2026-03-02T08:00:00Z"}},
                }
                for k in ("Level", "Task", "Opcode", "Keywords", "Version"):
                    if k in e:
                        e.pop(k)
                json.dump({"Event": {"System": system, "EventData": e}}, out, ensure_ascii=False)
                out.write("\n")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--rules", required=True)
    ap.add_argument("--ours", help="written by bench/sigma -matches")
    ap.add_argument("--make", metavar="FILE", help="write events instead of comparing")
    ap.add_argument("--each", type=int, default=2, metavar="N", help="with --make: events for each rule")
    ap.add_argument("--list", type=int, default=3, metavar="N", help="pairs shown of each rule that differs")
    ap.add_argument("logs", nargs="*")
    a = ap.parse_args()
    good, bad, titles, categories = compile_rules(a.rules)
    if a.make:
        make(good, a.make, a.each)
        return 0
    ours, seen, refused = collections.Counter(), collections.Counter(), {}
    for line in open(a.ours, encoding="utf-8"):
        kind, *rest = line.rstrip("\n").split("\t")
        if kind == "match":
            ours[tuple(rest)] += 1
        elif kind == "event":
            seen[tuple(rest)] += 1
        elif kind == "refused":
            refused[rest[0].lower()] = rest[1]
    theirs, read, kinds, number_of = collections.Counter(), collections.Counter(), {}, {}
    for f in logs(a.logs):
        try:
            for e in records(f):
                at = (str(f), str(e["EventRecordID"][0]))
                if not seen[at]:
                    continue
                read[at] += 1
                number_of[at] = text(e["EventID"][0])
                kind = tuple(text(e[k][0]).lower() if e.get(k) else "" for k in ("Channel", "EventID"))
                if kind not in kinds:
                    kinds[kind] = [
                        (ident, [x for chan, eid, x, _ in alternatives if (chan is None or kind[0] in chan) and (eid is None or kind[1] in eid)])
                        for ident, alternatives in good.items()
                    ]
                    kinds[kind] = [x for x in kinds[kind] if x[1]]
                for ident, alternatives in kinds[kind]:
                    if any(x(e) for x in alternatives):
                        theirs[at + (ident,)] += 1
        except RuntimeError as e:
            print(f"{f}: {e}", file=sys.stderr)
    ours = collections.Counter({k: n for k, n in ours.items() if k[2] in good and read[k[:2]]})
    theirs = collections.Counter({k: n for k, n in theirs.items() if k[2] not in refused})
    both, differ, unexplained = ours & theirs, 0, 0
    for name, extra in (("only ours", ours - theirs), ("only the reference", theirs - ours)):
        by_rule, known = collections.defaultdict(list), collections.Counter()
        for k, n in sorted(extra.items()):
            differ += n
            reason = REASONS.get((categories.get(k[2]), number_of[k[:2]]))
            if reason:
                known[reason] += n
                continue
            by_rule[k[2]] += [k] * n
            unexplained += n
        for reason, n in known.most_common():
            print(f"{name}: {n} times because {reason}")
        for ident, list_ in sorted(by_rule.items(), key=lambda x: (-len(x[1]), x[0])):
            print(f"{name}: {len(list_)} times without a reason known: {ident} {titles.get(ident)}")
            for k in list_[: a.list]:
                print(f"    {k[0]} record {k[1]}")
    reasons = collections.Counter(re.sub(r"[0-9a-f]{8}-.*", "", r)[:100] for i, r in bad.items() if i not in refused)
    for r, n in reasons.most_common(20):
        print(f"not judged by the reference: {n} rules: {r}")
    print(f"{len(good)} rules, {sum(read.values())} events read by both; {sum(both.values())} pairs of event and rule by both, {sum((ours - theirs).values())} only by ours, {sum((theirs - ours).values())} only by the reference: {sum(both.values()) / max(1, sum(both.values()) + differ):.4%} agree")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
