import { InstallModel, SetDefaultModel } from '../contracts/index.js';

export const InstallModelBody = InstallModel.schema.meta({ id: 'InstallModelBody' });
export const SetDefaultModelBody = SetDefaultModel.schema.meta({ id: 'SetDefaultModelBody' });
export const ModelId = SetDefaultModel.schema.shape.modelId;
