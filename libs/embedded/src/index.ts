export { lockFolder } from './folder-lock.js';
export { beginOpening, embeddedFolderOf, openPostgres, takeOpening } from './open-folder.js';
