// One validator of this repository: an execution half and a consensus half, with files in a folder of their own.

import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const CHAIN_ID = 'ECP_STARKNET_JS';

// A process whose first line on stdout says that it is ready.
function start(command, args, log) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr.on('data', (text) => log.push(String(text)));
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(`${command} ended: ${code ?? signal}`)));
  const ready = new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
  return { child, ended, ready };
}

export async function startValidator(bin, accounts) {
  const folder = mkdtempSync(join(tmpdir(), 'ecp-js-'));
  const file = (name) => join(folder, name);
  const log = [];
  const keys = file('keys.json');
  execFileSync(join(bin, 'reference-consensus'), ['keys', 'new', '--out', keys, '--address', '0x1'], { stdio: 'pipe' });
  const { public_key } = JSON.parse(readFileSync(keys, 'utf8'));
  const genesis = {
    format: 'ecp-genesis/1',
    chain_id: CHAIN_ID,
    fork_id: 0,
    first_height: 0,
    params: {
      committee: [{ address: '0x1', public_key, voting_power: 1 }],
      builder: '0xb0b',
      quorum: { numerator: 2, denominator: 3 },
      timeouts: {
        propose_ms: 3000, propose_delta_ms: 500, prevote_ms: 1000, prevote_delta_ms: 500,
        precommit_ms: 1000, precommit_delta_ms: 500, rebroadcast_ms: 2000, target_height_ms: 300,
      },
      starknet_version: '0.14.4',
      part_format: 'starknet-p2p/2026-08',
      commitment_scheme: 'ecp-starknet-1',
      signature_scheme: 'stark-ecdsa',
      max_proposal_bytes: 8388608,
    },
    workload: { starknet: { accounts, timestamp: Math.floor(Date.now() / 1000) } },
  };
  writeFileSync(file('genesis.json'), JSON.stringify(genesis));
  const messages = file('l1.jsonl');
  const socket = `unix:${file('ecp.sock')}`;
  const execution = start(
    join(bin, 'reference-execution'),
    ['run', '--genesis', file('genesis.json'), '--data', file('execution'), '--listen', socket,
      '--jsonrpc', '127.0.0.1:0', '--l1-messages', messages, '--log', 'warn'],
    log,
  );
  const first = await Promise.race([execution.ready, execution.ended]);
  if (!first.startsWith('{')) throw new Error(`${first}\n${log.join('')}`);
  const consensus = start(
    join(bin, 'reference-consensus'),
    ['run', '--genesis', file('genesis.json'), '--keys', keys, '--data', file('consensus'), '--execution', socket,
      '--p2p', '127.0.0.1:0'],
    log,
  );
  const stop = async () => {
    for (const half of [consensus, execution]) {
      half.child.kill('SIGTERM');
      await half.ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: JSON.parse(first).ready.jsonrpc, messages, log, stop, ended: Promise.race([execution.ended, consensus.ended]) };
}
