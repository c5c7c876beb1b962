import { run, service } from '@app/service';
import { ExploreModule } from '../../src/explore/explore.module.js';

await run(service('explore', ExploreModule));
