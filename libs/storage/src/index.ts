export { FolderStorage } from './folder.storage.js';
export {
  type ByteRange,
  type Expected,
  type ObjectPage,
  ObjectStorage,
  type PresignedHeaders,
  type StoredObject,
} from './object-storage.js';
export { StorageModule } from './storage.module.js';
