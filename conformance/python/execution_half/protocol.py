"""The wire: messages from the descriptor set of the protocol, errors, and the checks of request fields."""

import pathlib

import google.rpc.error_details_pb2 as details
import google.rpc.status_pb2 as status
import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

IMAGE = pathlib.Path(__file__).resolve().parents[3] / "proto" / "image.binpb"
PACKAGE = "starknet.ecp.v1alpha1"
PRIME = 2**251 + 17 * 2**192 + 1
MESSAGE_BYTES, PART_BYTES, HANDSHAKE_BYTES = 8 << 20, 6 << 20, 64 << 10
BUDGET_MS_MAX, MEMBERS_MAX, EVIDENCE_MAX, TEXT_MAX = 600_000, 1_000, 64, 1_024
PARTS_MAX, CONDITION_WAIT_S = 1 << 18, 10.0
WATCH_LOST_S, HEARTBEAT_S = 10.0, 0.5


def _load():
    pool = descriptor_pool.DescriptorPool()
    files = descriptor_pb2.FileDescriptorSet.FromString(IMAGE.read_bytes()).file
    for file in files:
        pool.Add(file)
    return message_factory.GetMessageClassesForFiles([file.name for file in files], pool), pool


_CLASSES, _POOL = _load()
CALLS = _POOL.FindServiceByName(f"{PACKAGE}.ExecutionService").methods


def message(name):
    return _CLASSES[f"{PACKAGE}.{name}"]


def enum(name):
    """Numbers by name, without the prefix of the enumeration."""
    values = _POOL.FindEnumTypeByName(f"{PACKAGE}.{name}").values
    cut = len(values[0].name) - len("UNSPECIFIED")
    return {value.name[cut:]: value.number for value in values}


PHASE, KIND, ROLE = enum("Phase"), enum("PartKind"), enum("SessionRole")
BASIS, INVALID, LOCAL, OUTCOME = enum("BasisKind"), enum("InvalidReason"), enum("LocalReason"), enum("ImportOutcome")

_CODE = grpc.StatusCode
_STATUS = {
    "LIMIT_EXCEEDED": _CODE.RESOURCE_EXHAUSTED,
    "ROLE_REFUSED": _CODE.PERMISSION_DENIED,
    "FIELD_INVALID": _CODE.INVALID_ARGUMENT,
    "STREAM_ORDER": _CODE.INVALID_ARGUMENT,
    "STREAM_ID_REUSED": _CODE.ALREADY_EXISTS,
    "FEATURE_NOT_NEGOTIATED": _CODE.UNIMPLEMENTED,
    "DRAINING": _CODE.UNAVAILABLE,
    "PRUNED": _CODE.OUT_OF_RANGE,
    "ROUND_BURNED": _CODE.ABORTED,
    "UNKNOWN_PROPOSAL": _CODE.NOT_FOUND,
    "BUSY": _CODE.RESOURCE_EXHAUSTED,
    "STORAGE_FAILED": _CODE.INTERNAL,
    "INTERNAL_FAULT": _CODE.INTERNAL,
}


class Refused(Exception):
    """An error of the protocol: a reason of its table."""

    def __init__(self, reason, text, **metadata):
        super().__init__(reason)
        self.reason, self.text = reason, text
        self.metadata = {key: str(value) for key, value in metadata.items()}

    async def send(self, context):
        code = _STATUS.get(self.reason, _CODE.FAILED_PRECONDITION)
        whole = status.Status(code=code.value[0], message=self.text[:TEXT_MAX])
        info = details.ErrorInfo(reason=self.reason, domain="ecp.starknet.io", metadata=self.metadata)
        whole.details.add().Pack(info)
        if self.reason == "BUSY":
            retry = details.RetryInfo()
            retry.retry_delay.FromMilliseconds(100)
            whole.details.add().Pack(retry)
        trailer = (("grpc-status-details-bin", whole.SerializeToString()),)
        await context.abort(code, f"{self.reason}: {self.text[:900]}", trailer)


def invalid(field, what):
    return Refused("FIELD_INVALID", f"{field} {what}: send a value in the range of its page", field=field)


# Checks of fields. `at` is the path of the message, empty or with a dot at its end.


def present(value, at, *names):
    for name in names:
        if not value.HasField(name):
            raise invalid(at + name, "is absent")


def sized(data, field, least, most=None):
    if not least <= len(data) <= (most or least):
        raise invalid(field, f"has {len(data)} bytes")


def felt(data, field):
    sized(data, field, 32)
    if int.from_bytes(data, "big") >= PRIME:
        raise invalid(field, "is no canonical felt")


def known(number, names, field):
    if number == 0 or number not in names.values():
        raise invalid(field, "is no known value of its enumeration")


def label(text, field, most):
    if not 1 <= len(text) <= most or not all(32 <= ord(c) < 127 for c in text):
        raise invalid(field, f"is not 1 to {most} printable ASCII characters")


def budget(request, at=""):
    if not 1 <= request.budget_ms <= BUDGET_MS_MAX:
        raise invalid(at + "budget_ms", "is out of range")


def position(value, at):
    present(value, at, "height")
    sized(value.commitment, at + "commitment", 32)


def round_below(request, at=""):
    if request.valid_round >= request.round:
        raise invalid(at + "valid_round", "is not below the round")


def basis(value, at):
    known(value.kind, BASIS, at + "kind")
    if value.kind == BASIS["QUORUM"]:
        present(value, at, "valid_round")
    elif value.HasField("valid_round"):
        raise invalid(at + "valid_round", "belongs to QUORUM only")


def part(value, at="part."):
    if len(value.payload) > PART_BYTES:
        raise Refused("LIMIT_EXCEEDED", f"a payload has more than {PART_BYTES} bytes: cut it", limit=PART_BYTES)
    if value.index >= PARTS_MAX:
        raise Refused("LIMIT_EXCEEDED", f"a proposal has more than {PARTS_MAX} parts: cut fewer", limit=PARTS_MAX)
    present(value, at, "index")
    known(value.kind, KIND, at + "kind")


def counts(value, at):
    present(value, at, "parts", "bytes")
    if value.parts == 0:
        raise invalid(at + "parts", "is 0")


def certificate(request, at=""):
    """The certificate of a request with a height, and perhaps with a round and a commitment."""
    present(request, at, "certificate")
    value, at = request.certificate, at + "certificate."
    present(value, at, "height", "round")
    sized(value.commitment, at + "commitment", 32)
    for name in ("height", "round", "commitment"):
        if name in request.DESCRIPTOR.fields_by_name and getattr(request, name) != getattr(value, name):
            raise invalid(at + name, "is another than that of the request")
    if not 1 <= len(value.signatures) <= MEMBERS_MAX:
        raise invalid(at + "signatures", "are not 1 to 1,000")
    seen = set()
    for index, one in enumerate(value.signatures):
        here = f"{at}signatures[{index}]."
        felt(one.address, here + "address")
        if one.address in seen:
            raise invalid(here + "address", "signed twice")
        seen.add(one.address)
        sized(one.signature, here + "signature", 1, 1024)


def header(value, at="header."):
    present(value, at, "height")
    certificate(value, at)
    label(value.part_format, at + "part_format", 64)
    present(value, at, "counts")
    counts(value.counts, at + "counts.")


def evidence(value, at):
    kind = value.WhichOneof("kind")
    if kind is None:
        raise invalid(at + "kind", "is absent")
    both = getattr(value, kind)
    for name in ("first", "second"):
        present(both, f"{at}{kind}.", name)
        one, here = getattr(both, name), f"{at}{kind}.{name}."
        felt(one.address, here + "address")
        present(one, here, "height", "round")
        if kind == "double_vote":
            known(one.vote_type, {"PREVOTE": 1, "PRECOMMIT": 2}, here + "vote_type")
        if kind == "double_proposal" or one.HasField("commitment"):
            sized(one.commitment, here + "commitment", 32)
        sized(one.signature, here + "signature", 1, 1024)


def comparable(check, *fields):
    """Whether fields obey their rules: a check that reads others is passed over."""
    try:
        check(*fields)
    except Refused:
        return False
    return True


def revisions(request):
    if not 1 <= len(request.revisions) <= 16:
        raise invalid("revisions", "are not 1 to 16")
    for index, revision in enumerate(request.revisions):
        if revision == 0:
            raise invalid(f"revisions[{index}]", "is 0")


def network(request):
    present(request, "", "network")
    value = request.network
    label(value.chain_id, "network.chain_id", 31)
    sized(value.genesis_hash, "network.genesis_hash", 32)
    present(value, "network.", "fork_id")
    sized(value.activation_digest, "network.activation_digest", 32)


def handshake(request):
    revisions(request)
    present(request, "", "limits")
    for name, least in (("max_message_bytes", MESSAGE_BYTES), ("max_part_bytes", PART_BYTES), ("max_candidates", 2)):
        if getattr(request.limits, name) < least:
            raise invalid("limits." + name, f"is below {least}")
    network(request)
    present(request, "", "software")
    for name in ("name", "version"):
        if len(getattr(request.software, name).encode()) > 64:
            raise invalid("software." + name, "has more than 64 bytes")
    known(request.role, ROLE, "role")
    sized(request.consensus_id, "consensus_id", 16)
    if request.role == ROLE["WRITER"]:
        present(request, "", "position")
        for name in ("committed", "certified"):
            if request.position.HasField(name):
                position(getattr(request.position, name), f"position.{name}.")
        if request.position.HasField("last_signed"):
            present(request.position.last_signed, "position.last_signed.", "height", "round")
            known(request.position.last_signed.step, enum("SignedStep"), "position.last_signed.step")


def undecodable(kind):
    """The refusal of bytes that are no message of the call."""
    text = f"the message cannot be decoded: it is cut short, or is no {kind.DESCRIPTOR.name}: send it whole"
    return Refused("FIELD_INVALID", text, field="message")


def parse(kind, data):
    try:
        return kind.FromString(data)
    except DecodeError:
        raise undecodable(kind) from None
