#!/usr/bin/env python3
"""Reads the dialogues of this folder with nothing but the .proto files, the tables and Python's standard library.

Every message is decoded, compared with its ProtoJSON and encoded again; calls begin and end as their shape says; tokens,
stream ends, errors and certificates hold. Run: python3 check.py.
"""

import base64
import importlib.util
import json
import pathlib
import re
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent
ROOT = VECTORS.parent.parent


def module(folder):
    """The check of another folder, as a module: it reads messages, or verifies signatures."""
    sys.path.insert(0, str(VECTORS / folder))
    spec = importlib.util.spec_from_file_location(f"{folder}_check", VECTORS / folder / "check.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


wire, signatures = module("wire"), module("signatures")
ERRORS = {row["name"]: row for row in tomllib.loads((ROOT / "spec/tables/errors.toml").read_text())["reason"]}
DOMAIN = re.search(r'Domain = "(.*)"', (ROOT / "proto/go/ecp/reasons.go").read_text())[1]
GENESIS = json.loads((VECTORS / "test-chain/genesis.json").read_text())
SERVICE = (ROOT / "proto/starknet/ecp/v1alpha1/execution_service.proto").read_text()
METHODS = {
    name: (bool(asks), bool(tells))
    for name, asks, tells in re.findall(r"rpc (\w+)\((stream )?\w+\) returns \((stream )?\w+\)", SERVICE)
}


def fields(data):
    """Numbers and values of any message, without its definition."""
    at, found = 0, {}
    while at < len(data):
        number, kind, at = wire.read_key(data, at)
        value, at = wire.read_value(data, at, kind, number)
        found.setdefault(number, []).append(value)
    return found


def error_info(status):
    """Text, reason, domain, metadata and pause in ms in an encoded google.rpc.Status."""
    told = fields(status)
    details = {}
    for detail in told.get(3, []):
        kind, value = (fields(detail)[number][0] for number in (1, 2))
        details[kind.decode().rsplit(".", 1)[1]] = fields(value)
    info = details["ErrorInfo"]
    entries = [fields(entry) for entry in info.get(3, [])]
    metadata = {entry[1][0].decode(): entry[2][0].decode() for entry in entries}
    retry = None
    if "RetryInfo" in details:
        delay = fields(details["RetryInfo"][1][0])
        retry = delay.get(1, [0])[0] * 1000 + delay.get(2, [0])[0] // 1_000_000
    return told[2][0].decode(), info[1][0].decode(), info[2][0].decode(), metadata, retry


def check_certificate(certificate):
    """A quorum of the genesis committee signed it."""
    committee = [
        {"address": f"0x{int(member['address'], 16):064x}", **{k: member[k] for k in ("public_key", "voting_power")}}
        for member in GENESIS["params"]["committee"]
    ]
    unhex = lambda text: "0x" + base64.b64decode(text).hex()
    height = int(certificate["height"])
    case = {
        "committee": committee,
        "certificate": {
            "height": height, "round": certificate["round"], "commitment": unhex(certificate["commitment"]),
            "signatures": [{key: unhex(entry[key]) for key in ("address", "signature")} for entry in certificate["signatures"]],
        },
    }
    network = {"chain_id": GENESIS["chain_id"], "fork_id": GENESIS["fork_id"]}
    vectors = {"network": network, "scheme": "ed25519", "height": height, "quorum": GENESIS["params"]["quorum"]}
    found = signatures.verdict(vectors, case)
    assert found == "valid", f"its certificate is not valid: {found}"


class Call:
    def __init__(self, method):
        self.method, self.asked, self.told, self.closed = method, [], [], False

    def parts(self, said):
        return [message["part"] for message in said if "part" in message]

    def say(self, half, message):
        """Takes a message and checks it against those before it."""
        said, streams = (self.asked, METHODS[self.method][0]) if half == "consensus" else (self.told, METHODS[self.method][1])
        assert streams or not said, f"{half} speaks twice in {self.method}"
        assert half == "execution" or not self.closed, "it was half-closed"
        ends = message.get("end") or message.get("built", {}).get("counts")
        if ends:
            parts = self.parts(said)
            sizes = sum(len(base64.b64decode(part.get("payload", ""))) for part in parts)
            assert (ends["parts"], int(ends["bytes"])) == (len(parts), sizes), "End counts other parts"
            assert [part["index"] for part in parts] == list(range(len(parts))), "indexes"
        if valid := message.get("verdict", {}).get("valid"):
            finals = [part for part in self.parts(self.asked) if part["kind"] == "PART_KIND_FIN"]
            named = [base64.b64decode(part["payload"])[:32] for part in finals] or [base64.b64decode(self.asked[0]["open"]["sameAs"])]
            assert named == [base64.b64decode(valid["commitment"])], "VALID names another commitment than FIN"
        for holder in (message, message.get("header", {})):
            if "certificate" in holder:
                check_certificate(holder["certificate"])
        said.append(message)


def check_dialogue(dialogue):
    """How many messages it has."""
    calls, tokens, begun, count = {}, set(), 0, 0
    for place, event in enumerate(dialogue["events"]):
        try:
            match next(iter(event)):
                case "note" | "started":
                    calls = {} if "started" in event else calls
                case "begin":
                    begun += 1
                    assert event["begin"] == begun and event["method"] in METHODS
                    assert (event["method"] == "Handshake") != (event.get("session") in tokens), "session"
                    calls[begun] = Call(event["method"])
                case "from":
                    call = calls[event["call"]]
                    suffix = {"consensus": "Request", "execution": "Response"}[event["from"]]
                    assert event["message"] == call.method + suffix
                    data = bytes.fromhex(event["hex"])
                    decoded = wire.decode(event["message"], data)
                    assert wire.to_json(event["message"], decoded) == event["json"], "ProtoJSON"
                    assert wire.encode(event["message"], decoded) == data, "bytes"
                    call.say(event["from"], event["json"])
                    if "sessionToken" in event["json"]:
                        tokens.add(base64.b64decode(event["json"]["sessionToken"]).hex())
                    count += 1
                case "half_closed":
                    calls[event["half_closed"]].closed = True
                case "reset":
                    del calls[event["reset"]]
                case "ended":
                    call = calls.pop(event["ended"])
                    if event["code"] == "OK":
                        assert call.closed, "a call ends that the caller did not half-close"
                        assert METHODS[call.method][1] or len(call.told) == 1, "no reply"
                        continue
                    row = ERRORS[event["reason"]]
                    assert row["code"] == event["code"], "code"
                    assert row["calls"] == ["*"] or call.method in row["calls"], f"not an error of {call.method}"
                    assert {entry["key"] for entry in row.get("metadata", [])} == set(event["metadata"]), "metadata"
                    told = error_info(bytes.fromhex(event["status"]))
                    assert told == (event["text"], event["reason"], DOMAIN, event["metadata"], event.get("retry_ms")), told
                    assert row["action"] != "retry" or "retry_ms" in event, "no pause"
                case other:
                    raise AssertionError(other)
        except (AssertionError, KeyError) as error:
            raise AssertionError(f"event {place}, {json.dumps(event)[:120]}: {error!r}") from error
    assert all(call.method == "Watch" for call in calls.values()), "a call is left open"
    return count


def main():
    paths, count = sorted(HERE.glob("*.json")), 0
    for path in paths:
        try:
            count += check_dialogue(json.loads(path.read_text()))
        except AssertionError as error:
            sys.exit(f"{path.name}: {error}")
    assert len(paths) >= 10
    print(f"dialogues: {count} messages of {len(paths)} conversations hold")


if __name__ == "__main__":
    main()
