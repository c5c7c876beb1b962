import { run, service } from '@app/service';
import { InferenceModule } from '../../src/inference/inference.module.js';

await run(service('inference', InferenceModule));
