import { describe, expect, it } from 'vitest';
import { ServiceDirectory } from './service-directory.js';

const chat = { service: 'chat', modules: ['chat'], types: ['chat.send-message.v1'], alive: true };

describe('the service directory', () => {
  it('names who serves a type, and how many live', () => {
    const directory = new ServiceDirectory();
    directory.update([chat, chat, { ...chat, alive: false }]);
    expect(directory.serviceOf('chat.send-message.v1')).toEqual({ service: 'chat', alive: 2 });
    expect(directory.instancesOf('chat')).toBe(2);
  });

  it('still knows the name of a service whose every process is gone', () => {
    const directory = new ServiceDirectory();
    directory.update([{ ...chat, service: 'talk', alive: false }]);
    expect(directory.serviceOf('chat.send-message.v1')).toEqual({ service: 'talk', alive: 0 });
    expect(directory.instancesOf('chat')).toBe(0);
  });

  it('prefers the name of a service that lives', () => {
    const directory = new ServiceDirectory();
    directory.update([chat, { ...chat, service: 'old', alive: false }]);
    directory.update([{ ...chat, service: 'old', alive: false }, chat, { ...chat, service: 'older', alive: false }]);
    expect(directory.serviceOf('chat.send-message.v1')).toEqual({ service: 'chat', alive: 1 });
  });

  it('says the module of a type that nobody ever served', () => {
    expect(new ServiceDirectory().serviceOf('explore.install-model.v1')).toEqual({ service: 'explore', alive: 0 });
  });
});
