import { answerCalls } from '../worker-calls.js';
import { type AdapterArgs, type GenerateArgs, type LoadArgs, MediaPipeHost } from './mediapipe-host.js';

const host = new MediaPipeHost();

answerCalls({
  load: (args: LoadArgs, tell) => host.load(args, tell),
  loadAdapter: (args: AdapterArgs) => host.loadAdapter(args),
  unloadAdapter: async (digest: string) => host.unloadAdapter(digest),
  count: (prompt: string) => host.count(prompt),
  generate: (args: GenerateArgs, tell, signal) => host.generate(args, tell, signal),
});
