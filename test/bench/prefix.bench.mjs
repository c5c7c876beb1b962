// First token of a second turn, whose conversation the engine still holds, against that of a cold one of the same length.
import { chat, median, parleyWithModel, quantile, ratio, realModel, report, round } from './lib/bench.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 9);
const server = await parleyWithModel(await realModel());
const words = (count, seed) =>
  Array.from(
    { length: count },
    (_, at) => ['river', 'stone', 'cloud', 'lamp', 'door', 'bread'][(at * 7 + seed) % 6],
  ).join(' ');

const warm = [];
const cold = [];
for (let turn = 0; turn < ROUNDS; turn++) {
  const { conversationId } = await chat(server.url, `Number ${turn}0. ${words(560, turn)}`, 4);
  const second = await chat(server.url, 'And now?', 4, { conversationId });
  warm.push(second);
  cold.push(await chat(server.url, `Number ${turn}1. ${words(565, turn + 3)}`, 4));
}
const first = (answers) => answers.map((answer) => answer.first);
const row = (name, answers) => ({
  name,
  'first token ms': round(median(first(answers)), 1),
  'min–max': `${round(Math.min(...first(answers)), 1)}–${round(quantile(first(answers), 1), 1)}`,
  'prompt tokens': median(answers.map(({ metadata }) => metadata.promptTokens)),
  'of them cached': median(answers.map(({ metadata }) => metadata.cachedPromptTokens)),
});
report('First token, warm prefix against cold', [row('warm', warm), row('cold', cold)]);
console.log(`warm/cold: ${ratio(first(warm), first(cold))}`);
process.exit(0);
