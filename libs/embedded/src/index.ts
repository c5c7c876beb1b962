export { lockFolder } from './folder-lock.js';
export { beginOpening, openPostgres, takeOpening } from './open-folder.js';
