import { describe, expect, it } from 'vitest';
import { collectRuntimeMetrics, counter, gauge, histogram, metrics } from './metrics.js';

describe('the metrics', () => {
  it('appear on one page', async () => {
    counter('t_things_total', 'Things.', ['kind']).labels('small').inc(2);
    gauge('t_open', 'Open.', [], function () {
      this.set(7);
    });
    histogram('t_seconds', 'Time.').observe(0.002);
    const page = await metrics.metrics();
    expect(page).toContain('t_things_total{kind="small"} 2');
    expect(page).toContain('t_open 7');
    expect(page).toContain('t_seconds_bucket{le="0.005"} 1');
  });

  it('are the same when asked for twice', () => {
    expect(counter('t_twice_total', 'Twice.')).toBe(counter('t_twice_total', 'Twice.'));
  });

  it('include the runtime’s own, once', async () => {
    collectRuntimeMetrics();
    collectRuntimeMetrics();
    expect(await metrics.metrics()).toContain('process_cpu_user_seconds_total');
  });
});
