import { describe } from 'vitest';
import { transportContract } from '../transport.contract.js';
import { rabbitMqHarness } from './rabbitmq-harness.contract.js';

const url = process.env['TEST_RABBITMQ_URL'];

describe.skipIf(!url)('on a real broker', () => transportContract('RabbitMQ', () => rabbitMqHarness(url ?? '')));
