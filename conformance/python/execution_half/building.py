"""Building: StartRound, BuildProposal, ReframeInit."""

import asyncio
import time

from . import protocol as p
from .chain import Fin, Init, Invalid, Ledger, cost, encode_body, now_ms, state_digest
from .protocol import KIND, Refused, invalid, message
from .sessions import MARGIN_MS
from .streams import first


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


class Building:
    """Calls of a half about its own proposals."""

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
        self.ready()
        self.due(request.height)
        # Only the format of the height can read it, so it is judged last.
        try:
            init = Init.decode(request.init)
        except Invalid:
            raise invalid("init", "cannot be decoded") from None
        if init.height != request.height:
            raise invalid("init", "is of another height")
        init.round, init.valid_round, init.proposer = request.round, request.valid_round, request.proposer
        return message("ReframeInitResponse")(init=init.encode())
