import { run, service } from '@app/service';
import { InferenceModule } from '../../src/inference/inference.module.js';
import { queues } from '../../src/queues.js';

export const running = run(service({ name: 'inference', modules: [InferenceModule], queues }));
