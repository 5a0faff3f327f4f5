"""Turns a trace into a case for a consensus half of one validator: the suite is the execution half.

The trace has one fault, of either half or of both. The case does it at the same place of height 2, and then awaits the
calls that the model makes after it."""

from execution_case import flow, sentence

HEAD = """  - id: CON/model/{name}
    about: {about}
    verifies: [{verifies}]
    steps:
"""
# The model's first height is played at height 2: at the first one a half may still be starting.
SHIFT = 1
METHODS = {"Handshake": "Handshake", "StartRound": "StartRound", "Build": "BuildProposal", "Decide": "Decide",
           "Import": "ImportDecided", "Open": "ValidateProposal"}
ASKS = ("connect", "start", "build", "commit", "validate")


def when(call):
    """The part of a request that names the place."""
    value = call["value"]
    if call["tag"] == "Handshake":
        return {}
    place = {"height": value["h"] + SHIFT}
    if call["tag"] in ("StartRound", "Build"):
        place["round"] = value["r"]
    return place


def fault(states):
    """Where the fault is: the states before and after it, which halves die, and the call that was under way."""
    index = next(i for i, s in enumerate(states) if s["did"]["what"] in ("execution dies", "consensus dies"))
    dead, end = set(), index
    for i in range(index, len(states)):
        if states[i]["did"]["what"] in ("execution dies", "consensus dies"):
            dead.add(states[i]["did"]["what"].split()[0])
        if states[i]["did"]["what"].endswith("starts"):
            end = i
        if states[i]["did"]["what"] in ("connect", "give up"):
            break
    return index, end, dead


def case(name, about, verifies, states):
    """The case as YAML text."""
    index, end, dead = fault(states)
    before = states[:index]
    # The call under way, or the next one if there is none.
    last = before[-1]
    asked = [s for s in before if s["did"]["what"] in ASKS and s["did"]["id"] in last["consensus"]["open"]]
    if asked:
        call, number = asked[-1]["did"]["call"], asked[-1]["did"]["id"]
        taken = any(s["did"]["what"] == "deliver" and s["did"]["id"] == number for s in before)
    else:
        call, number, taken = {"tag": "StartRound", "value": {"h": last["consensus"]["at"] + 1, "r": 0}}, 0, False
    durable = any(s["did"]["what"] == "write" for s in before) and call["tag"] == "Decide"
    parts = sum(1 for s in before if s["heard"] and s["did"]["id"] == number and s["heard"]["tag"] == "Part")
    rule = {"as": "fault", "method": METHODS[call["tag"]], "when": when(call), "times": 1}
    if parts:
        rule["after"] = parts
    rule |= {"die_before": True} if "execution" in dead else {"silence": True}
    if durable or (taken and call["tag"] == "StartRound"):
        rule["delivered"] = True
    lines = [f"      - rule: {flow(rule)}", f"      - await_call: {flow({'method': rule['method'], 'rule': 'fault'})}"]
    if "consensus" in dead:
        lines.append("      - kill: {}")
        if "execution" not in dead:
            lines.append("      - rule: " + flow({"as": "fault", "method": rule["method"], "drop": True}))
        lines.append("      - restart: {}")
    # A call with the old token may come first; what follows the fault begins with the handshake.
    rest = states[end + 1:]
    first = next(i for i, s in enumerate(rest) if s["did"]["what"] == "connect")
    later = [s for s in rest[first:] if s["did"]["what"] in ASKS]
    for position, state in enumerate(later):
        call = state["did"]["call"]
        named = {"as": "again"} if position == 0 else {}
        method = METHODS[call["tag"]]
        awaited = {"method": method} | named
        if call["tag"] != "Handshake":
            awaited["request"] = when(call)
        # A repeat of what the model does once is no error here: only that it comes is awaited.
        lines.append(f"      - await_call: {flow(awaited)}")
        lines.append("        expect: {any_of: [{call: {}}]}")
    lines.append(f"      - await_decided: {flow({'height': 3 + SHIFT})}")
    lines.append(f"        requirement: {verifies[0]}")
    marked = [s["did"]["call"]["value"] for s in before if s["did"]["what"] == "build"]
    for slot in marked:
        if not any(s["did"]["what"] == "build" and s["did"]["call"]["value"] == slot for s in later):
            place = when({"tag": "Build", "value": slot})
            lines.append("      - no_call: " + flow({"method": "BuildProposal", "request": place, "since": "again"}))
            lines.append(f"        requirement: {verifies[0]}")
    return HEAD.format(name=name, about=sentence(about), verifies=", ".join(verifies)) + "\n".join(lines) + "\n"
