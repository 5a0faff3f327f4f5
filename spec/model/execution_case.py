"""Turns a trace into a case for an execution half: the suite makes the calls that arrive in the trace."""

import json

HEAD = """  - id: EXE/model/{name}
    about: {about}
    verifies: [{verifies}]
    needs: {{own_chain: true, workloads: [test-chain]}}
    steps:
"""
PARTS = 2
DISPUTED, INVALID = 4, 5


class Unplayable(Exception):
    """The trace has a step that the suite cannot do to a half from outside."""


def flow(value):
    """A value as YAML in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    if isinstance(value, str) and value.replace("_", "").replace("$", "").replace(".", "").isalnum():
        return value
    return json.dumps(value)


def sentence(text):
    """A sentence as a YAML scalar."""
    return json.dumps(text) if ": " in text else text


class Writer:
    """The steps so far, and what the suite holds."""

    def __init__(self, states):
        self.states = states
        self.lines = []
        self.token = {"A": None, "B": None}
        self.before = None
        self.proposals = {}
        self.built = {}
        self.streams = set()
        self.two = any(s["did"]["what"] == "deliver of the other" for s in states)

    def step(self, action, value, expect=None):
        self.lines.append(f"      - {action}: {flow(value)}")
        if expect is not None:
            self.lines.append(f"        expect: {{any_of: [{', '.join(flow(e) for e in expect)}]}}")

    def ahead(self, index, test):
        """The first later state that passes the test."""
        return next((s for s in self.states[index + 1:] if test(s)), None)

    def proposal(self, content, certified=False):
        """The name of a proposal of this content, made when it is first needed."""
        if content in self.built:
            return f"B{content}"
        name = f"P{content}"
        if content not in self.proposals:
            mutations = []
            if content % 10 == INVALID:
                mutations = ["FLIP_SIGNATURE_BYTE"] + (["CERTIFIED_AS_SENT"] if self.decided_invalid() else [])
            elif content % 10 == DISPUTED:
                mutations = ["TIMESTAMP_AHEAD"]
            made = {"as": name}
            if mutations:
                made["mutations"] = mutations
            else:
                made["variant"] = content % 10
            self.step("propose", made)
            self.proposals[content] = name
        return name

    def decided_invalid(self):
        return any(s["did"]["note"] == "invalid here" for s in self.states)

    # ---- what happens

    def deliver(self, index, state):
        did, who = state["did"], "B" if state["did"]["what"].endswith("other") else "A"
        tag, value = did["call"]["tag"], did["call"]["value"]
        extra = {"session": "other"} if who == "B" else {}
        if tag != "Handshake":
            extra |= self.token_of(who, state["token"])
        if "token" in extra and tag in ("Open", "Import"):
            raise Unplayable("a stream with the token of an older session")
        refused = did["note"] if did["note"] not in ("", "answered") else None
        error = [{"error": {"reason": refused}}]
        getattr(self, "on_" + tag.lower())(index, state, value, extra, refused and error)

    def token_of(self, who, token):
        if token == self.token[who]:
            return {}
        if token == self.before:
            return {"token": {"of": "main"}}
        raise Unplayable("a token from before the last handshake but one")

    def on_handshake(self, index, state, value, extra, error):
        who = "B" if extra else "A"
        request = {"request": {"takeover": True}} if value["takeover"] else {}
        committed = state["execution"]["committed"]
        position = {"height": self.height(len(committed)), "commitment": self.commitment(committed[-1])} if committed else None
        reply = [{"reply": {"position": {"committed": position}}}]
        self.step("call", {"method": "Handshake"} | extra | request, error or reply)
        if not error:
            if who == "A":
                self.before = self.token["A"]
            first = self.token["A"] is None
            self.token[who] = state["said"][0]["reply"]["value"]["token"]
            # Watch is opened once: a holder without one counts as watching for ten seconds.
            if self.two and who == "A" and first:
                self.step("wait_for", {"state": {"phase": state["execution"]["phase"].upper()}})

    def height(self, model):
        return "$first" if model == 1 else f"$first+{model - 1}"

    def commitment(self, content):
        return f"${self.proposal(content)}.commitment"

    def on_startround(self, index, state, value, extra, error):
        ours = value["r"] < 3 and (value["h"] + value["r"]) % 2 == 1
        request = {"height": self.height(value["h"]), "round": value["r"]} | ({"role": "PROPOSER"} if ours else {})
        self.step("call", {"method": "StartRound", "request": request} | extra, error or [{"reply": {}}])

    def on_build(self, index, state, value, extra, error):
        request = {"round": value["r"]}
        if error:
            self.step("call", {"method": "BuildProposal", "request": {"height": self.height(value["h"])} | request} | extra, error)
            return
        number = state["did"]["id"]
        heard = [s for s in self.states[index + 1:] if s["heard"] and s["did"]["id"] == number]
        if heard and heard[-1]["heard"]["tag"] == "Built":
            content = heard[-1]["heard"]["value"]["content"]
            slot = (value["h"], value["r"])
            if self.built.get(content, slot) != slot:
                raise Unplayable("one content in two slots: a real build differs in INIT")
            again = {"same_parts_as": f"B{content}"} if content in self.built else {}
            self.step("build", {"as": f"B{content}" if not again else f"B{content}again", "request": request} | again | extra,
                      [{"reply": {"built": {"commitment": "*"}}}])
            self.built[content] = slot
        else:
            self.step("open", {"method": "BuildProposal", "as": f"S{number}", "request": request} | extra)
            self.streams.add(number)

    def on_open(self, index, state, value, extra, error):
        number = state["did"]["id"]
        name = self.proposal(value["content"])
        opened = {"basis": {"kind": value["basis"]}}
        if value["basis"] == "QUORUM":
            opened = {"basis": {"kind": "QUORUM", "valid_round": 0}, "valid_round": None}
        validate = {"proposal": name} | ({"same_as": True} if value["sameAs"] else {}) | {"open": opened} | extra
        verdict = self.ahead(index, lambda s: any(a["id"] == number and a["reply"]["tag"] == "Verdict" for a in s["said"]))
        if error:
            self.step("validate", validate, error)
            return
        if verdict is None:
            raise Unplayable("a validation without a verdict")
        between = self.states[index + 1:self.states.index(verdict)]
        if any(s["did"]["what"].startswith("deliver") and s["did"]["id"] != number for s in between):
            raise Unplayable("calls between the parts of a proposal and its verdict")
        said = next(a["reply"]["value"] for a in verdict["said"] if a["id"] == number)
        bare = {"INVALID": {"invalid": {}}, "EXPIRED": {"expired": {}}}
        kept = {said["verdict"].lower(): {"commitment": f"${name}.commitment"}}
        if value["basis"] == "FRESH" and said["verdict"] == "VALID" and (value["content"] % 10 == DISPUTED or any(
                c % 10 == DISPUTED for c in state["execution"]["committed"])):
            raise Unplayable("a clock that no longer objects")
        self.step("validate", validate, [{"verdict": bare.get(said["verdict"], kept)}])

    def on_end(self, index, state, value, extra, error):
        pass

    def on_abort(self, index, state, value, extra, error):
        if state["did"]["id"] in self.streams:
            self.step("call", {"method": "Abort", "request": {"stream_id": f"$S{state['did']['id']}.stream_id"}} | extra)

    def on_reframe(self, index, state, value, extra, error):
        request = {"init": f"${self.proposal(value['c'])}.init", "round": value["r"], "valid_round": value["vr"]}
        self.step("call", {"method": "ReframeInit", "request": request} | extra, error or [{"reply": {"init": "*"}}])

    def written(self, index):
        """The write of the decision that this state accepts, unless the half dies before it."""
        later = self.ahead(index, lambda s: s["did"]["what"] in ("write", "execution dies"))
        return later is not None and later["did"]["what"] == "write"

    def on_decide(self, index, state, value, extra, error):
        commitment = "0x06*32" if value["c"] % 10 == 6 else self.commitment(value["c"])
        request = {"height": self.height(value["h"]), "commitment": commitment}
        done = state["did"]["note"] == "answered" or self.written(index)
        if not error and not done:
            raise Unplayable("a half that dies before its block is durable")
        reply = [{"reply": {"committed": {"height": self.height(value["h"]), "commitment": commitment}}}]
        self.step("call", {"method": "Decide", "request": request} | extra, error or reply)

    def on_import(self, index, state, value, extra, error):
        committed = state["execution"]["committed"]
        again = state["did"]["note"] == "answered"
        if error and error[0]["error"]["reason"] == "HEIGHT_MISMATCH":
            name = self.proposal(value["content"] % 10 + 10 * (len(committed) + 1))
            header = {"height": "$next+1", "certificate": {"height": "$next+1"}}
            self.step("import", {"proposal": name, "header": header} | extra, error)
            return
        name = self.proposal(value["content"])
        if value["content"] != value["c"]:
            right = self.proposal(value["c"])
            self.step("import", {"proposal": name, "header": {"certificate": f"${right}.certificate"}} | extra,
                      [{"reply": {"outcome": "MISMATCH", "computed": f"${name}.commitment"}}])
            return
        if not error and not again and not self.written(index):
            raise Unplayable("a half that dies before its block is durable")
        outcome = "ALREADY_COMMITTED" if again else "COMMITTED"
        if error and error[0]["error"]["reason"] == "CONFLICT":
            error = [{"reply": {"outcome": "CONFLICT"}}]
        self.step("import", {"proposal": name} | extra, error or [{"reply": {"outcome": outcome}}])

    def happens(self, index, state):
        did = state["did"]
        what = did["what"]
        if what.startswith("deliver"):
            self.deliver(index, state)
        elif what == "execution dies":
            self.step("kill", {})
            self.streams.clear()
        elif what == "execution starts":
            if did["note"]:
                raise Unplayable("a backup")
            self.step("restart", {})
        elif what == "consensus dies":
            self.step("disconnect", {})
        elif state["heard"] and did["id"] in self.streams and state["heard"]["tag"] == "Part":
            kind = "INIT" if state["heard"]["value"]["index"] == 0 else "BODY"
            self.step("receive", {"stream": f"S{did['id']}"},
                      [{"reply": {"part": {"index": state["heard"]["value"]["index"], "kind": kind}}}])
        elif what in ("evict", "lapse", "budget over", "expire"):
            raise Unplayable(what)


def case(name, about, verifies, states):
    """The case as YAML text; Unplayable if there is none."""
    writer = Writer(states)
    for index, state in enumerate(states):
        if index:
            writer.happens(index, state)
    head = HEAD.format(name=name, about=sentence(about), verifies=", ".join(verifies))
    return head + "\n".join(writer.lines) + "\n"
