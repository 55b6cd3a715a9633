/** Every time constant and limit of the cluster, in one place: DESIGN.md section 4, reference/diego.md 1.22. */

export const defaults = {
  heartbeatMs: 2_000,
  presenceTtlMs: 6_000,
  /** While a host gets another release its agent is away on purpose, on a busy machine for longer than that. */
  upgradePresenceTtlMs: 90_000,
  leaderLeaseMs: 3_000,
  /**
   * Of a leader whose own member leads Raft: whoever comes after takes the record without waiting for the lease,
   * unless only the agent died. Long enough that a leader which decides about 250,000 instances keeps it.
   */
  raftLeaderLeaseMs: 5_000,
  /** Measured: ten status calls a second cost 1.3 % of a core, more than an idle agent may; five cost half. */
  raftStatusPollMs: 200,
  /** Nobody waits for a leader to find out that it is none any more: the fence holds from the next one's claim on. */
  raftLeadingPollMs: 1_000,
  etcdHeartbeatMs: 100,
  etcdElectionMs: 1_000,
  etcdStopMs: 10_000,
  etcdCallMs: 5_000,
  etcdProbeMs: 1_000,
  /** A founding member that never served and says by then that nobody votes is begun anew. */
  etcdFirstServiceMs: 5_000,
  etcdLogMaxBytes: 20 * 1024 * 1024,
  /**
   * A leader whose etcd member does not say that it still leads. The fence keeps an old leader from harm and the
   * lease judges a silent store: this only ends work that comes to nothing. Measured: 7.5 s on a host whose two
   * cores had seven busy processes.
   */
  leaderBlindMs: 15_000,
  leaderKeyPollMs: 1_000,
  /** While Raft's own leader knows by its member that the record must be its own. */
  leaderKeySweepMs: 10_000,
  leadReturnMs: 5_000,
  serversMax: 7,
  /** How often the leader looks after the servers; more often while one is added or removed. */
  serverLookMs: 2_000,
  serverChangeLookMs: 500,
  /** A server that was silent for so long is replaced, unless the settings say otherwise. */
  serverReplaceAfterMs: 10 * 60_000,
  /** A host that came just now is not made a server yet. */
  serverSettleMs: 3_000,
  /** What has not come about by then is given up; a host that could not become a server stands down before. */
  serverChangeDeadlineMs: 5 * 60_000,
  serverStartDeadlineMs: 4 * 60_000,
  /** A host that could not be made a server is left alone for so long. */
  serverRetryAfterMs: 30 * 60_000,
  convergeDebounceMs: 50,
  convergeMaxDelayMs: 1_000,
  convergeSweepMs: 30_000,
  cellSweepMs: 30_000,
  crashImmediateRestarts: 3,
  crashBackoffMs: 30_000,
  crashBackoffMaxMs: 16 * 60_000,
  crashGiveUpCount: 200,
  crashResetAfterMs: 5 * 60_000,
  /** So many crashes of one LRP on one cell within the window make the cell its last resort. */
  faultyCellCrashes: 5,
  faultyCellWindowMs: 5 * 60_000,
  checkFirstPauseMs: 100,
  checkUnhealthyIntervalMs: 2_000,
  checkHealthyIntervalMs: 30_000,
  checkTimeoutMs: 1_000,
  startTimeoutMs: 60_000,
  stopGraceMs: 10_000,
  claimDeadlineMs: 10 * 60_000,
  /** On top of the stop's grace: a cell that is there and has not stopped an instance by then is reported. */
  stopDeadlineMs: 10 * 60_000,
  /** What has not left a drained cell by then is stopped, unless the operator says otherwise. */
  drainDeadlineMs: 60 * 60_000,
  /** Cells lost within this time of each other were lost at once. */
  stormWindowMs: 60_000,
  stormMinCells: 3,
  /** So long a lost cell is shown; then it is forgotten by itself. */
  lostCellKeptMs: 7 * 24 * 60 * 60_000,
  /** How long losses count as confirmed unless the operator says otherwise. */
  stormConfirmMs: 10 * 60_000,
  taskKeptMs: 120_000,
  taskResolvingMs: 30_000,
  taskPendingExpiryMs: 30 * 60_000,
  taskMaxRejections: 3,
  taskResultMaxBytes: 51_200,
  reasonMaxChars: 1_024,
  annotationMaxBytes: 10_240,
  routesMaxBytes: 131_072,
  eventJournalMax: 10_000,
  slowConsumerMaxPending: 1_024,
  apiDeadlineMs: 10_000,
  /** One call to the store; shorter than an API call, so that its reason arrives. */
  storeDeadlineMs: 5_000,
  cellRequestDeadlineMs: 5_000,
  /** A report of a cell waits in its server's line, which in a mass start is longer: said again it would only be longer. */
  cellReportDeadlineMs: 30_000,
  localRestartAfterMs: 5_000,
  /** With `autoRebalance` the brain evens the cells this often at most, and by this many moves. */
  autoRebalanceEveryMs: 10 * 60_000,
  autoRebalanceMoves: 20,
  /** What losses would be survived is told again this long after the last answer, if something changed. */
  survivalEveryMs: 5_000,
  /** … when nothing has changed for this long, or the first change is so old: a mass start makes every answer old. */
  survivalQuietMs: 500,
  survivalMaxDelayMs: 15_000,
  /** It is worked out in slices of this length, with a pause after each. */
  survivalSliceMs: 8,
  survivalPauseMs: 40,
  /** … and a longer one when the server is busy, which shows in a pause that ends late. */
  survivalBusyPauseMs: 1_000,
  /** Placements in one step of it. */
  survivalSliceWork: 100,
  txnMaxItems: 1_000,
  pageSize: 1_000,
  /**
   * Of a listing. etcd goes through the index of everything behind a page to find its end, whatever the limit: with
   * pages of 1,000 reading 450,000 records took it minutes of a busy processor, with these 20 s.
   */
  listPageSize: 10_000,
} as const;

/** Ports of one agent. */
export const defaultPorts = { api: 7400, etcdClient: 7401, etcdPeer: 7402 } as const;

/** The domain that the CLI uses; always fresh. */
export const defaultDomain = 'default';
