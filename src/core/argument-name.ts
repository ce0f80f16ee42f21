/** Where an argument stands, such as `events[2].data`; a function where it is worth spelling only for a message. */
export type ArgumentName = string | (() => string);

export function spelled(name: ArgumentName): string {
  return typeof name === 'string' ? name : name();
}
