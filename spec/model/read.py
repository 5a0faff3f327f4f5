#!/usr/bin/env python3
"""Prints an ITF trace of the model: one line for each step, with what both halves know after it."""

import json
import sys


def plain(value):
    """ITF's encodings as plain Python values."""
    if isinstance(value, dict):
        if "#map" in value:
            return {key_of(k): plain(v) for k, v in value["#map"]}
        if "#set" in value:
            return [plain(v) for v in value["#set"]]
        if "#tup" in value:
            return tuple(plain(v) for v in value["#tup"])
        if "#bigint" in value:
            return int(value["#bigint"])
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def key_of(value):
    value = plain(value)
    return tuple(value) if isinstance(value, list) else value


def states(path):
    """The worlds of a trace, first to last."""
    with open(path, encoding="utf-8") as file:
        return [plain(state["w"]) for state in json.load(file)["states"]]


def call(did):
    """A call in one word and its arguments."""
    tag, value = did["call"]["tag"], did["call"]["value"]
    if not isinstance(value, dict):
        return tag
    return f"{tag}({', '.join(f'{k} {v}' for k, v in value.items())})"


CALLS = ("deliver", "connect", "start", "build", "reframe", "validate", "commit", "other calls")


def line(world):
    """What was done, and the two positions after it."""
    did, e, c = world["did"], world["e"], world["c"]
    what = did["what"]
    parts = [what]
    if what.startswith(CALLS):
        parts.append(f"#{did['id']} {call(did)}")
    elif did["id"] and what in ("reply", "judge", "expire", "lose"):
        parts.append(f"#{did['id']}")
    if what in ("prevote", "precommit", "nil", "propose", "make part", "write", "peer proposes", "learn", "judge",
                "quorum of prevotes", "decision", "budget over", "evict"):
        parts.append(f"({did['h']}, {did['r']}) {did['c']}")
    if did["note"]:
        parts.append(f"[{did['note']}]")
    committed = max(e["committed"], default=0)
    held = max(c["disk"]["certificates"], default=0)
    execution = f"instance {e['instance']} at {committed}" if e["up"] else "down"
    consensus = f"{c['session']} at {c['at']}.{c['round']}, decided {held}" if c["up"] else "down"
    return f"{' '.join(parts):<72} | {execution:<17} | {consensus}"


def main():
    for path in sys.argv[1:]:
        for number, world in enumerate(states(path)):
            calm = f"calm {world['calm']}" if world["calm"] >= 0 else ""
            print(f"{number:>4} {line(world)} {calm}")
        for event in world["s"]["events"]:
            print(f"     observed: {event}")


if __name__ == "__main__":
    main()
