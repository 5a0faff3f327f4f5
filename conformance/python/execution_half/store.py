"""What is durable: blocks with certificates, hashes, and evidence that stops the half."""

import pathlib
import sqlite3

from .chain import number
from .protocol import message


class Store:
    def __init__(self, folder, genesis_hash):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(folder / "blocks.sqlite")
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.executescript("""
            CREATE TABLE IF NOT EXISTS chain (genesis BLOB);
            CREATE TABLE IF NOT EXISTS blocks (height BLOB PRIMARY KEY, header BLOB, timestamp BLOB);
            CREATE TABLE IF NOT EXISTS parts (height BLOB, place INTEGER, kind INTEGER, payload BLOB,
                PRIMARY KEY (height, place));
            CREATE TABLE IF NOT EXISTS hashes (height BLOB PRIMARY KEY, hash BLOB, root BLOB);
            CREATE TABLE IF NOT EXISTS evidence (kind TEXT, height BLOB, ours BLOB, theirs BLOB);
        """)
        row = self.db.execute("SELECT genesis FROM chain").fetchone()
        if row and row[0] != genesis_hash:
            raise SystemExit(f"{folder} belongs to another genesis file: give --data another folder")
        if not row:
            with self.db:
                self.db.execute("INSERT INTO chain VALUES (?)", (genesis_hash,))

    # Heights have 64 bits, SQLite's integers have 63: they are stored as bytes, which sort alike.

    def add(self, block, certificate):
        parts, key = block.archived(), block.height.to_bytes(8, "big")
        header = message("DecidedHeader")(height=block.height, certificate=certificate, part_format="ecp-test/1")
        header.counts.parts, header.counts.bytes = len(parts), sum(len(payload) for _, payload in parts)
        with self.db:
            row = key, header.SerializeToString(), block.timestamp.to_bytes(8, "big")
            self.db.execute("INSERT INTO blocks VALUES (?, ?, ?)", row)
            rows = [(key, place, kind, payload) for place, (kind, payload) in enumerate(parts)]
            self.db.executemany("INSERT INTO parts VALUES (?, ?, ?, ?)", rows)

    def block(self, height):
        """(header, parts), or None."""
        key = height.to_bytes(8, "big")
        row = self.db.execute("SELECT header FROM blocks WHERE height = ?", (key,)).fetchone()
        if row is None:
            return None
        parts = self.db.execute("SELECT kind, payload FROM parts WHERE height = ? ORDER BY place", (key,)).fetchall()
        return message("DecidedHeader").FromString(row[0]), parts

    def blocks(self):
        for key, timestamp in self.db.execute("SELECT height, timestamp FROM blocks ORDER BY height").fetchall():
            header, parts = self.block(number(key))
            yield header.height, header.certificate.commitment, number(timestamp), parts

    def add_hash(self, height, value, root):
        with self.db:
            self.db.execute("INSERT INTO hashes VALUES (?, ?, ?)", (height.to_bytes(8, "big"), value, root))

    def hashes(self):
        for key, value, root in self.db.execute("SELECT * FROM hashes"):
            yield number(key), (value, root)

    def add_evidence(self, kind, height, ours, theirs):
        with self.db:
            row = kind, height.to_bytes(8, "big"), ours, theirs
            self.db.execute("INSERT INTO evidence VALUES (?, ?, ?, ?)", row)

    def evidence(self):
        """The kinds of evidence that are kept."""
        return {kind for (kind,) in self.db.execute("SELECT kind FROM evidence")}
