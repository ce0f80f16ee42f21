// The public face: names only. One entry a technology stands beside it (see package.json's exports).

export { MemoryEventAdapter } from './adapters/memory/memory-event-adapter.ts';
export { MemoryEventTransport } from './adapters/memory/memory-event-transport.ts';
export { MemoryKeyStore } from './adapters/memory/memory-key-store.ts';
export type { CacheEntry, CacheProvider, CacheSetOptions } from './cache/cache-provider.ts';
export { CacheLevelError } from './cache/errors.ts';
export { MemoryCacheProvider, type MemoryCacheProviderOptions } from './cache/memory-cache-provider.ts';
export { type GetOrLoadOptions, MultiLevelCache, type MultiLevelCacheOptions } from './cache/multi-level-cache.ts';
export { type ApplyOptions, applyResolutions, undoResolution } from './conflicts/apply-resolutions.ts';
export { AutoConflictResolver, type AutoConflictResolverOptions } from './conflicts/auto-conflict-resolver.ts';
export {
  Conflict,
  type ConflictFields,
  type ConflictSeverity,
  DeletionConflict,
  type DisputedItems,
  FieldConflict,
  type Side,
  type StructuralAspect,
  StructuralConflict,
  UniquenessConflict,
} from './conflicts/conflict.ts';
export type { ConflictDetector } from './conflicts/conflict-detector.ts';
export { type ConflictRecordStore, MemoryConflictRecordStore } from './conflicts/conflict-record-store.ts';
export type { ConflictOrigin } from './conflicts/conflict-records.ts';
export {
  ConflictResolution,
  type DecisionNote,
  type DroppedValue,
  ManualResolutionRequired,
} from './conflicts/conflict-resolution.ts';
export type { ConflictResolutionStrategy, ConflictResolver } from './conflicts/conflict-resolver.ts';
export { ConflictType } from './conflicts/conflict-type.ts';
export type { DeletionPolicy } from './conflicts/deletion-policy.ts';
export { ResolutionOutdatedError } from './conflicts/errors.ts';
export type { Identity } from './conflicts/list-identity.ts';
export type { ItemSegment, Location } from './conflicts/location.ts';
export { type ManualChoice, ManualQueue } from './conflicts/manual-queue.ts';
export {
  type ListRule,
  type MergeRule,
  MergeSchema,
  type SchemaCursor,
  type TextRule,
} from './conflicts/merge-schema.ts';
export { type MergedRange, mergeSequence, type Range } from './conflicts/merge-sequence.ts';
export type { PathPattern } from './conflicts/path-pattern.ts';
export { type ReadyRule, type ReadyRulesOptions, readyRules } from './conflicts/ready-rules.ts';
export { RememberedDecisions } from './conflicts/remembered-decisions.ts';
export { type RenderOptions, renderConflicts } from './conflicts/render-conflicts.ts';
export { ResolutionLog, type ResolutionLogEntry } from './conflicts/resolution-log.ts';
export type { ConflictValueType, ResolutionRule } from './conflicts/resolution-rule.ts';
export type { ShownConflict } from './conflicts/shown-conflict.ts';
export { ConcatenateStrategy } from './conflicts/strategies/concatenate-strategy.ts';
export { type CustomDecision, CustomStrategy } from './conflicts/strategies/custom-strategy.ts';
export { DeletionWinsStrategy } from './conflicts/strategies/deletion-wins-strategy.ts';
export { MaxStrategy, MinStrategy } from './conflicts/strategies/extreme-strategies.ts';
export { HigherVersionStrategy } from './conflicts/strategies/higher-version-strategy.ts';
export { LastWriterWinsStrategy } from './conflicts/strategies/last-writer-wins-strategy.ts';
export { ManualStrategy } from './conflicts/strategies/manual-strategy.ts';
export { MergeAddedStrategy } from './conflicts/strategies/merge-added-strategy.ts';
export { MergeRangesStrategy } from './conflicts/strategies/merge-ranges-strategy.ts';
export { MergeStrategy } from './conflicts/strategies/merge-strategy.ts';
export { MergeWordsStrategy } from './conflicts/strategies/merge-words-strategy.ts';
export { PreserveStrategy } from './conflicts/strategies/preserve-strategy.ts';
export { LocalWinsStrategy, RemoteWinsStrategy } from './conflicts/strategies/side-wins-strategies.ts';
export { UnionStrategy } from './conflicts/strategies/union-strategy.ts';
export { type MergedText, mergeText, type TextConflict } from './conflicts/text-merge.ts';
export { ThreeWayConflictDetector } from './conflicts/three-way-conflict-detector.ts';
export { type ThreeWayMergeOptions, type ThreeWayMergeResult, threeWayMerge } from './conflicts/three-way-merge.ts';
export type { NormalizedStamp, WriteStamp, WriteStamps } from './conflicts/write-stamp.ts';
export type { BackoffOptions, Random } from './core/backoff.ts';
export { checksum, stableStringify } from './core/checksum.ts';
export { type Clock, systemClock } from './core/clock.ts';
export {
  AppendInDoubtError,
  ClosedError,
  CommitInDoubtError,
  ConcurrencyConflictError,
  HorizonUnknownError,
  InvalidArgumentError,
  isMigrationError,
  MigrationError,
  ReadOnlyStorageError,
  SnapshotTooOldError,
  StorageError,
  TimeoutError,
} from './core/errors.ts';
export type { EventQuery, EventQueryItem } from './core/event-query.ts';
export type { ExpectedVersion } from './core/expected-version.ts';
export { type JsonObject, type JsonValue, jsonEqual } from './core/json-value.ts';
export { DeadlockError, LockTimeoutError, type LockWait } from './core/lock-errors.ts';
export { murmur3 } from './core/murmur3.ts';
export type { OnError } from './core/on-error.ts';
export { AesGcmEncryption, type AesGcmEncryptionOptions } from './events/aes-gcm-encryption.ts';
export { AgeSnapshotStrategy } from './events/age-snapshot-strategy.ts';
export type { StreamFold, StreamState } from './events/aggregate-stream.ts';
export type { HandlingFailure } from './events/attempts.ts';
export { type BackupOptions, backupEvents } from './events/backup-events.ts';
export type { BackupCounts } from './events/backup-record.ts';
export { EventMessageError, EventNotSentError, EventsMissedError } from './events/bus-errors.ts';
export type { CheckpointedEvent } from './events/checkpointed-events.ts';
export type { CommandAttemptOptions } from './events/command-attempts.ts';
export {
  type CommandHandler,
  type CommandHandlerOptions,
  commandHandler,
  type HandleOptions,
} from './events/command-handler.ts';
export type { CommandResult } from './events/command-result.ts';
export type { CompressionAlgorithm } from './events/compression.ts';
export { type CopyOptions, compareEvents, copyEvents } from './events/copy-events.ts';
export type { Decider, Decision } from './events/decider.ts';
export { DomainEvent, type DomainEventOptions, type EventMetadata } from './events/domain-event.ts';
export {
  AppendConditionError,
  BackupDamagedError,
  CheckpointEpochError,
  CommandResultUnreadError,
  CompressionUnavailableError,
  DecryptionError,
  DuplicateEventError,
  EventCorruptedError,
  EventEncodingError,
  EventHandlingError,
  type EventIssue,
  EventSchemaVersionError,
  EventUpcastError,
  EventValidationError,
  PartitionsDifferError,
  ProjectionLiveError,
  StreamDeletedError,
  SubscriptionFailedError,
  UnreadableEventError,
} from './events/errors.ts';
export type {
  AdapterAppendOptions,
  AllPage,
  AppendCondition,
  AppendedBatch,
  AppendOutcome,
  Checkpoint,
  DeleteOutcome,
  EncodedEvent,
  EncodedPayload,
  EventAdapter,
  EventBatch,
  NamedCheckpoint,
  SaveCheckpointOptions,
  StoredCheckpoint,
  StoredEvent,
  StoredSnapshot,
  StreamInfo,
  StreamPage,
  StreamsPage,
} from './events/event-adapter.ts';
export { EventBus } from './events/event-bus.ts';
export type { BusSubscribeOptions, EventBusOptions, PublishOptions, Revivers } from './events/event-bus-options.ts';
export type { EncryptionContext, EventEncryption } from './events/event-encryption.ts';
export type { EventHandler } from './events/event-handler.ts';
export type { EventOfType, HandlerOfType } from './events/event-of-type.ts';
export type { EventPublisher } from './events/event-publisher.ts';
export {
  defineEvents,
  type EventDefinition,
  type EventDefinitions,
  type EventRegistry,
  type EventsOf,
  type NewEventsOf,
  type Upcaster,
} from './events/event-registry.ts';
export type { EventSequence } from './events/event-sequence.ts';
export type {
  DataOf,
  EventShape,
  NewEventOf,
  PartOf,
  RecordedEventOf,
  Shreddable,
  ShreddedShape,
} from './events/event-shape.ts';
export { EventStore } from './events/event-store.ts';
export type {
  AppendManyOptions,
  AppendOptions,
  AppendRequest,
  AppendResult,
  EventStoreOptions,
  ReadAllOptions,
  ReadOptions,
} from './events/event-store-options.ts';
export type { EventStreams } from './events/event-streams.ts';
export type { EventTransport, TransportListener } from './events/event-transport.ts';
export type { GroupOptions } from './events/group-options.ts';
export { IntervalSnapshotStrategy } from './events/interval-snapshot-strategy.ts';
export type { KeyStore } from './events/key-store.ts';
export type { ParkedEventHandler, ParkedEvents, RetryResult } from './events/parked-events.ts';
export type { ParkedEvent } from './events/parked-record.ts';
export type { PayloadCodecOptions } from './events/payload-codec.ts';
export type { Projection } from './events/projection.ts';
export {
  type QueryCommandHandler,
  type QueryCommandHandlerOptions,
  type QueryCommandResult,
  queryCommandHandler,
} from './events/query-command-handler.ts';
export { ReceivedEvent, type ReceivedFields } from './events/received-event.ts';
export { RecordedDomainEvent } from './events/recorded-domain-event.ts';
export type { NewEvent, RecordedEvent } from './events/recorded-event.ts';
export { type RelayOptions, relayEvents } from './events/relay-events.ts';
export {
  type BackupText,
  type RestoreOptions,
  restoreEvents,
  verifyBackup,
} from './events/restore-events.ts';
export { SizeSnapshotStrategy } from './events/size-snapshot-strategy.ts';
export { anyOf, type SnapshotOccasion, type SnapshotStrategy } from './events/snapshot-strategy.ts';
export type {
  SchemaInput,
  SchemaOutput,
  StandardIssue,
  StandardResult,
  StandardSchema,
} from './events/standard-schema.ts';
export type { RunOptions, SubscribeOptions, TypedSubscribeOptions } from './events/subscribe-options.ts';
export type { Subscription } from './events/subscription.ts';
export {
  DifferentDatabaseError,
  NotInitializedError,
  SynchronousAppendError,
  UnsupportedByAdapterError,
} from './events/transaction-errors.ts';
export {
  type IntegrityFinding,
  type IntegrityProblem,
  type IntegrityReport,
  type VerifyOptions,
  verifyEvents,
} from './events/verify-events.ts';
export {
  DeactivationFailedError,
  GateNotPassedError,
  JournalMismatchError,
  MigrationExistsError,
  MigrationRunningError,
  MigrationTakenOverError,
  StageCheckFailedError,
  StageFailedError,
  StageNotReversibleError,
  StageRollbackFailedError,
} from './migration/errors.ts';
export {
  type Gate,
  type GateMeasurement,
  type GateOptions,
  type GateReading,
  type GateVerdict,
  gate,
} from './migration/gate.ts';
export type {
  JournaledError,
  MigrationEvent,
  MigrationEventData,
  RollbackTrigger,
  StepPhase,
} from './migration/journal-event.ts';
export type { JournalStore } from './migration/journal-store.ts';
export type { LegacyReference } from './migration/legacy-references.ts';
export {
  LegacyRemovalScript,
  type LegacyRemovalScriptOptions,
  type RemovalReport,
  type RemovedComponent,
} from './migration/legacy-removal-script.ts';
export { MigrationRunner } from './migration/migration-runner.ts';
export type { MigrationProgress, MigrationRunnerOptions, ResumeOptions } from './migration/migration-runner-options.ts';
export type { MigrationState, MigrationStatus, StageState, StageStatus } from './migration/migration-status.ts';
export {
  ArchiveConflictError,
  LegacyStillReferencedError,
  RemovalFailedError,
  UnsafePathError,
} from './migration/removal-errors.ts';
export type { Bake, MigrationStage, StageCheckpoint, StageContext, StageRunContext } from './migration/stage.ts';
export {
  type CutoverStageOptions,
  cutoverStage,
  type FinalSync,
  type TrafficControl,
} from './migration/stages/cutover-stage.ts';
export {
  type EventStageOptions,
  eventStage,
  type HistoryImport,
  type ProjectionCheck,
  type StageEventSource,
} from './migration/stages/event-stage.ts';
export { type FoundationStageOptions, foundationStage } from './migration/stages/foundation-stage.ts';
export {
  type DrillResult,
  type RecoveryDrill,
  type ResilienceStageOptions,
  resilienceStage,
} from './migration/stages/resilience-stage.ts';
export type { StageOptions } from './migration/stages/stage-options.ts';
export {
  type ReconciledConflicts,
  type VersionedRecords,
  type VersioningStageOptions,
  versioningStage,
} from './migration/stages/versioning-stage.ts';
export {
  SystemIntegrationValidator,
  type SystemIntegrationValidatorOptions,
  type SystemValidation,
  type ValidationCategory,
  type ValidationCheck,
  type ValidationResult,
} from './migration/system-integration-validator.ts';
export {
  type Alert,
  type AlertChannel,
  AlertManager,
  type AlertManagerOptions,
  type AlertSeverity,
} from './monitoring/alert-manager.ts';
export type { Health, HealthSource, HealthSummary } from './monitoring/health-source.ts';
export type { MetricLabels, MetricsCollector } from './monitoring/metrics-collector.ts';
export {
  PerformanceMetricsCollector,
  type PerformanceMetricsCollectorOptions,
} from './monitoring/performance-metrics-collector.ts';
export type { PerformanceReport } from './monitoring/performance-report.ts';
export { SystemMonitoring, type SystemMonitoringOptions } from './monitoring/system-monitoring.ts';
export { AutoRecoveryManager, type AutoRecoveryManagerOptions } from './resilience/auto-recovery-manager.ts';
export { CircuitBreaker, type CircuitBreakerOptions, type CircuitState } from './resilience/circuit-breaker.ts';
export { CircuitBreakerOpenError, RestoreFailedError, RetriesExhaustedError } from './resilience/errors.ts';
export {
  type ComponentHealth,
  type HealthCheck,
  HealthChecker,
  type HealthCheckerOptions,
  type HealthReport,
  type HealthStatus,
} from './resilience/health-checker.ts';
export {
  RecoveryManager,
  type RecoveryManagerOptions,
  type RecoveryRunOptions,
} from './resilience/recovery-manager.ts';
export {
  type RecoveryAttempt,
  RecoveryResult,
  type RecoveryStrategy,
  type SystemFailure,
} from './resilience/recovery-strategy.ts';
export type { RetryPolicy } from './resilience/retry-policy.ts';
export { RollbackFailedError, SystemInvalidError } from './rollback/errors.ts';
export { RollbackManager } from './rollback/rollback-manager.ts';
export type { RollbackContext, RollbackResult, RollbackStrategy } from './rollback/rollback-strategy.ts';
export type { SystemValidator, SystemValidity } from './rollback/system-validator.ts';
export { applyJsonPatch, type JsonPatchOperation } from './state/apply-json-patch.ts';
export { applyMergePatch, type MergePatch } from './state/apply-merge-patch.ts';
export type { ChangeEvent, ChangeLog, ChangeRecord } from './state/change-log.ts';
export { diffJson } from './state/diff-json.ts';
export type { DistributedCommit, DistributedTransaction } from './state/distributed/distributed-transaction.ts';
export {
  ExpectedVersionNotPromisedError,
  TransactionInDoubtError,
  TransactionLogError,
  TransactionOvertakenError,
  TransactionRolledBackError,
  UnknownParticipantError,
} from './state/distributed/errors.ts';
export {
  type BranchAppend,
  type BranchEvent,
  type BranchEvents,
  type EventStoreParticipantOptions,
  eventStoreParticipant,
} from './state/distributed/event-store-participant.ts';
export { type MVCCParticipantOptions, type MVCCWork, mvccParticipant } from './state/distributed/mvcc-participant.ts';
export type {
  Branches,
  Participant,
  Participants,
  SagaParticipant,
  TwoPhaseParticipant,
  WorkOf,
} from './state/distributed/participant.ts';
export {
  type DistributedOptions,
  type ParkedTransaction,
  TransactionCoordinator,
  type TransactionCoordinatorOptions,
} from './state/distributed/transaction-coordinator.ts';
export type { LoggedError } from './state/distributed/transaction-entry.ts';
export type { LogEntry, NewLogEntry, TransactionLog } from './state/distributed/transaction-log.ts';
export type {
  RecoverOptions,
  RecoveryReport,
  UnresolvedTransaction,
} from './state/distributed/transaction-recovery.ts';
export {
  JsonPatchError,
  PreparedConflictError,
  ReadOnlyTransactionError,
  SavepointEndedError,
  TransactionEndedError,
  TwoPhaseUnsupportedError,
  VersionCorruptedError,
  VersionNotFoundError,
} from './state/errors.ts';
export type { IsolationLevel } from './state/isolation-level.ts';
export type { LockManager, LockMode, LockOptions, ReleaseLocks } from './state/lock-manager.ts';
export { MemoryLockManager } from './state/memory-lock-manager.ts';
export { MemoryVersionStore } from './state/memory-version-store.ts';
export { MVCCController } from './state/mvcc-controller.ts';
export type { HistoryOptions, MVCCControllerOptions, ReadVersionOptions } from './state/mvcc-controller-options.ts';
export type { LongSnapshot } from './state/open-snapshots.ts';
export { type RecordChangesOptions, recordChanges, type StateChange } from './state/record-changes.ts';
export type { RetentionOptions } from './state/retention.ts';
export type { RetryOptions } from './state/retry-conflicts.ts';
export { StateManager } from './state/state-manager.ts';
export type {
  SetOptions,
  StateListener,
  StateManagerOptions,
  StateMoment,
  StateSubscription,
  StateTransactionOptions,
  SubscribeStateOptions,
} from './state/state-manager-options.ts';
export type { StateTransaction } from './state/state-transaction.ts';
export type { BeginOptions, Savepoint, ScanOptions, Transaction } from './state/transaction.ts';
export {
  type ExecuteOptions,
  TransactionManager,
  type TransactionManagerOptions,
  type TransactionOperation,
} from './state/transaction-manager.ts';
export type { VersionReport } from './state/verify-versions.ts';
export type {
  AggregateCheck,
  ChangesPage,
  CommitOptions,
  CommitOutcome,
  CommitRequest,
  Committed,
  FailedCheck,
  NotCommitted,
  PrefixCheck,
  PreparedVersions,
  Retention,
  ScanPage,
  StoredVersion,
  UnchangedCheck,
  VersionCheck,
  VersionSelector,
  VersionStore,
  VersionWrite,
} from './state/version-store.ts';
export type { DeletedVersion, StateVersion, VersionedState } from './state/versioned-state.ts';
export type { WatchedVersion, WatchOptions } from './state/watch-versions.ts';
export type { Inconsistency, StateDifference } from './sync/differences.ts';
export {
  FileWatchError,
  FinalSyncError,
  type FinalSyncStep,
  LegacyPublishError,
  type LegacyPublishFailure,
  RecordChangedError,
  SyncIncompleteError,
} from './sync/errors.ts';
export { EventEnabledFileWatcher } from './sync/event-enabled-file-watcher.ts';
export { EventReplica, type EventReplicaOptions, type FoldedStreams } from './sync/event-replica.ts';
export type { FileChange } from './sync/file-change.ts';
export { FileChangedEvent } from './sync/file-changed-event.ts';
export { FileWatcher, type FileWatcherOptions } from './sync/file-watcher.ts';
export { FinalDataSynchronizer, type FinalDataSynchronizerOptions } from './sync/final-data-synchronizer.ts';
export type {
  FinalSyncProgress,
  FinalSyncResult,
  QuarantinedRecord,
  SyncDifference,
} from './sync/final-sync-result.ts';
export {
  instrumentSync,
  type LegacySyncFunction,
  type SyncEmitter,
  type SyncListeners,
} from './sync/instrument-sync.ts';
export type { LegacyEmitter } from './sync/legacy-emitter.ts';
export { LegacySyncCompletedEvent } from './sync/legacy-sync-completed-event.ts';
export type { LegacySyncEvent } from './sync/legacy-sync-event.ts';
export { LegacySyncEventBridge, type LegacySyncEventBridgeOptions } from './sync/legacy-sync-event-bridge.ts';
export { type LegacyFailure, LegacySyncFailedEvent } from './sync/legacy-sync-failed-event.ts';
export { MemoryReplica } from './sync/memory-replica.ts';
export type { Reconciliation } from './sync/reconciler.ts';
export type { Replica, ReplicaRecord, ReplicaWriteOptions, ReplicaWriteOutcome } from './sync/replica.ts';
export type { RollbackPoint, SavedRecord } from './sync/rollback-point.ts';
export type { StateMerger } from './sync/state-merger.ts';
export {
  StateReplica,
  type StateReplicaOptions,
  type VersionedStates,
  type WrittenState,
} from './sync/state-replica.ts';
export { MemorySyncCheckpointStore, type SyncCheckpointStore } from './sync/sync-checkpoint-store.ts';
export { SyncCoordinator } from './sync/sync-coordinator.ts';
export type { SyncAllOptions, SyncCoordinatorOptions, SyncOptions } from './sync/sync-coordinator-options.ts';
export type { Held, IntendedWrite, SyncEntry, SyncIntent, SyncJournal, SyncSide } from './sync/sync-journal.ts';
export type { SyncFailure, SyncReport, SyncResult, SyncWrite } from './sync/sync-result.ts';
export type { SyncSource } from './sync/sync-source.ts';
export type { SyncTarget } from './sync/sync-target.ts';
export { GradualTrafficSplitter, type GradualTrafficSplitterOptions } from './traffic/gradual-traffic-splitter.ts';
export type { ShadowOptions, ShadowOutcome } from './traffic/shadow.ts';
export {
  type RequestHandler,
  type RoutedRequest,
  TrafficRouter,
  type TrafficRouterOptions,
} from './traffic/traffic-router.ts';
export type { TrafficSplitter, TrafficTarget } from './traffic/traffic-splitter.ts';
