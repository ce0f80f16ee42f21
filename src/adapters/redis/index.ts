export { RedisCacheProvider, type RedisCacheProviderOptions } from './redis-cache-provider.ts';
export type { RedisClient } from './redis-commands.ts';
export { RedisEventTransport, type RedisEventTransportOptions } from './redis-event-transport.ts';
