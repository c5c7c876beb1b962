import { answerCalls } from '../worker-calls.js';
import { download, type DownloadArgs } from './download.js';

// A worker, because only there a file is written in place: what came before a reload stays.
answerCalls({
  download: (args: DownloadArgs, tell, signal) => download(args, tell, signal),
});
