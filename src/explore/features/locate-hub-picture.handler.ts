import { type DataOf, Handles, type ResultOf } from '@app/messaging';
import { Pictures } from '../cards/pictures.js';
import { LocateHubPicture } from '../contracts/index.js';

@Handles(LocateHubPicture)
export class LocateHubPictureHandler {
  constructor(private readonly pictures: Pictures) {}

  handle({ repo, pictureId }: DataOf<LocateHubPicture>): Promise<ResultOf<LocateHubPicture>> {
    return this.pictures.locate(repo, pictureId);
  }
}
