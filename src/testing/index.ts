export { type CacheProviderConformanceOptions, cacheProviderConformance } from './cache-provider-conformance.ts';
export type { ConformanceRunner } from './conformance.ts';
export { type EventAdapterConformanceOptions, eventAdapterConformance } from './event-adapter-conformance.ts';
export { type EventTransportConformanceOptions, eventTransportConformance } from './event-transport-conformance.ts';
export { FakeClock } from './fake-clock.ts';
export { type KeyStoreConformanceOptions, keyStoreConformance } from './key-store-conformance.ts';
export { type LockManagerConformanceOptions, lockManagerConformance } from './lock-manager-conformance.ts';
export {
  type ParticipantConformanceOptions,
  type ParticipantUnderTest,
  participantConformance,
  type SagaConformanceOptions,
  sagaConformance,
} from './participant-conformance.ts';
export { type ReplicaConformanceOptions, replicaConformance } from './replica-conformance.ts';
export { type Expectation, type GivenEvent, type Specification, specification } from './specification.ts';
export type { ThrownExpectation } from './thrown-expectation.ts';
export { type VersionStoreConformanceOptions, versionStoreConformance } from './version-store-conformance.ts';
