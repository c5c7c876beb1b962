import { DomainError } from '@app/kernel';

export const brokerUnavailable = () =>
  new DomainError('unavailable', 'platform.broker-unavailable', 'The message broker cannot be reached at the moment.');

/** @param type `<module>.<verb-noun>.v1`; services carry the name of the module that they serve */
export const noHandler = (type: string) => {
  const service = type.slice(0, type.indexOf('.'));
  return new DomainError(
    'unavailable',
    'platform.no-handler',
    `The ${service} service is not available at the moment.`,
    {
      service,
      type,
    },
  );
};

/** A query can be asked again; a command may or may not have been done. */
export const interrupted = (type: string) =>
  new DomainError('unavailable', 'platform.interrupted', `The process that worked on ${type} is gone. Try again.`, {
    service: type.slice(0, type.indexOf('.')),
    type,
  });

export const tooLarge = (bytes: number, limit: number) =>
  new DomainError(
    'too-large',
    'platform.message-too-large',
    `A message of ${bytes} bytes is over the limit of ${limit}.`,
    {
      bytes,
      limit,
    },
  );

export const circuitOpen = (service: string) =>
  new DomainError(
    'unavailable',
    'platform.circuit-open',
    `The ${service} service did not answer; it is tried again soon.`,
    {
      service,
    },
  );
