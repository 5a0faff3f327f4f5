#!/usr/bin/env python3
"""Reads the vectors of this folder with nothing but the .proto files and Python's standard library.

Every golden message is decoded by a small walker of the wire format, compared with its ProtoJSON, and encoded again.
Run: python3 check.py. It prints one line and exits with 0, or says what differs and exits with 1.
"""

import base64
import hashlib
import json
import pathlib
import re
import sys
import tomllib

FOLDER = pathlib.Path(__file__).resolve().parent
VECTORS = FOLDER.parent
ROOT = VECTORS.parent.parent
PACKAGE = "starknet.ecp.v1alpha1"
NUMBERS = {"uint32": 32, "uint64": 64, "bool": 64}


class Malformed(Exception):
    """Bytes that are no message."""


class Field:
    """One field: its number, type, and whether it is repeated, has presence, and shares a oneof."""

    def __init__(self, name, number, kind, label, oneof):
        self.name, self.number, self.kind, self.oneof = name, number, kind, oneof
        self.repeated = label == "repeated"
        self.present = label == "optional" or oneof is not None
        head, *rest = name.split("_")
        self.json_name = head + "".join(word.capitalize() for word in rest)


def read_schema():
    """Messages as {name: [Field]} and enums as {name: {number: value name}}, from the .proto files."""
    messages, enums = {}, {}
    for path in sorted((ROOT / "proto" / PACKAGE.replace(".", "/")).glob("*.proto")):
        block = oneof = None
        for line in path.read_text().splitlines():
            line = line.split("//")[0].strip()
            if found := re.fullmatch(r"(message|enum|service) (\w+) \{(\})?", line):
                kind, name, closed = found.groups()
                block = {"message": messages, "enum": enums, "service": {}}[kind].setdefault(name, [] if kind != "enum" else {})
                if closed:
                    block = None
            elif found := re.fullmatch(r"oneof (\w+) \{", line):
                oneof = found[1]
            elif line == "}":
                oneof, block = (None, block) if oneof else (None, None)
            elif isinstance(block, list) and (found := re.fullmatch(r"(?:(optional|repeated) )?([\w.]+) (\w+) = (\d+);", line)):
                label, kind, name, number = found.groups()
                block.append(Field(name, int(number), kind, label, oneof))
            elif isinstance(block, dict) and (found := re.fullmatch(r"(\w+) = (\d+);", line)):
                block[int(found[2])] = found[1]
    return messages, enums


MESSAGES, ENUMS = read_schema()


def read_varint(data, at):
    value = 0
    for i in range(10):
        if at + i >= len(data):
            raise Malformed("a varint is cut")
        byte = data[at + i]
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            if value >= 1 << 64:
                raise Malformed("a varint has more than 64 bits")
            return value, at + i + 1
    raise Malformed("a varint has more than ten bytes")


def take(data, at, size):
    if at + size > len(data):
        raise Malformed("a field goes over the end")
    return data[at : at + size], at + size


def read_value(data, at, wire, number):
    """The raw value behind a key: a number or bytes; a group gives None."""
    if wire == 0:
        return read_varint(data, at)
    if wire == 1:
        return take(data, at, 8)
    if wire == 2:
        size, at = read_varint(data, at)
        return take(data, at, size)
    if wire == 3:
        while True:
            inner, wire, at = read_key(data, at)
            if wire == 4:
                if inner != number:
                    raise Malformed("a group ends that did not begin")
                return None, at
            _, at = read_value(data, at, wire, inner)
    if wire == 5:
        return take(data, at, 4)
    raise Malformed(f"wire type {wire}")


def read_key(data, at):
    key, at = read_varint(data, at)
    if not 0 < key >> 3 < 1 << 29:
        raise Malformed("a field number that does not exist")
    return key >> 3, key & 7, at


def scalar(kind, raw):
    """A value of the field's type. Numbers keep their low bits."""
    if kind == "bytes":
        return raw
    if kind == "string":
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("a text is not UTF-8") from error
    if kind == "bool":
        return raw != 0
    if kind in NUMBERS:
        return raw & ((1 << NUMBERS[kind]) - 1)
    low = raw & 0xFFFFFFFF
    return low - (1 << 32) if low >= 1 << 31 else low


def decode(name, data, into=None):
    """The message as {field name: value}; the last value counts, messages merge, unknown fields are dropped."""
    message = {} if into is None else into
    fields = {field.number: field for field in MESSAGES[name]}
    at = 0
    while at < len(data):
        number, wire, at = read_key(data, at)
        raw, at = read_value(data, at, wire, number)
        field = fields.get(number)
        if field is None:
            continue
        if field.repeated and wire == 2 and (field.kind in NUMBERS or field.kind in ENUMS):
            inner = 0
            while inner < len(raw):
                value, inner = read_varint(raw, inner)
                message.setdefault(field.name, []).append(scalar(field.kind, value))
            continue
        if wire != (0 if field.kind in NUMBERS or field.kind in ENUMS else 2):
            continue
        if field.oneof:
            for other in MESSAGES[name]:
                if other.oneof == field.oneof and other is not field:
                    message.pop(other.name, None)
        if field.kind in MESSAGES:
            if field.repeated:
                message.setdefault(field.name, []).append(decode(field.kind, raw))
            else:
                message[field.name] = decode(field.kind, raw, message.get(field.name))
        elif field.repeated:
            message.setdefault(field.name, []).append(scalar(field.kind, raw))
        else:
            message[field.name] = scalar(field.kind, raw)
    return message


def is_set(field, message):
    """A field without presence is set if it is not zero or empty."""
    if field.name not in message:
        return False
    return field.present or field.kind in MESSAGES or bool(message[field.name])


def json_value(kind, value):
    if kind in MESSAGES:
        return to_json(kind, value)
    if kind in ENUMS:
        return ENUMS[kind].get(value, value)
    if kind == "bytes":
        return base64.b64encode(value).decode()
    return str(value) if kind == "uint64" else value


def to_json(name, message):
    out = {}
    for field in MESSAGES[name]:
        if is_set(field, message):
            value = message[field.name]
            many = [json_value(field.kind, item) for item in value] if field.repeated else None
            out[field.json_name] = many if field.repeated else json_value(field.kind, value)
    return out


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def encode(name, message):
    out = b""
    for field in sorted(MESSAGES[name], key=lambda field: field.number):
        if not is_set(field, message):
            continue
        value = message[field.name]
        sized = lambda content: varint(field.number << 3 | 2) + varint(len(content)) + content
        if field.kind in MESSAGES:
            out += b"".join(sized(encode(field.kind, item)) for item in (value if field.repeated else [value]))
        elif field.kind in ("bytes", "string"):
            out += sized(value.encode() if field.kind == "string" else value)
        elif field.repeated:
            out += sized(b"".join(varint(item) for item in value))
        else:
            out += varint(field.number << 3) + varint(int(value))
    return out


def unhex(hex):
    pieces = [hex] if isinstance(hex, str) else hex
    whole = (bytes.fromhex(p) if isinstance(p, str) else bytes.fromhex(p["hex"]) * p["times"] for p in pieces)
    return b"".join(whole)


def path_exists(name, path):
    """Whether a path such as `certificate.signatures[2].address` leads to a field, or to a oneof."""
    for step in path.split("."):
        if name not in MESSAGES:
            return False
        found = re.fullmatch(r"(\w+)(\[\d+\])?", step)
        if any(field.oneof == found[1] for field in MESSAGES[name]):
            name = None
            continue
        field = next((field for field in MESSAGES[name] if field.name == found[1]), None)
        if field is None or bool(found[2]) and not field.repeated:
            return False
        name = field.kind
    return True


def check_case(name, receiver, case, reasons):
    """What is wrong with a case, or None."""
    data, verdict = unhex(case["hex"]), case["verdict"]
    try:
        message = decode(name, data)
    except Malformed as error:
        return None if verdict == "undecodable" else f"is undecodable: {error}"
    if verdict == "undecodable":
        return "can be decoded"
    if "json" in case and to_json(name, message) != case["json"]:
        return f"reads as {json.dumps(to_json(name, message))}"
    if "json" not in case and len(data) <= 4096:
        return "has no json"
    if (encode(name, message) == data) != case.get("plain", True):
        return "an encoder makes other bytes than it says"
    if verdict == "accepted":
        return "has a reason or a field" if "reason" in case or "field" in case else None
    if verdict != "refused":
        return f"verdict {verdict}"
    if (receiver == "consensus") == ("reason" in case):
        return "a reason stands exactly where a status can be sent"
    if case.get("reason", "FIELD_INVALID") not in reasons:
        return f"no table has {case['reason']}"
    if "field" in case and not path_exists(name, case["field"]):
        return f"no field {case['field']}"
    return None


def check_manifest():
    """What is wrong with the digests of all vectors."""
    listed = {entry["path"]: entry["sha256"] for entry in json.loads((VECTORS / "MANIFEST.json").read_text())["files"]}
    found = {
        path.relative_to(VECTORS).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VECTORS.rglob("*.json")
        if path != VECTORS / "MANIFEST.json"
    }
    for path in sorted(listed.keys() | found.keys()):
        if listed.get(path) != found.get(path):
            yield f"MANIFEST.json: {path} is not the file that it lists"


def check_examples():
    """How many messages the page of worked examples shows, and what is wrong with them."""
    page = (ROOT / "spec/examples.md").read_text()
    shown = re.compile(
        r"\*(consensus|execution) → (?:consensus|execution):\* `(\w+)`, (\d+) bytes [^\n]*\n"
        r"(?:```text\n([0-9a-f\n]*)```\n```json\n(.*?)```)?",
        re.DOTALL,
    )
    found = shown.findall(page)
    wrong = [] if len(found) == page.count(" bytes ([vectors]") > 0 else ["examples.md: a message is not read here"]
    for sender, name, size, digits, text in found:
        data = bytes.fromhex(digits.replace("\n", ""))
        try:
            read = to_json(name, decode(name, data))
            if len(data) != int(size) or read != json.loads(text or "{}") or encode(name, decode(name, data)) != data:
                wrong.append(f"examples.md: {name} reads as {json.dumps(read)}")
        except Malformed as error:
            wrong.append(f"examples.md: {name} is undecodable: {error}")
        if name.endswith("Request") != (sender == "consensus"):
            wrong.append(f"examples.md: {name} goes the wrong way")
    return len(found), wrong


def main():
    reasons = {row["name"] for row in tomllib.loads((ROOT / "spec/tables/errors.toml").read_text())["reason"]}
    wrong, count = list(check_manifest()), 0
    files = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
    for name in sorted(files.keys() ^ MESSAGES.keys()):
        wrong.append(f"{name}: a message without vectors, or the other way round")
    for name, file in files.items():
        if file["message"] != f"{PACKAGE}.{name}":
            wrong.append(f"{name}: holds {file['message']}")
        for case in file["cases"]:
            count += 1
            if problem := check_case(name, file["receiver"], case, reasons):
                wrong.append(f"{name} / {case['name']}: {problem}")
    examples, wrong_examples = check_examples()
    wrong += wrong_examples
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"wire: {count} cases of {len(files)} messages decode, encode and read as they say, and {examples} worked examples")


if __name__ == "__main__":
    main()
