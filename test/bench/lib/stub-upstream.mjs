// The stub upstream in a process of its own: in the client's, it would answer late whenever the client is busy, and a
// persisted turn has the client ask twice. The first model says all at once, `slow` a word each 10 ms.
import { startStubUpstream } from '../../../libs/testing/src/stub-upstream.ts';

const { url } = await startStubUpstream({
  byModel: { slow: { tokens: Array.from({ length: 200 }, (_, n) => ` word${n}`), tokenDelayMs: 10 } },
});
console.log(`url ${url}`);
