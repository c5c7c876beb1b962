// node-llama-cpp with nothing around it, in a process of its own: reads "<prompts as JSON>" lines, writes tokens a second.
import { createInterface } from 'node:readline';
import { getLlama } from 'node-llama-cpp';

const [file, threads, sequences, contextTokens] = process.argv.slice(2);
const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, maxThreads: Number(threads) });
const model = await llama.loadModel({ modelPath: file });
const context = await model.createContext({
  contextSize: Number(contextTokens),
  sequences: Number(sequences),
  threads: Number(threads),
});
const free = Array.from({ length: Number(sequences) }, () => context.getSequence());
console.log('ready');

async function answer(sequence, prompt, maxTokens) {
  const tokens = model.tokenize(prompt, true);
  // What this prompt shares with the last one is not read again: the product does the same.
  await sequence.adaptStateToTokens(tokens.slice(0, -1));
  let count = 0;
  const ids = [];
  for await (const token of sequence.evaluate(tokens.slice(sequence.nextTokenIndex), { temperature: 0 })) {
    if (model.isEogToken(token)) break;
    ids.push(token);
    if (++count >= maxTokens) break;
  }
  model.detokenize(ids);
  return count;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { prompts, maxTokens } = JSON.parse(line);
  const began = performance.now();
  const counts = await Promise.all(prompts.map((prompt, index) => answer(free[index], prompt, maxTokens)));
  const tokens = counts.reduce((sum, count) => sum + count, 0);
  console.log(`result ${JSON.stringify({ tokens, seconds: (performance.now() - began) / 1000 })}`);
}
