// What a wallet does with starknet.js: deploy an account, declare a class, deploy it, transfer, estimate, wait, read.

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Account, CallData, RpcProvider, cairo, ec, encode, hash, num, shortString } from 'starknet';
import { CHAIN_ID, startValidator } from './validator.mjs';

const [bin, packedClass] = process.argv.slice(2);
const STRK = '0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d';
const ACCOUNT_CLASS = '0x5b4b537eaa2399e3aa99c4e2e0208ebd6c71bc1467938cd52c798c601e43564';
const [OLD_KEY, NEW_KEY] = ['0x5eed0001', '0x5eed0002'];
const publicKey = (key) => ec.starkCurve.getStarkKey(key);
const addressOf = (key) => hash.calculateContractAddressFromHash(publicKey(key), ACCOUNT_CLASS, [publicKey(key)], 0);
const account = (key, deployed) => ({
  public_key: encode.addHexPrefix(publicKey(key)),
  balance_fri: (10n ** 24n).toString(),
  deployed,
});
const same = (a, b) => assert.equal(num.toHex(a), num.toHex(b));

let done = 0;
async function step(what, work) {
  const began = performance.now();
  const value = await work();
  done += 1;
  console.log(`ok ${done} - ${what} (${Math.round(performance.now() - began)} ms)`);
  return value;
}

// The code that a call fails with.
async function code(call) {
  try {
    await call();
  } catch (error) {
    return error.baseError?.code ?? error.code ?? String(error);
  }
  return 'no error';
}

const validator = await startValidator(bin, [account(OLD_KEY, true), account(NEW_KEY, false)]);
const scratch = mkdtempSync(join(tmpdir(), 'ecp-class-'));
let failed = false;
validator.ended.then((text) => {
  if (!finished) {
    console.error(`${text}\n${validator.log.join('')}`);
    process.exit(1);
  }
});
let finished = false;

try {
  const provider = await RpcProvider.create({ nodeUrl: validator.url });
  const old = new Account({ provider, address: addressOf(OLD_KEY), signer: OLD_KEY });
  const fresh = new Account({ provider, address: addressOf(NEW_KEY), signer: NEW_KEY });
  const wait = (transactionHash) => provider.waitForTransaction(transactionHash, { retryInterval: 200 });
  const balance = async (address) => {
    const [low, high] = await provider.callContract({ contractAddress: STRK, entrypoint: 'balanceOf', calldata: [address] });
    return BigInt(low) + (BigInt(high) << 128n);
  };

  await step('specVersion, chainId, syncing', async () => {
    assert.equal(await provider.getSpecVersion(), '0.10.2');
    assert.equal(await provider.getChainId(), shortString.encodeShortString(CHAIN_ID));
    assert.equal(await provider.getSyncingStats(), false);
  });

  await step('the first block', async () => {
    // Before it, starknet.js finds no block to learn tips from.
    while ((await code(() => provider.getBlockNumber())) === 32) await new Promise((next) => setTimeout(next, 50));
  });

  await step('deploy an account, fee estimated', async () => {
    const payload = { classHash: ACCOUNT_CLASS, constructorCalldata: [publicKey(NEW_KEY)], addressSalt: publicKey(NEW_KEY) };
    assert.equal(await code(() => provider.getClassHashAt(fresh.address)), 20);
    const { transaction_hash, contract_address } = await fresh.deployAccount(payload);
    same(contract_address, fresh.address);
    const receipt = await wait(transaction_hash);
    assert.ok(receipt.isSuccess());
    same(receipt.value.contract_address, fresh.address);
    same(await provider.getClassHashAt(fresh.address), ACCOUNT_CLASS);
    assert.equal(BigInt(await fresh.getNonce()), 1n);
  });

  const transfer = (to, fri) => ({ contractAddress: STRK, entrypoint: 'transfer', calldata: CallData.compile({ to, amount: cairo.uint256(fri) }) });
  const sent = await step('transfer, fee estimated and paid', async () => {
    const before = await balance(old.address);
    const estimate = await fresh.estimateInvokeFee(transfer(old.address, 1000n));
    assert.ok(estimate.overall_fee > 0n);
    const { transaction_hash } = await fresh.execute(transfer(old.address, 1000n));
    const receipt = await wait(transaction_hash);
    assert.ok(receipt.isSuccess());
    assert.equal(receipt.value.finality_status, 'ACCEPTED_ON_L2');
    assert.equal(await balance(old.address), before + 1000n);
    assert.ok(BigInt(receipt.value.actual_fee.amount) <= estimate.overall_fee);
    const status = await provider.getTransactionStatus(transaction_hash);
    assert.deepEqual([status.finality_status, status.execution_status], ['ACCEPTED_ON_L2', 'SUCCEEDED']);
    return receipt.value;
  });

  await step('several calls in one transaction, and a reverted one that pays', async () => {
    const { transaction_hash } = await old.execute([transfer(fresh.address, 1n), transfer(fresh.address, 2n)]);
    assert.ok((await wait(transaction_hash)).isSuccess());
    const bound = (max_amount, max_price_per_unit) => ({ max_amount, max_price_per_unit });
    const resourceBounds = { l1_gas: bound(0n, 10n ** 14n), l2_gas: bound(10n ** 8n, 10n ** 11n), l1_data_gas: bound(10n ** 4n, 10n ** 9n) };
    const { transaction_hash: wrong } = await old.execute(transfer(fresh.address, 10n ** 30n), { resourceBounds, tip: 0n });
    const receipt = await wait(wrong);
    assert.ok(receipt.isReverted());
    assert.ok(BigInt(receipt.value.actual_fee.amount) > 0n);
  });

  const sierra = JSON.parse(gunzipSync(readFileSync(packedClass)));
  const declared = await step('declare a class; its CASM hashes to the same by starknet.js', async () => {
    const path = join(scratch, 'class.json');
    writeFileSync(path, JSON.stringify(sierra));
    const casmPath = join(scratch, 'casm.json');
    const compiled = JSON.parse(execFileSync(join(bin, 'reference-execution'), ['compile-class', path, '--casm', casmPath]));
    same(hash.computeSierraContractClassHash(sierra), compiled.class_hash);
    const casm = JSON.parse(readFileSync(casmPath));
    same(hash.computeCompiledClassHashBlake(casm), compiled.compiled_class_hash);
    same(hash.computeCompiledClassHashPoseidon(casm), compiled.compiled_class_hash_poseidon);
    assert.equal(await code(() => provider.getClass(compiled.class_hash)), 28);
    const payload = { contract: sierra, casm };
    const estimate = await old.estimateDeclareFee(payload);
    const { transaction_hash, class_hash } = await old.declare(payload);
    same(class_hash, compiled.class_hash);
    const receipt = await wait(transaction_hash);
    assert.ok(receipt.isSuccess());
    assert.ok(BigInt(receipt.value.actual_fee.amount) <= estimate.overall_fee);
    const { state_diff } = await provider.getStateUpdate(receipt.value.block_number);
    same(state_diff.declared_classes[0].class_hash, class_hash);
    same(state_diff.declared_classes[0].compiled_class_hash, compiled.compiled_class_hash);
    assert.equal(await code(() => old.declare(payload, { resourceBounds: estimate.resourceBounds, tip: 0n })), 51);
    const answered = await provider.getClass(class_hash);
    assert.equal(answered.sierra_program.length, sierra.sierra_program.length);
    return class_hash;
  });

  await step('deploy a contract of the declared class by the universal deployer', async () => {
    const key = '0x5eed0003';
    const { transaction_hash, contract_address } = await old.deployContract({
      classHash: declared, constructorCalldata: [publicKey(key)], salt: '0x1', unique: false,
    });
    assert.ok((await wait(transaction_hash)).isSuccess());
    same(await provider.getClassHashAt(contract_address), declared);
    const cell = await provider.getStorageAt(contract_address, num.toHex(hash.starknetKeccak('Account_public_key')));
    same(cell.value ?? cell, encode.addHexPrefix(publicKey(key)));
    const answered = await provider.getClassAt(contract_address);
    assert.deepEqual(Object.keys(answered.entry_points_by_type).sort(), ['CONSTRUCTOR', 'EXTERNAL', 'L1_HANDLER']);
    const [told] = await provider.callContract({ contractAddress: contract_address, entrypoint: 'get_public_key' });
    same(told, cell.value ?? cell);
  });

  await step('blocks: with hashes, transactions, receipts; by number, hash, tag; state update', async () => {
    const { block_hash, block_number } = await provider.getBlockLatestAccepted();
    const number = sent.block_number;
    const withHashes = await provider.getBlockWithTxHashes(number);
    assert.equal(withHashes.status, 'ACCEPTED_ON_L2');
    assert.ok(withHashes.transactions.map(num.toHex).includes(num.toHex(sent.transaction_hash)));
    const withTxs = await provider.getBlockWithTxs(withHashes.block_hash);
    assert.equal(withTxs.block_number, number);
    const withReceipts = await provider.getBlockWithReceipts(number);
    assert.equal(withReceipts.transactions.length, withTxs.transactions.length);
    const child = await provider.getBlockWithTxHashes(number + 1);
    same(child.parent_hash, withHashes.block_hash);
    const update = await provider.getStateUpdate(number + 1);
    same(update.old_root, withHashes.new_root);
    same(update.new_root, child.new_root);
    assert.ok((await provider.getBlockNumber()) >= block_number);
    assert.ok(BigInt(block_hash) > 0n);
    const latest = await provider.getBlockWithTxHashes('latest');
    assert.ok(latest.block_number >= number);
    assert.equal((await provider.getTransactionByHash(sent.transaction_hash)).type, 'INVOKE');
    assert.equal(await provider.getBlockTransactionCount(number), withHashes.transactions.length);
  });

  await step('events by address and key, page by page', async () => {
    const key = num.toHex(hash.starknetKeccak('Transfer'));
    const filter = { address: STRK, keys: [[key]], from_block: { block_number: 0 }, to_block: 'latest', chunk_size: 3 };
    const all = [];
    let continuation_token;
    do {
      const page = await provider.getEvents({ ...filter, continuation_token });
      assert.ok(page.events.length <= 3);
      all.push(...page.events);
      ({ continuation_token } = page);
    } while (continuation_token);
    assert.ok(all.length >= 8, `${all.length} events`);
    const ours = all.filter((event) => num.toHex(event.transaction_hash) === num.toHex(sent.transaction_hash));
    assert.equal(ours.length, sent.events.filter((event) => num.toHex(event.keys[0]) === key).length);
    assert.ok(ours.every((event) => event.block_number === sent.block_number && event.block_hash));
    const none = await provider.getEvents({ ...filter, address: '0x123' });
    assert.deepEqual(none.events, []);
    assert.equal(await code(() => provider.getEvents({ ...filter, continuation_token: 'nonsense' })), 33);
    assert.equal(await code(() => provider.getEvents({ ...filter, chunk_size: 100_000 })), 31);
  });

  await step('a message from L1 is consumed', async () => {
    const selector = num.toHex(hash.starknetKeccak('approve_l1_address'));
    const calldata = ['0xabc', '0x123'];
    const line = { event: 'sent', to: STRK, selector, nonce: '0x1', calldata, fee_wei: '0x1' };
    appendFileSync(validator.messages, `${JSON.stringify(line)}\n`);
    const expected = hash.calculateL2MessageTxHash('0xabc', STRK, selector, ['0x123'], await provider.getChainId(), '0x1');
    const receipt = await wait(expected);
    assert.equal(receipt.value.type, 'L1_HANDLER');
    assert.equal((await provider.getTransactionByHash(expected)).type, 'L1_HANDLER');
  });

  await step('refusals have the codes of the specification', async () => {
    assert.equal(await code(() => provider.getTransactionByHash('0x123')), 29);
    assert.equal(await code(() => provider.getBlockWithTxHashes(1_000_000)), 24);
    assert.equal(await code(() => provider.getNonceForAddress('0x123')), 20);
    assert.equal(await code(() => provider.callContract({ contractAddress: STRK, entrypoint: 'no_such_thing' })), 21);
    const bound = (max_amount, max_price_per_unit) => ({ max_amount, max_price_per_unit });
    const resourceBounds = { l1_gas: bound(0n, 10n ** 14n), l2_gas: bound(10n ** 8n, 10n ** 11n), l1_data_gas: bound(10n ** 4n, 10n ** 9n) };
    const details = { resourceBounds, tip: 0n };
    assert.equal(await code(() => old.execute(transfer(fresh.address, 1n), { ...details, nonce: 0n })), 52);
    const rich = { ...resourceBounds, l2_gas: bound(10n ** 15n, 10n ** 18n) };
    assert.equal(await code(() => old.execute(transfer(fresh.address, 1n), { ...details, resourceBounds: rich })), 54);
    const thief = new Account({ provider, address: old.address, signer: NEW_KEY });
    assert.equal(await code(() => thief.execute(transfer(fresh.address, 1n), details)), 55);
  });
} catch (error) {
  failed = true;
  console.error(error);
  console.error(validator.log.join('').split('\n').filter((line) => !line.includes(' INFO ')).join('\n'));
} finally {
  finished = true;
  await validator.stop();
  rmSync(scratch, { recursive: true, force: true });
}
console.log(failed ? 'FAILED' : `starknet.js ${JSON.parse(readFileSync(new URL('./node_modules/starknet/package.json', import.meta.url))).version}: ${done} steps, all ok`);
process.exit(failed ? 1 : 0);
