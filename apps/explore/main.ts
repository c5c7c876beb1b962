import { run, service } from '@app/service';
import { ExploreModule } from '../../src/explore/explore.module.js';
import { queues } from '../../src/queues.js';

export const running = run(service({ name: 'explore', modules: [ExploreModule], queues }));
