// The stub upstream in a process of its own: in the client's, it would answer late whenever the client is busy, and a
// persisted turn has the client ask twice.
import { startStubUpstream } from '../../../libs/testing/src/stub-upstream.ts';

const { url } = await startStubUpstream();
console.log(`url ${url}`);
