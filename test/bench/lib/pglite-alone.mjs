// The floor of a start: Node and the embedded database, opened on an existing folder, and nothing else.
import { PGlite } from '@electric-sql/pglite';

const startParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB'];
const db = await PGlite.create({ dataDir: process.argv[2], startParams });
await db.query('SELECT 1');
console.log('ready');
