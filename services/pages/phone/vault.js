/**
 * What the phone remembers, in IndexedDB, written through to the disk before it counts as written.
 * Where the browser has no IndexedDB for us (some private windows), everything works until the page is closed.
 *
 * @typedef {{latitude: number, longitude: number, accuracy?: number, at: string}} Fix
 * @typedef {{id: string, at: string, sequence?: number, location?: Fix}} Press
 * @typedef {{device: string | null, panic: string}} Tokens
 */

// The name can be seen in the browser's settings: it says nothing.
const NAME = "today";
const FACTS = "facts";
const PRESSES = "presses";
const SEQUENCE = "sequence";

/** @type {Promise<IDBDatabase | null> | undefined} */
let opening;

/** @type {{facts: Map<string, unknown>, presses: Map<string, Press>}} */
const memory = { facts: new Map(), presses: new Map() };

/** @returns {Promise<IDBDatabase | null>} */
function database() {
  opening ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(FACTS);
        request.result.createObjectStore(PRESSES, { keyPath: "id" });
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  return opening;
}

/**
 * One transaction over both stores. Resolves once it is on the disk.
 * @template Result
 * @param {IDBDatabase} base
 * @param {IDBTransactionMode} mode
 * @param {(facts: IDBObjectStore, presses: IDBObjectStore, give: (result: Result) => void) => void} work
 * @returns {Promise<Result | undefined>}
 */
function transact(base, mode, work) {
  return new Promise((resolve, reject) => {
    /** @type {Result | undefined} */
    let result;
    const transaction = base.transaction([FACTS, PRESSES], mode, { durability: "strict" });
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = () => reject(transaction.error);
    work(transaction.objectStore(FACTS), transaction.objectStore(PRESSES), (given) => {
      result = given;
    });
  });
}

/** @param {string} name @returns {Promise<any>} */
export async function read(name) {
  const base = await database();
  if (!base) return memory.facts.get(name);
  return transact(base, "readonly", (facts, _presses, give) => {
    const request = facts.get(name);
    request.onsuccess = () => give(request.result);
  });
}

/** @param {string} name @param {unknown} value `undefined` forgets it */
export async function write(name, value) {
  const base = await database();
  if (!base) {
    memory.facts.set(name, value);
    return;
  }
  await transact(base, "readwrite", (facts) => {
    if (value === undefined) facts.delete(name);
    else facts.put(value, name);
  });
}

/** The next number of this device's acts. */
export async function nextSequence() {
  const base = await database();
  if (!base) return countInMemory();
  return transact(base, "readwrite", (facts, _presses, give) => count(facts, give));
}

/** @param {IDBObjectStore} facts @param {(next: number) => void} then */
function count(facts, then) {
  const request = facts.get(SEQUENCE);
  request.onsuccess = () => {
    const next = (Number(request.result) || 0) + 1;
    facts.put(next, SEQUENCE);
    then(next);
  };
}

function countInMemory() {
  const next = (Number(memory.facts.get(SEQUENCE)) || 0) + 1;
  memory.facts.set(SEQUENCE, next);
  return next;
}

/** Keeps a press until it is settled, and numbers it. @param {Press} press @returns {Promise<void>} */
export async function keepPress(press) {
  const base = await database();
  if (!base) {
    press.sequence = countInMemory();
    memory.presses.set(press.id, press);
    return;
  }
  await transact(base, "readwrite", (facts, presses) => {
    count(facts, (next) => {
      press.sequence = next;
      presses.put(press);
    });
  });
}

/** @param {string} id */
export async function settlePress(id) {
  const base = await database();
  if (!base) memory.presses.delete(id);
  else await transact(base, "readwrite", (_facts, presses) => void presses.delete(id));
}

/** The presses that nobody has answered yet, oldest first. @returns {Promise<Press[]>} */
export async function unsettledPresses() {
  const base = await database();
  if (!base) return [...memory.presses.values()];
  /** @type {Press[] | undefined} */
  const found = await transact(base, "readonly", (_facts, presses, give) => {
    const request = presses.getAll();
    request.onsuccess = () => give(request.result);
  });
  return (found ?? []).sort((one, other) => one.at.localeCompare(other.at));
}
