#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Hold the three descriptions of the netlink family against each other:
docs/netlink/mytun.yaml, module/uapi/mytun.h, and the tables in module/netlink_gen.c.

Prints one line for each failure and "N passed, N failed". Exit: 0, 1, or 4 without PyYAML.
"""
import pathlib
import re
import sys

try:
    import yaml
except ImportError:
    print("python3-yaml is missing: skipped", file=sys.stderr)
    sys.exit(4)

TOP = pathlib.Path(__file__).resolve().parents[2]
UNSIGNED = ("u8", "u16", "u32")


class Checks:
    """Counts what was compared, and tells what differs."""

    def __init__(self):
        self.passed = self.failed = 0

    def same(self, what, expected, found):
        if expected == found:
            self.passed += 1
            return
        self.failed += 1
        print(f"not ok: {what}: expected {expected!r}, found {found!r}")

    def true(self, what, holds):
        self.same(what, True, bool(holds))


def c_name(text):
    return text.upper().replace("-", "_")


def read_c(path):
    text = (TOP / path).read_text()
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)


def c_value(expression, names):
    """The value of a C integer expression of names, numbers, << + - | and brackets."""
    expression = re.sub(r"\b(\d+)U\b", r"\1", expression)
    expression = re.sub(r"\b[A-Za-z_]\w*\b", lambda m: str(names[m[0]]), expression)
    if not re.fullmatch(r"[\d\s<|()+-]+", expression):
        raise ValueError(expression)
    return eval(expression)  # pylint: disable=eval-used


class Header:
    """Enums and defines of the uapi header."""

    def __init__(self, path):
        text = read_c(path)
        self.names = {"IFNAMSIZ": 16}
        self.enums = {}
        for tag, body in re.findall(r"enum (\w+) \{(.*?)\}", text, flags=re.S):
            self.enums[tag] = self.read_enum(body)
        self.strings = dict(re.findall(r'#define (\w+) "([^"]*)"', text))
        for name, value in re.findall(r"#define (\w+) ([^\"\n]+)", text):
            self.names[name] = c_value(value, self.names)

    def read_enum(self, body):
        """Name and number of each enumerator but those with two underscores in front."""
        found, value = [], -1
        for item in filter(None, (part.strip() for part in body.split(","))):
            name, _, expression = (part.strip() for part in item.partition("="))
            value = c_value(expression, self.names) if expression else value + 1
            self.names[name] = value
            if not name.startswith("__"):
                found.append((name, value))
        return found


class Spec:
    """The YAML, with subsets completed from what they are a part of."""

    def __init__(self, path):
        self.raw = yaml.safe_load((TOP / path).read_text())
        self.definitions = {d["name"]: d for d in self.raw["definitions"]}
        self.sets = {s["name"]: s for s in self.raw["attribute-sets"]}
        self.ops = self.raw["operations"]["list"]

    def attributes(self, name):
        entry = self.sets[name]
        parent = self.attributes(entry["subset-of"]) if "subset-of" in entry else {}
        return {a["name"]: {**parent.get(a["name"], {}), **a} for a in entry["attributes"]}

    def full_sets(self):
        return {name: s for name, s in self.sets.items() if "subset-of" not in s}


class Source:
    """Policies, ops and groups of netlink_gen.c, as text."""

    def __init__(self, path):
        text = read_c(path)
        self.policies = {
            name.removesuffix("_policy").replace("_", "-"): self.read_policy(body)
            for name, body in re.findall(r"struct nla_policy (\w+)\[\] = \{(.*?)\n\};", text,
                                         flags=re.S)
        }
        table = re.search(r"struct genl_ops ops\[\] = \{(.*?)\n\};", text, flags=re.S)[1]
        self.ops = [dict(re.findall(r"\.(\w+) = ([^,]+),", op)) for op in table.split("}, {")]
        groups = re.search(r"genl_multicast_group groups\[\] = \{(.*?)\n\};", text, flags=re.S)[1]
        self.groups = re.findall(r"\.name = (\w+), \.flags = (\w+)", groups)
        family = re.search(r"struct genl_family family\b[^{]*\{(.*?)\n\};", text, flags=re.S)[1]
        self.family = dict(re.findall(r"\.(\w+) = ([^,]+),", family))

    @staticmethod
    def read_policy(body):
        lines = re.findall(r"\[(\w+)\] = (.*?),\n(?=\s*(?:\[|$))", body + "\n", flags=re.S)
        if len(lines) != body.count("["):
            raise ValueError(f"a line of a policy is not understood: {body}")
        return [(name, " ".join(value.split())) for name, value in lines]


def check_enum(checks, header, tag, prefix, entries):
    """@entries: name and number of each, from the YAML"""
    expected = [(c_name(prefix + name), value) for name, value in entries]
    checks.same(f"enum {tag}, number of entries", len(expected), len(header.enums.get(tag, [])))
    for want, found in zip(expected, header.enums.get(tag, [])):
        checks.same(f"enum {tag}", want, found)


def numbered(entries, start):
    value = start - 1
    for entry in entries:
        value = entry.get("value", value + 1)
        yield entry["name"], value


def check_documented(checks, what, entry):
    checks.true(f"{what}: documented", entry.get("type") == "pad" or entry.get("doc", "").strip())


def check_definitions(checks, spec, header):
    tags = {"dev-f": "mytun_dev_flags", "peer-f": "mytun_peer_flags",
            "allowedip-f": "mytun_allowedip_flags", "dead": "mytun_dead_reason",
            "cipher": "mytun_cipher"}
    for name, definition in spec.definitions.items():
        prefix = f"{spec.raw['name']}-{name}-"
        check_documented(checks, name, definition)
        if definition["type"] == "const":
            c_const = c_name(f"{spec.raw['name']}-{name}")
            checks.same(c_const, definition["value"], header.names.get(c_const))
            continue
        entries = list(numbered(definition["entries"], 0))
        if definition["type"] == "flags":
            entries = [(entry, 1 << bit) for entry, bit in entries]
            mask = "__" + c_name(prefix) + "ALL"
            checks.same(mask, sum(bit for _, bit in entries), header.names.get(mask))
        check_enum(checks, header, tags[name], prefix, entries)
        for entry in definition["entries"]:
            check_documented(checks, f"{name} {entry['name']}", entry)


def check_sets(checks, spec, header):
    for name, attrs in spec.full_sets().items():
        tag = attrs["enum-name"].replace("-", "_")
        entries = list(numbered(attrs["attributes"], 1))
        if entries[0][1]:
            entries.insert(0, ("unspec", 0))
        check_enum(checks, header, tag, attrs["name-prefix"], entries)
        prefix = c_name(attrs["name-prefix"])
        checks.same(prefix + "MAX", entries[-1][1], header.names.get(prefix + "MAX"))
        for attr in attrs["attributes"]:
            check_documented(checks, f"{name} {attr['name']}", attr)


def check_commands(checks, spec, header):
    ops = spec.raw["operations"]
    entries = [("unspec", 0), *numbered(spec.ops, 1)]
    check_enum(checks, header, ops["enum-name"].replace("-", "_"), ops["name-prefix"], entries)
    for op in spec.ops:
        check_documented(checks, op["name"], op)
    checks.same("family name", spec.raw["name"], header.strings.get("MYTUN_GENL_NAME"))
    groups = [group["name"] for group in spec.raw["mcast-groups"]["list"]]
    checks.same("groups", groups, [header.strings.get("MYTUN_MCGRP_EVENTS")])


def all_enums(checks, spec, header):
    known = {s["enum-name"].replace("-", "_") for s in spec.full_sets().values()}
    known |= {"mytun_cmd", "mytun_dev_flags", "mytun_peer_flags", "mytun_allowedip_flags",
              "mytun_dead_reason", "mytun_cipher",
              "mytun_link_attr"}  # rtnetlink's
    checks.same("enums in the header", sorted(known), sorted(header.enums))


def limit_name(spec, limit):
    """A number, or the name of a constant in C"""
    if limit in spec.definitions:
        return c_name(f"{spec.raw['name']}-{limit}")
    return str(limit)


def expected_policy(spec, attr):
    """How a policy has to say what the YAML says of an attribute."""
    limits, kind = attr.get("checks", {}), attr["type"]
    if kind == "nest":
        return f"NLA_POLICY_NESTED({attr['nested-attributes'].replace('-', '_')}_policy)"
    if kind == "string":
        return ("string", limits["max-len"])
    if kind == "binary" and "exact-len" in limits:
        return f"NLA_POLICY_EXACT_LEN({limit_name(spec, limits['exact-len'])})"
    if kind == "binary":
        return f"NLA_POLICY_RANGE(NLA_BINARY, {limits['min-len']}, {limits['max-len']})"
    if kind not in UNSIGNED:
        return f"{kind}: not expected in a request"
    if "flags-mask" in limits:
        return f"NLA_POLICY_MASK(NLA_{c_name(kind)}, __MYTUN_{c_name(limits['flags-mask'])}_ALL)"
    if "min" in limits and "max" in limits:
        bounds = ", ".join(limit_name(spec, limits[end]) for end in ("min", "max"))
        return f"NLA_POLICY_RANGE(NLA_{c_name(kind)}, {bounds})"
    if "min" in limits:
        return f"NLA_POLICY_MIN(NLA_{c_name(kind)}, {limits['min']})"
    if "max" in limits:
        return f"NLA_POLICY_MAX(NLA_{c_name(kind)}, {limits['max']})"
    return f"{{ .type = NLA_{c_name(kind)} }}"


def found_policy(text, header):
    string = re.fullmatch(r"\{ \.type = NLA_NUL_STRING, \.len = (.*) \}", text)
    return ("string", c_value(string[1], header.names)) if string else text


def prefix_of(spec, name):
    entry = spec.sets[name]
    return prefix_of(spec, entry["subset-of"]) if "subset-of" in entry else entry["name-prefix"]


def check_policies(checks, spec, header, source):
    subsets = sorted(name for name, s in spec.sets.items() if "subset-of" in s)
    checks.same("policies", subsets, sorted(source.policies))
    for name in subsets:
        found = source.policies.get(name, [])
        attrs = spec.attributes(name)
        names = [c_name(prefix_of(spec, name) + attr) for attr in attrs]
        checks.same(f"policy {name}: attributes", names, [attr for attr, _ in found])
        for attr, (_, text) in zip(attrs.values(), found):
            checks.same(f"policy {name}: {attr['name']}", expected_policy(spec, attr),
                        found_policy(text, header))


def request_attributes(op):
    return {attr for how in ("do", "dump")
            for attr in op.get(how, {}).get("request", {}).get("attributes", [])}


def check_op(checks, spec, op, found):
    name = op["name"]
    policy = name if op["attribute-set"] == "mytun" else op["attribute-set"]
    c_policy = policy.replace("-", "_") + "_policy"
    checks.same(f"{name}: command", "MYTUN_CMD_" + c_name(name), found.get("cmd"))
    checks.same(f"{name}: policy", c_policy, found.get("policy"))
    checks.same(f"{name}: maxattr", f"ARRAY_SIZE({c_policy}) - 1", found.get("maxattr"))
    checks.same(f"{name}: attributes", set(spec.attributes(policy)), request_attributes(op))
    checks.same(f"{name}: flags", [f"GENL_{c_name(flag)}" for flag in op["flags"]],
                [flag.strip() for flag in found.get("flags", "").split("|")])
    checks.same(f"{name}: do", "do" in op, "doit" in found)
    checks.same(f"{name}: dump", "dump" in op, "dumpit" in found)
    checks.true(f"{name}: validates strictly", "validate" not in found)


def check_replies(checks, spec, op):
    """Every message is described by attributes of its set."""
    known = set(spec.attributes("mytun"))
    for how in ("do", "dump"):
        named = op.get(how, {}).get("reply", {}).get("attributes", [])
        checks.true(f"{op['name']}: {how}: reply", set(named) <= known)
    if "event" in op:
        groups = [group["name"] for group in spec.raw["mcast-groups"]["list"]]
        checks.true(f"{op['name']}: group", op["mcgrp"] in groups)
        checks.true(f"{op['name']}: event", set(op["event"]["attributes"]) <= known)


def check_ops(checks, spec, source):
    requests = [op for op in spec.ops if "event" not in op]
    checks.same("ops", len(requests), len(source.ops))
    for op, found in zip(requests, source.ops):
        check_op(checks, spec, op, found)
    for op in spec.ops:
        check_replies(checks, spec, op)
    checks.same("groups", [("MYTUN_MCGRP_EVENTS", "GENL_MCAST_ADMIN_FLAGS")], source.groups)
    for field, value in {"name": "MYTUN_GENL_NAME", "version": "MYTUN_GENL_VERSION",
                         "netnsok": "true", "parallel_ops": "true",
                         "resv_start_op": "MYTUN_CMD_MAX + 1"}.items():
        checks.same(f"family: {field}", value, source.family.get(field))


def check_drop_names(checks, spec):
    """The words for drops that people see are those of the YAML."""
    attributes = next(s for s in spec.raw["attribute-sets"] if s["name"] == "drops")["attributes"]
    names = [(c_name(attr["name"]), attr["name"]) for attr in attributes
             if attr["type"] != "pad"]
    for path in "module/ethtool.c", "userspace/format.c":
        found = re.findall(r'\[MYTUN_DROP_(\w+)\] = "([^"]*)"', read_c(path))
        checks.same(f"drops in {path}", names, found)


def main():
    checks = Checks()
    spec = Spec("docs/netlink/mytun.yaml")
    header = Header("module/uapi/mytun.h")
    source = Source("module/netlink_gen.c")
    check_definitions(checks, spec, header)
    check_sets(checks, spec, header)
    check_commands(checks, spec, header)
    all_enums(checks, spec, header)
    check_policies(checks, spec, header, source)
    check_ops(checks, spec, source)
    check_drop_names(checks, spec)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
