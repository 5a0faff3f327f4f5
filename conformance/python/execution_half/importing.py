"""Importing: ImportDecided."""

import asyncio

from . import protocol as p
from .chain import Invalid, Proposal
from .deciding import CONTENT
from .protocol import OUTCOME, invalid, message
from .streams import complete, in_order, order

IMPORT_WAIT_S = 2.0


class Importing:
    """The call of a half that commits what came from elsewhere."""

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
        self.ready()
        self.supported(header.height)
        if header.height > self.chain.next or header.height < self.genesis.first:
            self.due(header.height)
        proposal, bad = Proposal(self.chain, header.height, None), self.bad_header(header)
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

    def bad_header(self, header):
        """What is wrong with a header that can come from a peer: it makes no status."""
        rules = self.genesis.at(header.height)
        if header.part_format != rules["part_format"]:
            return "the part format is not that of the height"
        if header.counts.parts > p.PARTS_MAX or header.counts.bytes > rules["max_proposal_bytes"]:
            return "the header counts more than a proposal can have"
        return None

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
                block = self.candidates.get(certificate.commitment) or await self.import_block(proposal)
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
