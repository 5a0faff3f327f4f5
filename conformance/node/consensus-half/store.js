// The durable log: one JSON record a line, each synced before it counts.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const BODIES_KEPT = 64n;
const FRESH = '{"format":"ecp-signing-record/1","last_signed":null}\n';
const key = (h, r) => `${h}/${r}`;
const encode = (record) => JSON.stringify(record, (_, v) => {
  if (typeof v === 'bigint') return { $n: v.toString() };
  return v && v.type === 'Buffer' && Array.isArray(v.data) ? { $b: Buffer.from(v.data).toString('base64') } : v;
});
const decode = (line) => JSON.parse(line, (_, v) => {
  if (v && v.$n !== undefined) return BigInt(v.$n);
  return v && v.$b !== undefined ? Buffer.from(v.$b, 'base64') : v;
});

function syncDirectory(dir) {
  const fd = fs.openSync(dir, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

export class Store {
  constructor(dir) {
    fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.file = path.join(dir, 'log.jsonl');
    Object.assign(this, { id: null, instance: null, marks: new Set(), bodies: new Map(), votes: new Map(), certs: new Map(), last: null, decided: null, acked: null, record: false });
    const lines = fs.existsSync(this.file) ? fs.readFileSync(this.file, 'utf8').split('\n') : [];
    lines.pop(); // what follows the last line end was never synced
    for (const line of lines) this.apply(decode(line));
    this.id ??= crypto.randomBytes(16);
    this.compact();
  }

  apply(r) {
    if (r.t === 'id') this.id = r.id;
    if (r.t === 'instance') this.instance = r.id;
    if (r.t === 'record') this.record = true;
    if (r.t === 'last') this.last = r.last;
    if (r.t === 'mark') this.marks.add(key(r.h, r.r));
    if (r.t === 'body') this.bodies.set(key(r.h, r.r), r);
    if (r.t === 'vote') {
      this.votes.set(`${key(r.h, r.r)}/${r.type}`, r);
      this.last = { height: r.h, round: r.r, step: r.type };
    }
    if (r.t === 'cert') {
      this.certs.set(r.h, r);
      this.decided = r.h;
    }
    if (r.t === 'ack') this.acked = r.h;
  }

  /** Applies a record after it is durable. */
  put(record) {
    fs.writeSync(this.fd, `${encode(record)}\n`);
    fs.fdatasyncSync(this.fd);
    this.apply(record);
    if (record.t === 'ack' && record.h % BODIES_KEPT === 0n) this.compact();
  }

  /** Takes the note of a fresh key as the signing record, durably, and removes it: a note that stayed would count twice. */
  takeNote(keys) {
    const note = `${keys}.fresh`;
    if (!fs.existsSync(note)) return;
    if (fs.readFileSync(note, 'utf8') !== FRESH) throw new Error(`${note} is no signing record of a fresh key`);
    if (!this.hasRecord()) this.put({ t: 'record' });
    fs.unlinkSync(note);
    syncDirectory(path.dirname(path.resolve(note)));
  }

  /** Whether there is a signing record, with a signature or without. */
  hasRecord() {
    return this.record || this.last !== null || this.decided !== null || this.acked !== null;
  }

  /** Writes the log again without what is no longer needed. */
  compact() {
    const floor = this.acked === null ? -1n : this.acked - BODIES_KEPT;
    const over = (h) => this.acked !== null && h <= this.acked;
    for (const h of this.certs.keys()) if (h <= floor) this.certs.delete(h);
    for (const [k, b] of this.bodies) if (b.h <= floor) this.bodies.delete(k);
    for (const k of this.marks) if (over(BigInt(k.split('/')[0]))) this.marks.delete(k);
    for (const [k, v] of this.votes) if (over(v.h)) this.votes.delete(k);
    const records = [{ t: 'id', id: this.id }, ...[...this.marks].map((k) => ({ t: 'mark', h: BigInt(k.split('/')[0]), r: Number(k.split('/')[1]) })),
      ...this.bodies.values(), ...this.votes.values(), ...[...this.certs.values()].sort((a, b) => (a.h < b.h ? -1 : 1))];
    if (this.instance) records.push({ t: 'instance', id: this.instance });
    if (this.record) records.push({ t: 'record' });
    if (this.last) records.push({ t: 'last', last: this.last });
    if (this.acked !== null) records.push({ t: 'ack', h: this.acked });
    const fd = fs.openSync(`${this.file}.new`, 'w', 0o600);
    fs.writeSync(fd, records.map((r) => `${encode(r)}\n`).join(''));
    fs.fsyncSync(fd);
    fs.renameSync(`${this.file}.new`, this.file);
    syncDirectory(path.dirname(this.file));
    if (this.fd !== undefined) fs.closeSync(this.fd);
    this.fd = fd;
  }

  hasMark(h, r) {
    return this.marks.has(key(h, r));
  }
  body(h, r) {
    return this.bodies.get(key(h, r));
  }
  /** The kept body that a certificate decided. */
  decidedBody(h) {
    const cert = this.certs.get(h)?.certificate;
    return cert && [...this.bodies.values()].find((b) => b.h === h && b.commitment.equals(cert.commitment));
  }
  vote(h, r, type) {
    return this.votes.get(`${key(h, r)}/${type}`);
  }

  /** What a handshake tells (ECP-SES-007). */
  position() {
    const at = (h) => (h === null ? undefined : { height: h.toString(), commitment: this.certs.get(h).certificate.commitment });
    const held = [...this.certs.keys()].filter((h) => this.decidedBody(h)).reduce((a, b) => (a === null || b > a ? b : a), null);
    const steps = ['SIGNED_STEP_PROPOSAL', 'SIGNED_STEP_PREVOTE', 'SIGNED_STEP_PRECOMMIT'];
    return {
      committed: at(this.acked), certified: at(held),
      last_signed: this.last ? { height: this.last.height.toString(), round: this.last.round, step: steps[this.last.step] } : undefined,
    };
  }
}
