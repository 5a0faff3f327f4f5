// A consensus half for one validator: node main.js --execution ADDR --genesis FILE --keys FILE --data DIR
import { parseArgs } from 'node:util';
import { readGenesis, readKeys } from './files.js';
import { Node } from './node.js';
import { Session, sleep } from './session.js';
import { Store } from './store.js';

const text = { type: 'string' };
const { values: args } = parseArgs({
  options: { execution: text, genesis: text, keys: text, data: text, p2p: text, peers: { type: 'string', multiple: true }, 'sign-without-record': { type: 'boolean' } },
});

function stop(message) {
  console.error(message);
  process.exit(1);
}

for (const name of ['execution', 'genesis', 'keys', 'data']) if (!args[name]) stop(`--${name} is missing`);
let node;
try {
  const { network, first } = readGenesis(args.genesis);
  const [keys, store] = [readKeys(args.keys), new Store(args.data)];
  store.takeNote(args.keys);
  node = new Node({ network, first, keys, store, mayStartRecord: args['sign-without-record'] });
} catch (e) {
  stop(`cannot start: ${e.message}`);
}

// Defects in a row after which only an operator helps.
const DEFECTS_MAX = 20;
let defects = 0;
let pause = 100;
for (;;) {
  let session;
  const began = Date.now();
  try {
    session = new Session(args.execution);
    await node.live(session);
  } catch (e) {
    if (e.action === undefined || ['halt', 'report', 'resync'].includes(e.action)) stop(`stopped: ${e.action ? e.message : e.stack}`);
    session.close();
    defects = e.defect ? defects + 1 : 0;
    if (defects > DEFECTS_MAX) stop(`stopped: ${e.message}`);
    if (Date.now() - began > 2000) pause = 100;
    console.error(`${e.message}: connecting again`);
    await sleep(e.action === 'retry' ? e.retryMs : pause);
    pause = Math.min(pause * 2, 2000);
  }
}
