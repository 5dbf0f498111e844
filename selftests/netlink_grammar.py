#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What may be said to the netlink family, out of docs/netlink/mytun.yaml, for fuzzers that run
where nobody reads YAML:

	netlink_grammar.py json|c

json: {"ops": [...], "sets": {...}}; c: the same as tables for kcov/grammar.h. Operations that
can be asked for have "name", "cmd", "set" (of their attributes) and "dump"; a set is a list of
attributes with "name", "type" (the number), "kind", lengths ("least", "most"), the range of a
number ("min", "max") and, of a nest, its "set".
"""
import json
import pathlib
import sys

import yaml

SPEC = pathlib.Path(__file__).resolve().parents[1] / "docs/netlink/mytun.yaml"
SIZES = {"u8": 1, "u16": 2, "u32": 4, "u64": 8}
# Of what the YAML sets no bound to
MOST = 64


class Spec:
    """The YAML, with subsets completed from what they are a part of."""

    def __init__(self, path):
        raw = yaml.safe_load(path.read_text())
        self.definitions = {d["name"]: d for d in raw["definitions"]}
        self.sets = {s["name"]: s for s in raw["attribute-sets"]}
        self.ops = raw["operations"]["list"]

    def attributes(self, name):
        """By name; each with its number"""
        entry = self.sets[name]
        if "subset-of" in entry:
            parent = self.attributes(entry["subset-of"])
            return {a["name"]: {**parent[a["name"]], **a} for a in entry["attributes"]}
        found, number = {}, 0
        for attr in entry["attributes"]:
            number = attr.get("value", number + 1)
            found[attr["name"]] = {**attr, "number": number}
        return found

    def constant(self, value):
        return self.definitions[value]["value"] if value in self.definitions else value

    def lengths(self, attr):
        """Bytes at least, and at most"""
        kind, checks = attr["type"], attr.get("checks", {})
        if kind in SIZES:
            return SIZES[kind], SIZES[kind]
        if "exact-len" in checks:
            exact = self.constant(checks["exact-len"])
            return exact, exact
        return self.constant(checks.get("min-len", 0)), self.constant(checks.get("max-len", MOST))

    def numbers(self, attr):
        """The least, and the greatest"""
        kind, checks = attr["type"], attr.get("checks", {})
        if "flags-mask" in checks:
            return 0, (1 << len(self.definitions[checks["flags-mask"]]["entries"])) - 1
        most = (1 << 8 * SIZES[kind]) - 1 if kind in SIZES else 0
        return self.constant(checks.get("min", 0)), self.constant(checks.get("max", most))

    def rule(self, attr):
        least, most = self.lengths(attr)
        low, high = self.numbers(attr)
        return {"name": attr["name"], "type": attr["number"], "kind": attr["type"],
                "least": least, "most": most, "min": low, "max": high,
                "set": attr.get("nested-attributes", "")}

    def policy_of(self, op):
        """The set that says what a request may have: the operation's own, if it has one"""
        return op["name"] if op["name"] in self.sets else op["attribute-set"]

    def grammar(self):
        ops = [{"name": op["name"], "cmd": cmd, "set": self.policy_of(op), "dump": "dump" in op}
               for cmd, op in enumerate(self.ops, 1) if "do" in op]
        return {"ops": ops, "sets": {name: [self.rule(attr)
                                            for attr in self.attributes(name).values()]
                                     for name in self.sets}}


def c_tables(grammar):
    numbers = {name: i for i, name in enumerate(grammar["sets"])}
    yield "/* Made by netlink_grammar.py of docs/netlink/mytun.yaml */"
    for name, rules in grammar["sets"].items():
        yield f"static const struct rule rules_{name.replace('-', '_')}[] = {{"
        for r in rules:
            nested = numbers.get(r["set"], -1)
            yield (f'\t{{ "{r["name"]}", {r["type"]}, KIND_{r["kind"].upper()}, {nested}, '
                   f'{r["least"]}, {r["most"]}, {r["min"]}ULL, {r["max"]}ULL }},')
        yield "};"
    yield "const struct rule_set rule_sets[] = {"
    for name in grammar["sets"]:
        table = f"rules_{name.replace('-', '_')}"
        yield f"\t{{ {table}, sizeof({table}) / sizeof({table}[0]) }},"
    yield "};\nconst int rule_set_count = sizeof(rule_sets) / sizeof(rule_sets[0]);"
    yield "const struct operation operations[] = {"
    for op in grammar["ops"]:
        yield (f'\t{{ "{op["name"]}", {op["cmd"]}, {numbers[op["set"]]}, '
               f'{"true" if op["dump"] else "false"} }},')
    yield "};\nconst int operation_count = sizeof(operations) / sizeof(operations[0]);"


def main():
    grammar = Spec(SPEC).grammar()
    if sys.argv[1:] == ["json"]:
        print(json.dumps(grammar, indent=1))
    elif sys.argv[1:] == ["c"]:
        print("\n".join(c_tables(grammar)))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
