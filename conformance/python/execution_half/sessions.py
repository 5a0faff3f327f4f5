"""Sessions: Handshake, Watch, Abort, and what is checked before any call is taken."""

import asyncio
import os
import time
import weakref

from . import protocol as p
from .protocol import PHASE, ROLE, Refused, message, parse
from .streams import CANDIDATES, first
from .validating import Validation

MARGIN_MS = 100
READS = ("Watch", "GetHeightParams", "GetDecided", "GetBlockHash")
TOKEN = b"ecp1"


class Session:
    def __init__(self, role, consensus_id, token):
        self.role, self.consensus_id, self.token = role, consensus_id, token
        self.watches, self.watched, self.fenced = 0, time.monotonic(), asyncio.Event()
        self.names, self.streams = set(), weakref.WeakValueDictionary()

    def unnamed(self, stream_id):
        if stream_id in self.names:
            raise Refused("STREAM_ID_REUSED", "the stream id named another stream: make a new random one")

    def name(self, stream_id, work):
        self.names.add(stream_id)
        self.streams[stream_id] = work


class Sessions:
    """Calls of a half about its sessions."""

    def session(self, context, call):
        token = dict(context.invocation_metadata()).get("ecp-session-bin", b"")
        if len(token) != 36 or not token.startswith(TOKEN):
            raise Refused("SESSION_REQUIRED", "no session token: handshake first and send it in ecp-session-bin")
        if token[4:20] != self.instance:
            raise Refused("SESSION_UNKNOWN", "the token is of another instance: handshake again")
        if token not in self.sessions:
            raise Refused("SESSION_REQUIRED", "the token was never issued: handshake first")
        session = self.sessions[token]
        self.unfenced(session)
        if session.role == ROLE["READER"] and call not in READS:
            raise Refused("ROLE_REFUSED", f"a READER may not call {call}: handshake as WRITER")
        return session

    def unfenced(self, session):
        if session.fenced.is_set():
            raise Refused("FENCED", "a newer session replaced this one: stop signing and exit")

    def ready(self):
        if self.phase == "DRAINING":
            raise Refused("DRAINING", "this half is shutting down: reconnect later")
        if self.phase != "READY":
            raise Refused("HALTED", self.reason)

    def supported(self, height):
        if not self.genesis.supported(height):
            lacks = self.genesis.at(height)["part_format"]
            text = f"height {height} is not in ecp-test/1: upgrade this half"
            raise Refused("UNSUPPORTED_AT_HEIGHT", text, unsupported=lacks)

    def due(self, height):
        self.supported(height)
        if height != self.chain.next:
            text = f"height {height} is not the next one, {self.chain.next}: read the position again"
            raise Refused("HEIGHT_MISMATCH", text, expected=self.chain.next)

    async def handshake(self, data, context):
        if len(data) > p.HANDSHAKE_BYTES:
            raise Refused("LIMIT_EXCEEDED", "a handshake has at most 65,536 bytes", limit=p.HANDSHAKE_BYTES)
        request = parse(message("HandshakeRequest"), data)
        if p.comparable(p.revisions, request) and 1 not in request.revisions:
            raise Refused("NO_COMMON_REVISION", "this half speaks revision 1: upgrade the older half", supported=1)
        network, legible = self.network(), p.comparable(p.network, request)
        for name in ("chain_id", "genesis_hash", "fork_id", "activation_digest"):
            ours, theirs = getattr(network, name), getattr(request.network, name)
            if legible and ours != theirs:
                ours, theirs = (v.hex() if isinstance(v, bytes) else v for v in (ours, theirs))
                text = f"another {name}: start both halves from the same genesis"
                raise Refused("NETWORK_MISMATCH", text, field=f"network.{name}", expected=ours, received=theirs)
        if request.role == ROLE["READER"]:
            p.handshake(request)
            return self.issue(request)
        async with self.handshakes:
            holder = self.writer
            known = request.role == ROLE["WRITER"] and len(request.consensus_id) == 16
            if known and holder and holder.consensus_id != request.consensus_id:
                recent = holder.watches or time.monotonic() - holder.watched < p.WATCH_LOST_S
                if recent and not request.takeover:
                    raise Refused("SESSION_HELD", "another consensus half holds this one: stop it, or take over")
            p.handshake(request)
            if self.phase == "DRAINING":
                self.ready()
            return await asyncio.shield(self.replace(holder, request))

    async def replace(self, holder, request):
        if holder:
            holder.fenced.set()
            for work in list(holder.streams.values()):
                if isinstance(work, Validation):
                    work.lost()
        async with self.lane:
            reply = self.issue(request)
        self.writer = self.sessions[reply.session_token]
        return reply

    def network(self):
        genesis = self.genesis
        return message("NetworkIdentity")(
            chain_id=genesis.chain_id,
            genesis_hash=genesis.hash,
            fork_id=genesis.fork_id,
            activation_digest=genesis.activation_digest,
        )

    def issue(self, request):
        token = TOKEN + self.instance + os.urandom(16)
        self.sessions[token] = Session(request.role, request.consensus_id, token)
        return message("HandshakeResponse")(
            revision=1,
            limits={"max_message_bytes": p.MESSAGE_BYTES, "max_part_bytes": p.PART_BYTES, "max_candidates": CANDIDATES},
            network=self.network(),
            software={"name": "ecp-python", "version": "0.1"},
            instance_id=self.instance,
            session_token=token,
            position=self.position(),
            build_margin_ms=MARGIN_MS,
            first_height=self.genesis.first,
        )

    async def watch(self, request, context, session):
        session.watches += 1
        try:
            # An orderly end: the last state says DRAINING, and the stream ends with it.
            while not session.fenced.is_set() and not self.over.is_set():
                changed, place = self.changed, self.position()
                self.sequence += 1
                state = message("WatchResponse")(
                    instance_id=self.instance,
                    phase=PHASE[self.phase],
                    reason=self.reason,
                    committed=self.committed(),
                    params_height=self.chain.next,
                    sequence=self.sequence,
                )
                if place.HasField("block_hash_height"):
                    state.block_hash_height = place.block_hash_height
                await context.write(state)
                await first(p.HEARTBEAT_S, changed.wait(), session.fenced.wait(), self.over.wait())
            self.unfenced(session)
        finally:
            session.watches -= 1
            session.watched = time.monotonic()

    async def abort(self, request, context, session):
        p.sized(request.stream_id, "stream_id", 16)
        work = session.streams.get(request.stream_id)
        if work is not None:
            work.abort()
        return message("AbortResponse")()
