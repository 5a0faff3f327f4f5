"""The calls: sessions, builds, validations, decisions, and the archive."""

import asyncio
import os
import sqlite3
import time
import weakref

import grpc
from google.protobuf.message import DecodeError

from . import protocol as p
from .chain import Fin, Init, Invalid, Ledger, Proposal, cost, encode_body, now_ms, state_digest
from .protocol import KIND, OUTCOME, PHASE, ROLE, Refused, invalid, message

CANDIDATES, MARGIN_MS, IMPORT_WAIT_S = 8, 100, 2.0
CONTENT = {"HEADER_RULE", "DUPLICATE_TRANSACTION", "TRANSACTION_INVALID", "BLOCK_OVER_CAPACITY"}
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


class Build:
    """One slot of this node."""

    def __init__(self, half, request):
        self.half, self.slot = half, (request.height, request.round)
        self.events, self.news, self.block, self.burned = [], asyncio.Event(), None, False
        self.deadline = time.monotonic() + request.budget_ms / 1000
        self.task = asyncio.create_task(self.run(request))

    def emit(self, event):
        self.events.append(event)
        self.news.set()
        self.news = asyncio.Event()

    def abort(self):
        if self.block is None:
            self.burn()

    def burn(self):
        self.task.cancel()
        self.burned = True
        self.emit(None)

    def part(self, kind, payload):
        part = message("Part")(index=len(self.events), kind=KIND[kind], payload=payload)
        self.emit(message("BuildProposalResponse")(part=part))

    async def run(self, request):
        try:
            async with asyncio.timeout(self.deadline - time.monotonic()):
                await self.build(request)
        except TimeoutError:
            self.burn()
        except Exception:
            self.burn()
            raise

    async def build(self, request):
        chain, genesis = self.half.chain, self.half.genesis
        timestamp = max(now_ms(), chain.head.timestamp)
        init = Init(request.height, request.round, None, request.proposer, timestamp, chain.head.commitment)
        ledger, batch, close_at = Ledger(genesis, chain.head.accounts), [], self.deadline - MARGIN_MS / 1000
        self.part("INIT", init.encode())
        await chain.distant(request.height)
        room = genesis.at(request.height)["max_proposal_bytes"] - 89 - 72
        for transfer in list(chain.mempool):
            if len(ledger.done) >= genesis.capacity or room < len(transfer) + (0 if batch else 4):
                break
            if ledger.broken(transfer):
                continue
            if cost(transfer) / 1000 > close_at - time.monotonic():
                break
            await asyncio.sleep(cost(transfer) / 1000)
            ledger.apply(transfer)
            room -= len(transfer) + (0 if batch else 4)
            batch.append(transfer)
            if len(batch) == genesis.batch:
                self.part("BODY", encode_body(batch))
                batch = []
        if batch:
            self.part("BODY", encode_body(batch))
        block = chain.seal(init, ledger, state_digest(ledger.accounts))
        self.part("FIN", Fin(block.commitment, block.count, block.state).encode())
        block.parts = [(event.part.kind, event.part.payload) for event in self.events]
        built = message("Built")(commitment=block.commitment, executed_count=block.count)
        built.counts.parts, built.counts.bytes = len(block.parts), sum(len(payload) for _, payload in block.parts)
        self.block = block
        self.half.keep(block, fresh=False)
        self.emit(message("BuildProposalResponse")(built=built))


class Validation:
    """One stream of ValidateProposal, and the execution that may outlive it."""

    def __init__(self, half, request):
        slot = (request.round, request.valid_round if request.HasField("valid_round") else None, request.proposer)
        self.half, self.proposal = half, Proposal(half.chain, request.height, slot)
        self.fresh, self.awaited, self.dead = request.basis.kind == p.BASIS["FRESH"], False, False
        self.same_as = half.candidates.get(request.same_as) if request.HasField("same_as") else None
        self.verdict, self.done = asyncio.Future(), asyncio.Event()
        self.deadline = asyncio.get_running_loop().call_later(request.budget_ms / 1000, self.over)
        self.task = None if self.same_as else asyncio.create_task(self.run())
        half.validations.add(self)

    def say(self, **verdict):
        if not self.verdict.done():
            self.deadline.cancel()
            self.verdict.set_result(message("ValidateProposalResponse")(verdict=message("Verdict")(**verdict)))

    def fail(self, error):
        if not self.verdict.done():
            self.verdict.set_exception(error)
        self.drop()

    def drop(self):
        """Nothing is kept."""
        self.dead = True
        self.deadline.cancel()
        if self.task:
            self.task.cancel()
        self.half.validations.discard(self)
        self.done.set()

    def over(self):
        if self.awaited:
            return
        missing = self.half.chain.missing(self.proposal.height)
        if missing is None:
            self.say(expired={})
        else:
            self.say(not_ready={"missing": {"block_hash": missing}})
        if not self.proposal.ended:
            self.drop()

    def abort(self):
        if not self.awaited:
            self.say(aborted={})
            self.drop()

    def lost(self):
        """The stream is gone, or its session."""
        self.say(aborted={})
        if not self.proposal.ended:
            self.drop()

    def broken(self, reason):
        self.reason = str(reason)
        self.say(invalid={"reason": p.INVALID[self.reason], "detail": f"rule broken: {self.reason}"})
        self.drop()

    def accept(self, block):
        window = now_ms() + self.half.genesis.window_ms
        if self.fresh and not self.awaited and block.timestamp > window:
            reason, detail = p.LOCAL["TIMESTAMP_WINDOW"], "the timestamp is too far ahead of this node's clock"
            self.say(rejected_local={"reason": reason, "commitment": block.commitment, "detail": detail})
        else:
            self.say(valid={"commitment": block.commitment, "executed_count": block.count})
        self.half.validations.discard(self)
        self.done.set()

    async def run(self):
        try:
            block = await self.proposal.execute()
        except Invalid as reason:
            self.broken(reason)
        else:
            self.half.keep(block, self.fresh)
            self.accept(block)

    def take(self, event):
        """The next message after open; tells whether it was End."""
        kind, value = event.WhichOneof("event"), self.proposal
        if self.verdict.done():
            return kind == "end"
        if kind is None:
            raise invalid("event", "is absent")
        if kind == "open":
            raise order("a second open", "part")
        if kind == "raise_basis":
            p.basis(event.raise_basis, "raise_basis.")
            self.fresh = self.fresh and event.raise_basis.kind == p.BASIS["FRESH"]
            return False
        if kind == "part":
            p.part(event.part)
            in_order(event.part, value, 1 if self.same_as else None)
            try:
                value.add(event.part.kind, event.part.payload)
            except Invalid as reason:
                self.broken(reason)
            return False
        p.counts(event.end, "end.")
        complete(event.end, value, bool(self.same_as))
        value.end()
        if self.same_as:
            self.close_again()
        return True

    def close_again(self):
        init = self.proposal.init
        if init.timestamp != self.same_as.timestamp:
            self.broken("COMMITMENT_MISMATCH")
        else:
            self.accept(self.same_as)


def order(what, expected):
    return Refused("STREAM_ORDER", f"{what} is out of order: {expected} was due", expected=expected)


def in_order(part, proposal, most=None):
    count = len(proposal.parts)
    last = proposal.parts[-1][0] if proposal.parts else None
    wrong = part.index != count or proposal.ended or last == KIND["FIN"] or (most and count >= most)
    if wrong or (part.kind == KIND["INIT"]) != (count == 0):
        raise order(f"part {part.index}", f"part {count}" if last != KIND["FIN"] else "end")


def complete(end, proposal, init_only=False):
    count = len(proposal.parts)
    if proposal.ended or not count or not (init_only or proposal.parts[-1][0] == KIND["FIN"]):
        raise order("end", "nothing" if proposal.ended else f"part {count}")
    if (end.parts, end.bytes) != (count, proposal.bytes):
        raise order("end with other counts", f"parts {count}, bytes {proposal.bytes}")


class Half:
    def __init__(self, genesis, chain, store):
        self.genesis, self.chain, self.store = genesis, chain, store
        self.instance, self.sequence, self.changed = os.urandom(16), 0, asyncio.Event()
        self.sessions, self.writer = {}, None
        self.handshakes, self.lane, self.in_flight = asyncio.Lock(), asyncio.Lock(), {}
        self.candidates, self.validations, self.builds, self.started = {}, set(), {}, set()
        self.deciding = False
        kinds = store.evidence()
        self.phase = "DIVERGED" if "DIVERGENCE" in kinds else "HALTED" if kinds else "READY"
        self.reason = f"evidence of {', '.join(sorted(kinds))} is kept: an operator is needed" if kinds else ""
        chain.changed = self.tell

    # State.

    def tell(self):
        self.changed.set()
        self.changed = asyncio.Event()

    def stop(self, phase, reason):
        if self.phase != "DIVERGED":
            self.phase, self.reason = phase, reason
        self.tell()

    def committed(self):
        block = self.chain.committed
        return block and message("Position")(height=block.height, commitment=block.commitment)

    def position(self):
        block, known = self.chain.committed, self.chain.known
        earliest = self.genesis.first if block else None
        out = message("ExecutionPosition")(committed=self.committed(), earliest=earliest)
        if known:
            out.block_hash_height = max(known)
        return out

    def keep(self, block, fresh):
        if block.height != self.chain.next:
            return
        old = self.candidates.pop(block.commitment, None)
        block.fresh = fresh and (old is None or old.fresh)
        self.candidates[block.commitment] = block
        loose = [one.commitment for one in self.candidates.values() if one.fresh]
        for value in loose[: max(0, len(loose) - CANDIDATES)]:
            del self.candidates[value]

    def next_params(self, height):
        return self.genesis.height_params(height + 1)

    # Before a call is taken.

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
            raise Refused("UNSUPPORTED_AT_HEIGHT", f"height {height} is not in ecp-test/1: upgrade this half")

    def due(self, height):
        self.supported(height)
        if height != self.chain.next:
            text = f"height {height} is not the next one, {self.chain.next}: read the position again"
            raise Refused("HEIGHT_MISMATCH", text, expected=self.chain.next)

    # Session.

    async def handshake(self, data, context):
        if len(data) > p.HANDSHAKE_BYTES:
            raise Refused("LIMIT_EXCEEDED", "a handshake has at most 65,536 bytes", limit="handshake_bytes")
        request = parse(message("HandshakeRequest"), data)
        if request.revisions and 1 not in request.revisions:
            raise Refused("NO_COMMON_REVISION", "this half speaks revision 1: upgrade the older half", supported=1)
        network = self.network()
        for name in ("chain_id", "genesis_hash", "fork_id", "activation_digest"):
            ours, theirs = getattr(network, name), getattr(request.network, name)
            if request.HasField("network") and ours != theirs:
                ours, theirs = (v.hex() if isinstance(v, bytes) else v for v in (ours, theirs))
                text = f"another {name}: start both halves from the same genesis"
                raise Refused("NETWORK_MISMATCH", text, field=f"network.{name}", expected=ours, received=theirs)
        if request.role == ROLE["READER"]:
            p.handshake(request)
            p.present(request.network, "network.", "fork_id")
            return self.issue(request)
        async with self.handshakes:
            holder = self.writer
            if request.role == ROLE["WRITER"] and holder and holder.consensus_id != request.consensus_id:
                recent = holder.watches or time.monotonic() - holder.watched < p.WATCH_LOST_S
                if recent and not request.takeover:
                    raise Refused("SESSION_HELD", "another consensus half holds this one: stop it, or take over")
            p.handshake(request)
            p.present(request.network, "network.", "fork_id")
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
            while not session.fenced.is_set():
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
                await first(p.HEARTBEAT_S, changed.wait(), session.fenced.wait())
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

    # Reads.

    def below(self, height, top, what):
        if height > top:
            raise Refused("NOT_READY", f"{what} are known up to {top}: wait for Watch")

    def above(self, height):
        if height < self.genesis.first:
            text = f"the first height is {self.genesis.first}: ask another source for older ones"
            raise Refused("PRUNED", text, earliest=self.genesis.first)

    async def get_height_params(self, request, context, session):
        p.present(request, "", "height")
        self.below(request.height, self.chain.next, "parameters")
        self.above(request.height)
        return message("GetHeightParamsResponse")(params=self.genesis.height_params(request.height))

    async def get_block_hash(self, request, context, session):
        p.present(request, "", "height")
        self.below(request.height, self.chain.head.height, "blocks")
        self.above(request.height)
        known = self.chain.known.get(request.height)
        if known:
            return message("GetBlockHashResponse")(known={"block_hash": known[0], "state_root": known[1]})
        out = message("GetBlockHashResponse")(not_yet={})
        if self.chain.known:
            out.not_yet.known_height = max(self.chain.known)
        return out

    async def get_decided(self, request, context, session):
        p.present(request, "", "from", "to")
        start, end = getattr(request, "from"), request.to
        if end < start:
            raise invalid("to", "is below from")
        self.below(end, self.chain.head.height, "blocks")
        self.above(start)
        reply = message("GetDecidedResponse")
        for height in range(start, end + 1):
            header, parts = self.store.block(height)
            await context.write(reply(header=header))
            for index, (kind, payload) in enumerate(parts):
                self.unfenced(session)
                await context.write(reply(part={"index": index, "kind": kind, "payload": payload}))
        await context.write(reply(done={"last": end}))

    # Building.

    def slot(self, request):
        p.present(request, "", "height", "round")
        if "role" in request.DESCRIPTOR.fields_by_name:
            p.known(request.role, p.enum("RoundRole"), "role")
        p.felt(request.proposer, "proposer")

    async def start_round(self, request, context, session):
        self.slot(request)
        self.ready()
        self.supported(request.height)
        async with self.lane:
            self.unfenced(session)
            self.ready()
            self.due(request.height)
            for (_, number), build in self.builds.items():
                if number < request.round:
                    build.abort()
            self.started.add(request.round)
        return message("StartRoundResponse")()

    async def build_proposal(self, request, context, session):
        p.sized(request.stream_id, "stream_id", 16)
        self.slot(request)
        p.budget(request)
        session.unnamed(request.stream_id)
        self.ready()
        self.due(request.height)
        if request.round not in self.started:
            raise Refused("ROUND_NOT_STARTED", "call StartRound of this slot first and wait for its reply")
        slot = (request.height, request.round)
        burned = Refused("ROUND_BURNED", "the build of this slot ended: go on as a validator")
        build = self.builds.get(slot)
        if self.deciding or (build and build.burned):
            raise burned
        if build is None:
            build = self.builds[slot] = Build(self, request)
        session.name(request.stream_id, build)
        place = 0
        while True:
            news = build.news
            while place < len(build.events):
                event = build.events[place]
                if event is None:
                    raise burned
                self.unfenced(session)
                await context.write(event)
                place += 1
                if event.WhichOneof("event") == "built":
                    return
            await first(None, news.wait(), session.fenced.wait())
            self.unfenced(session)

    async def reframe_init(self, request, context, session):
        p.present(request, "", "height", "round", "valid_round")
        p.round_below(request)
        p.felt(request.proposer, "proposer")
        try:
            init = Init.decode(request.init)
        except Invalid:
            raise invalid("init", "cannot be decoded") from None
        self.ready()
        self.due(request.height)
        init.round, init.valid_round, init.proposer = request.round, request.valid_round, request.proposer
        return message("ReframeInitResponse")(init=init.encode())

    # Validating.

    async def validate_proposal(self, read, context, session):
        event = await read()
        if event is None:
            return
        if event.WhichOneof("event") is None:
            raise invalid("event", "is absent")
        if event.WhichOneof("event") != "open":
            raise order(event.WhichOneof("event"), "open")
        request, at = event.open, "open."
        p.sized(request.stream_id, at + "stream_id", 16)
        p.present(request, at, "height", "round")
        if request.HasField("valid_round"):
            p.round_below(request, at)
        p.felt(request.proposer, at + "proposer")
        p.budget(request, at)
        p.present(request, at, "basis")
        p.basis(request.basis, at + "basis.")
        if request.HasField("same_as"):
            p.sized(request.same_as, at + "same_as", 32)
        session.unnamed(request.stream_id)
        self.ready()
        self.due(request.height)
        if self.deciding:
            raise Refused("HEIGHT_MISMATCH", "this height is being decided", expected=self.chain.next + 1)
        if request.HasField("same_as") and request.same_as not in self.candidates:
            raise Refused("UNKNOWN_PROPOSAL", "no complete candidate has this commitment: open again with all parts")
        if request.basis.kind == p.BASIS["FRESH"] and len(self.validations) >= CANDIDATES:
            raise Refused("BUSY", f"{CANDIDATES} validations are running: retry")
        work = Validation(self, request)
        session.name(request.stream_id, work)
        reader = asyncio.create_task(self.feed(read, work, session))
        try:
            await context.write(await asyncio.shield(work.verdict))
            if not work.proposal.ended and not session.fenced.is_set():
                await first(None, asyncio.shield(reader), session.fenced.wait())
        except asyncio.CancelledError:
            work.lost()
            raise
        finally:
            reader.cancel()

    async def feed(self, read, work, session):
        """Reads up to End, and behind it until the verdict."""
        try:
            while (event := await read()) is not None:
                if work.take(event) and work.verdict.done():
                    return
            if not work.proposal.ended:
                work.lost()
        except Exception as error:
            work.fail(error)

    # Deciding.

    async def once(self, key, run):
        """Runs to its end whatever becomes of the call; a repeat gets the same result."""
        if key not in self.in_flight:
            task = self.in_flight[key] = asyncio.create_task(run)
            task.add_done_callback(lambda _: self.in_flight.pop(key))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        else:
            run.close()
        return await asyncio.shield(self.in_flight[key])

    def settled(self, certificate):
        """What a certificate says of a committed height: None if it is not committed."""
        if not self.genesis.first <= certificate.height < self.chain.next:
            return None
        ours = self.store.block(certificate.height)[0].certificate
        if ours.commitment == certificate.commitment:
            return "same"
        self.stored("CONFLICT", certificate.height, ours.SerializeToString(), certificate.SerializeToString())
        self.stop("HALTED", f"two decisions at height {certificate.height}: compare the certificates")
        return message("Position")(height=certificate.height, commitment=ours.commitment)

    def stored(self, *evidence):
        try:
            self.store.add_evidence(*evidence)
        except sqlite3.Error as error:
            self.failed(error)

    def failed(self, error):
        self.stop("HALTED", "the store cannot be written: free the disk or mend it, then restart")
        raise Refused("STORAGE_FAILED", f"nothing was committed: {error}: free the disk or mend it") from error

    def divergence(self, height, certificate, proposal):
        text = f"the decided block of height {height} is INVALID here: compare versions with other validators"
        body = b"".join(len(payload).to_bytes(4, "big") + payload for _, payload in proposal.parts)
        self.stored("DIVERGENCE", height, body, certificate.SerializeToString())
        self.stop("DIVERGED", text)
        return Refused("DIVERGENCE", text)

    def commit(self, block, certificate):
        try:
            self.chain.commit(block, certificate)
        except sqlite3.Error as error:
            self.failed(error)
        self.end_work()
        self.candidates, self.builds, self.started = {}, {}, set()
        self.tell()

    def end_work(self, but=()):
        for build in self.builds.values():
            if not build.burned:
                build.burn()
        for work in [work for work in self.validations if work not in but]:
            work.abort()

    async def decide(self, request, context, session):
        p.present(request, "", "height", "round")
        p.sized(request.commitment, "commitment", 32)
        p.certificate(request)
        self.ready()
        self.supported(request.height)
        return await self.once(("decide", request.height, request.commitment), self.run_decide(request, session))

    async def run_decide(self, request, session):
        async with self.lane:
            self.unfenced(session)
            self.ready()
            settled = self.settled(request.certificate)
            if settled == "same":
                return self.decided(request)
            if settled:
                raise Refused("CONFLICT", "another commitment is committed at this height: compare the certificates")
            self.due(request.height)
            block = self.candidates.get(request.commitment)
            if block is None:
                block = await self.await_validations(request)
            self.commit(block, request.certificate)
            return self.decided(request)

    def decided(self, request):
        position = {"height": request.height, "commitment": request.commitment}
        return message("DecideResponse")(committed=position, next_params=self.next_params(request.height))

    async def await_validations(self, request):
        unknown = Refused("UNKNOWN_PROPOSAL", "no candidate has this commitment: hand the block over by ImportDecided")
        whole = [work for work in self.validations if work.proposal.ended and work.proposal.fin]
        awaited = [work for work in whole if work.proposal.fin.commitment == request.commitment]
        if not awaited:
            raise unknown
        for work in awaited:
            work.awaited = True
            work.deadline.cancel()
        self.deciding = True
        try:
            self.end_work(but=awaited)
            for work in awaited:
                await work.done.wait()
                if request.commitment in self.candidates:
                    return self.candidates[request.commitment]
            for work in awaited:
                if getattr(work, "reason", "") in CONTENT and work.proposal.computed() == request.commitment:
                    raise self.divergence(request.height, request.certificate, work.proposal)
            raise unknown
        finally:
            self.deciding = False

    async def import_decided(self, read, context, session):
        event = await read()
        if event is None:
            raise order("the end of the stream", "header")
        if event.WhichOneof("event") is None:
            raise invalid("event", "is absent")
        if event.WhichOneof("event") != "header":
            raise order(event.WhichOneof("event"), "header")
        header = event.header
        p.header(header)
        if header.part_format != self.genesis.at(header.height)["part_format"]:
            raise invalid("header.part_format", "is not that of the height")
        self.ready()
        self.supported(header.height)
        if header.height > self.chain.next or header.height < self.genesis.first:
            self.due(header.height)
        proposal, bad = Proposal(self.chain, header.height, None), None
        while not proposal.ended:
            event = await read()
            kind = event.WhichOneof("event") if event is not None else "the end of the stream"
            if kind is None:
                raise invalid("event", "is absent")
            if kind == "part":
                p.part(event.part)
                in_order(event.part, proposal)
                bad = self.import_part(proposal, event.part, bad)
            elif kind == "end":
                p.counts(event.end, "end.")
                complete(event.end, proposal)
                proposal.end()
            else:
                raise order(kind, "end")
        if (header.counts.parts, header.counts.bytes) != (len(proposal.parts), proposal.bytes):
            bad = bad or "the parts do not match the counts of the header"
        key = ("import", header.height, header.certificate.commitment)
        return await self.once(key, self.run_import(header.certificate, proposal, bad, session))

    def import_part(self, proposal, part, bad):
        """The first thing that is wrong with the parts; what is too large is counted and not kept."""
        payload = part.payload
        if bad:
            proposal.bytes += len(payload)
            proposal.parts.append((part.kind, b""))
            return bad
        try:
            proposal.add(part.kind, payload)
        except Invalid as reason:
            return str(reason)
        return None

    async def run_import(self, certificate, proposal, bad, session):
        async with self.lane:
            self.unfenced(session)
            self.ready()
            outcome = message("ImportDecidedResponse")
            settled = self.settled(certificate)
            if settled:
                name = "ALREADY_COMMITTED" if settled == "same" else "CONFLICT"
                position = self.at(certificate) if settled == "same" else settled
                params = self.next_params(certificate.height) if settled == "same" else None
                return outcome(outcome=OUTCOME[name], committed=position, next_params=params)
            self.due(certificate.height)
            if bad:
                return outcome(outcome=OUTCOME["MALFORMED"], detail=bad)
            try:
                block = await self.import_block(proposal)
            except TimeoutError:
                missing = {"block_hash": self.chain.missing(certificate.height)}
                return outcome(outcome=OUTCOME["NOT_READY"], missing=missing)
            except Invalid as reason:
                computed = proposal.computed()
                if computed != certificate.commitment:
                    return outcome(outcome=OUTCOME["MISMATCH"], computed=computed, detail=str(reason))
                if str(reason) in CONTENT:
                    raise self.divergence(certificate.height, certificate, proposal) from None
                return outcome(outcome=OUTCOME["MALFORMED"], detail=f"FIN is not that of the block: {reason}")
            if block.commitment != certificate.commitment:
                return outcome(outcome=OUTCOME["MISMATCH"], computed=block.commitment)
            self.commit(block, certificate)
            params = self.next_params(certificate.height)
            return outcome(outcome=OUTCOME["COMMITTED"], committed=self.at(certificate), next_params=params)

    def at(self, certificate):
        return message("Position")(height=certificate.height, commitment=certificate.commitment)

    async def import_block(self, proposal):
        await asyncio.wait_for(self.chain.distant(proposal.height), IMPORT_WAIT_S)
        return await proposal.execute()

    async def finalize(self, request, context, session):
        p.present(request, "", "height")
        p.certificate(request)
        if len(request.evidence) > p.EVIDENCE_MAX:
            raise invalid("evidence", "has more than 64 pieces")
        for index, piece in enumerate(request.evidence):
            p.evidence(piece, f"evidence[{index}].")
        raise Refused("FEATURE_NOT_NEGOTIATED", "this half has no FINALIZE: call it only if the handshake names it")


async def first(seconds, *waits):
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


class Broken(Exception):
    """What came is no message: refused with a bare status."""


def parse(kind, data):
    try:
        return kind.FromString(data)
    except DecodeError:
        raise Broken(f"bytes that are no {kind.DESCRIPTOR.name}") from None


def handlers(half):
    """Handlers of all calls.

    Requests arrive as bytes, so that their size is known before they are read, and each as a stream, which is the same
    on the wire: the library never answers a call for one message whose message is cut.
    """
    methods = {}
    for call in p.CALLS:
        name = "".join("_" + c.lower() if c.isupper() else c for c in call.name).lstrip("_")
        behavior = bound(half, call.name, getattr(half, name), message(call.input_type.name), call.client_streaming)
        shape = grpc.stream_stream_rpc_method_handler if call.server_streaming else grpc.stream_unary_rpc_method_handler
        methods[call.name] = shape(behavior, None, lambda reply: reply.SerializeToString())
    return grpc.method_handlers_generic_handler(f"{p.PACKAGE}.ExecutionService", methods)


def bound(half, name, run, kind, streaming):
    async def call(source, context):
        items = source.__aiter__()

        async def read():
            data = await anext(items, None)
            return None if data is None else parse(kind, data)

        try:
            session = half.session(context, name) if name != "Handshake" else None
            if streaming:
                return await run(read, context, session)
            data = await anext(items, None)
            if data is None:
                raise Broken("the message did not come whole")
            if session is None:
                return await run(data, context)
            return await run(parse(kind, data), context, session)
        except Refused as error:
            await error.send(context)
        except Broken as error:
            await context.abort(grpc.StatusCode.INTERNAL, str(error))
        except grpc.aio.AbortError:
            raise
        except Exception as error:
            await Refused("INTERNAL_FAULT", f"a defect of this half: {error!r}: send the log to its authors").send(context)

    return call
