/** One message that the service logs. Messages and codes are an interface: operators search for them and alert on them. */
export interface LogEvent {
  /** The field `event` of the line. It stays when the message is reworded. */
  readonly code: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  /** What happened, and what the service does about it. */
  readonly meaning: string;
  /** What an operator does. */
  readonly action: string;
}

const unlessItStays = 'nothing, unless it stays';

const updates: readonly LogEvent[] = [
  {
    code: 'changed',
    level: 'info',
    message: 'changed',
    meaning:
      'one write to the portal: `object`, `name`, `rack`, `owner`, `openstackId`, `openstackKind`, `id`, `fields`',
    action: 'nothing',
  },
  {
    code: 'reconciled',
    level: 'info',
    message: 'reconciled',
    meaning: 'a run that changed something ended; portal and cloud are in step',
    action: 'nothing',
  },
  {
    code: 'reconcile-progress',
    level: 'info',
    message: 'reconcile in progress',
    meaning: 'a run with many changes: `done` of `total`, `perSecond` a second, about `leftMs` to go',
    action: 'nothing',
  },
  {
    code: 'reconcile-recovered',
    level: 'info',
    message: 'reconcile works again',
    meaning: 'a run ended after runs that failed as a whole; `after` is why they did',
    action: 'nothing',
  },
  {
    code: 'cloud-answers-again',
    level: 'info',
    message: 'cloud answers again',
    meaning:
      'one of several clouds, `cloud`, that no run could read since `since`, has answered a trial: a full run begins at once',
    action: 'nothing',
  },
  {
    code: 'deletions-refused',
    level: 'error',
    message: 'deletions refused',
    meaning:
      'more is missing from OpenStack, without proof of its deletion, than `updates.max_deletion_share` and `updates.max_deletions` allow, of one owner or of all, or all of a kind is: what has no proof stays, the rest of the run is done. `Almost nothing of what the portal shows is in this cloud`, or `Almost none of the servers`, or of the stacks: nothing at all is changed. Logged once, however many runs find it',
    action:
      'Is `openstack.auth_url` the right cloud? Does the account still have its role? `plan` lists what is held. If the objects are really gone: `allow-deletions` shows them and, with `--yes`, lets the running service delete them',
  },
  {
    code: 'deletions-allowed',
    level: 'warn',
    message: 'deletions allowed for this run',
    meaning:
      'somebody called `allow-deletions --yes`: this full run deletes or recreates `deletions` objects, none that the command had not listed; `by` is the account that called it',
    action: 'nothing; the lines `changed` of the same `runId` name each object',
  },
  {
    code: 'deletion-permission-unused',
    level: 'warn',
    message: 'permission of allow-deletions not used',
    meaning:
      'a permission of `allow-deletions` does not hold for this run: it has expired, its file cannot be read or removed, or the run would also delete what the command did not list; `because` says which. Nothing more is deleted than without it',
    action: 'look at `allow-deletions` again: what would be deleted has changed, or no full run came in time',
  },
  {
    code: 'costs-not-read',
    level: 'warn',
    message: 'failed to read costs, portal values kept',
    meaning:
      'CloudKitty, or the record of stacks in `data_dir`, cannot be read: the portal keeps the costs that it shows; `why` says why',
    action: 'nothing, unless it stays: `billing.rating: none` does without costs',
  },
  {
    code: 'orders-not-read',
    level: 'warn',
    message: 'failed to read orders, portal values kept',
    meaning:
      'requests to the billing platform about orders fail: racks keep the `order_id` that they have, new ones get the id of their stack until a later run; `why` says why',
    action: 'nothing, unless it stays: is the billing platform running, and are its credentials right?',
  },
  {
    code: 'order-closed',
    level: 'info',
    message: 'billing order closed',
    meaning: 'an order of the billing platform is over: `order`, `stack`, and `because` why',
    action: 'nothing',
  },
  {
    code: 'order-not-closed',
    level: 'warn',
    message: 'failed to close billing order, will retry',
    meaning:
      'the billing platform refuses to close `order`, or Heat does not say whether its `stack` is deleted: the order stays open until the next try, ten minutes later, and delays no other; `why` says why',
    action: 'close it in the billing platform if it stays',
  },
  {
    code: 'account-closed',
    level: 'info',
    message: 'billing account closed',
    meaning:
      '`account` of a team, or user, that was deleted is closed: all that it used is recorded and invoiced',
    action: 'nothing',
  },
  {
    code: 'account-not-closed',
    level: 'warn',
    message: 'failed to close billing account, will retry',
    meaning:
      '`account` of a team, or user, that was deleted stays open until the next try, ten minutes later: the billing platform refuses, is unavailable, or has not invoiced all that was used; `why` says why',
    action: 'if it stays, have the billing platform invoice what is left on the account',
  },
  {
    code: 'orders-not-swept',
    level: 'warn',
    message: 'failed to check open orders, will retry',
    meaning:
      'requests to the billing platform, or to Heat, about open orders fail: they stay open until the next try; `why` says why',
    action: 'nothing, unless it stays: is the billing platform running, and are its credentials right?',
  },
  {
    code: 'members-not-recorded',
    level: 'warn',
    message: 'failed to record the members of stacks in data_dir',
    meaning:
      'the members of stacks cannot be written to `stacks.jsonl` in `data_dir`: racks show less than their deleted devices cost',
    action: 'free space in `data_dir`, or make it writable',
  },
  {
    code: 'stack-record-rebuilt',
    level: 'info',
    message: 'rebuilt the record of stacks from Heat',
    meaning:
      '`stacks.jsonl` in `data_dir` is new, or was lost, and has what Heat remembers of resources that are gone: `found` that cost something are billed with their stacks again, `unknown` others were in no stack, as far as Heat knows; `unread` is the number of stacks whose events, and of projects whose stacks, it refuses to show',
    action:
      'where `unknown` is more than servers without a stack, restore the file from a backup, if there is one',
  },
  {
    code: 'stack-record-not-rebuilt',
    level: 'warn',
    message: 'failed to rebuild the record of stacks, will retry',
    meaning:
      '`stacks.jsonl` in `data_dir` is new, or was lost, and requests to Heat or CloudKitty about resources that are gone fail: until they succeed no order is closed; `why` says why',
    action: unlessItStays,
  },
  {
    code: 'stack-cache-unreadable',
    level: 'warn',
    message: 'stack cache unreadable, reading all stacks',
    meaning:
      '`stack-trees.json` in `data_dir` is damaged, of a later version, or not readable: every stack is read once more, two requests to Heat each, and the file is written again; `why` says why',
    action: 'nothing, unless it comes after every start: may the user read and write `file`?',
  },
  {
    code: 'stack-cache-not-written',
    level: 'warn',
    message: 'failed to write stack cache',
    meaning:
      '`stack-trees.json` in `data_dir` cannot be written: after a restart every stack is read once more; logged once, until it can be written',
    action: 'free space in `data_dir`, or make it writable',
  },
  {
    code: 'foreign-claim',
    level: 'warn',
    message: 'not managed: names what belongs to another project',
    meaning:
      'the metadata of a rack or device names a stack or server whose project is not that of its owner: someone has written it there, or its user does not have the project any more. It is neither changed nor filled nor counted; `plan` lists all of them',
    action: 'ask `owner` about it, or remove the rack or device in the portal',
  },
  {
    code: 'project-unreadable',
    level: 'error',
    message: 'failed to list the stacks of a project',
    meaning: 'the account may not list the stacks of the project; its racks stay as they are',
    action: 'grant the account a role in that project, or role `admin` in the project `admin`',
  },
  {
    code: 'reconcile-failed',
    level: 'error',
    message: 'reconcile failed, will retry',
    meaning: 'a whole run failed, and will fail until somebody acts; logged again when the reason changes',
    action: 'see `why`; the service retries after `updates.interval`, at least every 5 minutes',
  },
  {
    code: 'reconcile-failed',
    level: 'warn',
    message: 'reconcile failed, will retry',
    meaning:
      'a whole run failed in a way that may pass, such as a time-out or a 503; logged again when the reason changes',
    action: unlessItStays,
  },
  {
    code: 'reconciled-with-failures',
    level: 'warn',
    message: 'reconciled with failures',
    meaning:
      'some objects are not in step; the lines before name each. Logged again when something was changed, or something else failed',
    action: unlessItStays,
  },
  {
    code: 'change-failed',
    level: 'warn',
    message: 'change of the portal failed, will retry',
    meaning:
      'the portal refused a change, or did not answer; each run retries it, and logs it again when the reason changes',
    action: 'if it stays, see `err`',
  },
  {
    code: 'change-contested',
    level: 'error',
    message: 'change skipped: another writer undoes it each time',
    meaning:
      'three times within an hour somebody undid this change before the next run; the object is left as it is for an hour',
    action:
      'look for a second service that writes to this portal with other settings, and give both one rmq or one data_dir; or for the person who edits it. Where the database of the portal was restored several times within the hour, restart the service',
  },
  {
    code: 'change-skipped',
    level: 'warn',
    message: 'change skipped: it depends on one that failed',
    meaning: 'a change depends on one that failed, such as a device in a rack that was not created',
    action: 'see the failed change',
  },
  {
    code: 'paused',
    level: 'warn',
    message: 'paused: nothing is written to the portal',
    meaning:
      'somebody has paused writing, `since` then, for the `reason` given; a run that was under way ended. The API and the figures go on',
    action: '`resume` when the portal may be written to again',
  },
  {
    code: 'resumed',
    level: 'info',
    message: 'resumed: writing to the portal again',
    meaning: 'the pause is over; a full run follows at once',
    action: 'nothing',
  },
  {
    code: 'portal-recognized',
    level: 'info',
    message: 'portal recognized',
    meaning: 'at the first run: `release` is the release of Concertim that the portal has',
    action: 'nothing',
  },
  {
    code: 'portal-upgraded',
    level: 'warn',
    message: 'portal was upgraded',
    meaning:
      'the portal has another release than in the run before: `release`, and `before`. What its migrations deleted is created again; a portal that now has teams shows nothing until they have projects',
    action: 'nothing; see [operating.md](operating.md#upgrading-the-portal)',
  },
  {
    code: 'portal-upgraded-in-run',
    level: 'warn',
    message: 'portal was upgraded; remaining changes postponed to the next run',
    meaning: 'the portal got another release while changes were made; `untried` counts the postponed changes',
    action: 'nothing: the next run follows within seconds',
  },
  {
    code: 'portal-unresponsive',
    level: 'error',
    message: 'portal stopped responding; remaining changes postponed to the next run',
    meaning: 'the portal stopped answering in the middle of a run; `untried` counts the postponed changes',
    action: 'check the portal, and what is between it and the service',
  },
  {
    code: 'object-unreadable',
    level: 'warn',
    message: 'failed to read object, will retry',
    meaning: 'one stack, server or rack could not be read; the portal keeps what it shows of it',
    action: unlessItStays,
  },
  {
    code: 'details-unavailable',
    level: 'warn',
    message: 'details not available, portal entry kept',
    meaning:
      'OpenStack lists these servers, volumes, networks, stacks, flavors or server groups (`object`), and no more of them than their ids can be read; the portal keeps what it shows of them, everything else is updated',
    action:
      'if `problem` is a cell that Nova cannot reach: check the database of that cell, `doctor` names its hosts; if it is a field: update the service',
  },
  {
    code: 'row-unreadable',
    level: 'warn',
    message: 'failed to read a row of the portal, kept as it is',
    meaning:
      'a rack, device, template, user or team of Concertim lacks something that the service decides by, or has something else there, or Concertim fails to show it; `problem` names the field or the answer. It is neither changed nor deleted, and what it may show is not made a second time',
    action: 'correct or delete it in Concertim, or see why it fails; `plan` and `doctor` name it too',
  },
  {
    code: 'deletion-unconfirmed',
    level: 'warn',
    message: 'kept in portal: missing from OpenStack, deletion not confirmed',
    meaning:
      'an object of ours is in no list of OpenStack, and nothing proves that it was deleted; every run checks again',
    action: 'nothing; a Nova cell that is down looks like this, and `doctor` names its hosts',
  },
  {
    code: 'state-unknown',
    level: 'warn',
    message: 'unknown OpenStack state, portal status kept',
    meaning: 'Nova or Heat reports a state that this version does not know',
    action: 'update the service',
  },
  {
    code: 'external-networks-stale',
    level: 'warn',
    message: 'failed to refresh external networks, last known ones used',
    meaning: 'Neutron did not answer; which addresses are public is decided by the last known networks',
    action: unlessItStays,
  },
  {
    code: 'portal-emptied',
    level: 'warn',
    message: 'portal lost all racks, creating them again',
    meaning:
      'the portal had `racks` racks in the run before and has none now, as after an upgrade that deletes them',
    action: 'nothing',
  },
  {
    code: 'portal-restored',
    level: 'warn',
    message: 'portal was restored from a backup: it gives out ids again',
    meaning:
      'a new row got an id that an earlier row of the same table had: the database counts from an earlier moment. What the service writes again does not count as undone by another writer',
    action: 'nothing, if somebody restored it; the next full run shows the cloud as it is',
  },
  {
    code: 'usage-recorded',
    level: 'info',
    message: 'usage recorded',
    meaning:
      'the billing platform has `records` more records of what stacks have used, of `days`, for `cost` in all; `billing plan` shows which will come next',
    action: 'nothing',
  },
  {
    code: 'usage-not-recorded',
    level: 'warn',
    message: 'failed to record usage, will retry',
    meaning:
      'requests to CloudKitty or the billing platform fail, or it refuses a record of `order`: retried each hour, and nothing is recorded twice; `why` says why',
    action: 'nothing, unless it stays: `billing plan` lists what is left',
  },
  {
    code: 'usage-over',
    level: 'error',
    message: 'more usage recorded than rated',
    meaning:
      'CloudKitty now says less of a day than was recorded for `order`, as after rates were lowered and applied again: the record stays, nothing is ever taken back',
    action: 'decide whether the customer gets credits for the difference',
  },
  {
    code: 'usage-unbilled',
    level: 'warn',
    message: 'rated usage is not billed',
    meaning:
      '`cost` of project `projectId` in the days read is billed to nobody: `no-stack` belongs to no stack, `no-order` to a stack without an order, `outside-order` was before or after its order (see `billing.usage_since`), the catalog has no `unit` or no single price of it (`no-unit`, `no-price`), or `coarse-price`: KillBill before 0.24 counts whole units, and one costs more than 0.001',
    action: 'for `no-unit` and `no-price` add the unit to the catalog; docs/billing.md says how',
  },
  {
    code: 'owner-account-failed',
    level: 'warn',
    message: 'failed to update cost and credits of owner, will retry',
    meaning:
      'the portal did not take the cost, the dates of the month or the credits of `owner`, who can launch no cluster without credits; the next full run retries',
    action: unlessItStays,
  },
  {
    code: 'credits-not-read',
    level: 'warn',
    message: 'failed to read credits, portal values kept',
    meaning:
      'the billing platform does not say what is left on `account`, or on any: the portal keeps the credits that it shows; `why` says why',
    action: 'nothing, unless it stays: does the billing platform have the account that the portal names?',
  },
  {
    code: 'portal-edited',
    level: 'info',
    message: 'device edited in the portal by somebody else',
    meaning:
      'a device differs from what this service last wrote or read: `edit` says how, `fields` names its fields; the next full run puts right what should show the cloud',
    action: 'nothing; where it happens often, tell who edits that the cloud decides what the device shows',
  },
  {
    code: 'portal-audit-late',
    level: 'warn',
    message: 'portal answers too slowly to be read within updates.audit_interval',
    meaning:
      'more than a tenth of one thread of the portal would be needed; edits of others are found later than `updates.audit_interval`',
    action: 'see [scale.md](scale.md): a longer interval, or a faster portal',
  },
  {
    code: 'drift',
    level: 'warn',
    message: 'drift: OpenStack changed without a notification',
    meaning: 'a full run found a change that no notification had announced',
    action:
      'one now and then is normal; if there are many: do Nova and Heat send notifications, and does anything else consume the queue?',
  },
];

const writing: readonly LogEvent[] = [
  {
    code: 'writer-began',
    level: 'info',
    message: 'became the writer of the portal',
    meaning: 'this process writes to the portal from now on, and begins with a full run',
    action: 'nothing',
  },
  {
    code: 'writer-ended',
    level: 'info',
    message: 'stopped being the writer of the portal',
    meaning: 'this process writes nothing from now on',
    action: 'nothing',
  },
  {
    code: 'standby',
    level: 'info',
    message: 'standby: another process writes to the portal',
    meaning: 'this process takes over when that one ends',
    action: 'nothing',
  },
  {
    code: 'writer-lock-not-created',
    level: 'error',
    message: 'failed to create the writer lock, will retry',
    meaning:
      'the disk of `data_dir` is full, or the process has no file descriptor left; nothing is written to the portal until it works',
    action: 'make room, or raise the limit of open files',
  },
  {
    code: 'writer-lock-not-renewed',
    level: 'warn',
    message: 'failed to renew the writer lock, will retry',
    meaning:
      '`writer.lock` in `data_dir` cannot be written, such as on a full disk; this process continues to write to the portal for ten seconds, in which no other one takes over',
    action: unlessItStays,
  },
  {
    code: 'writer-lock-not-removed',
    level: 'warn',
    message: 'failed to remove the writer lock',
    meaning: 'another process takes over after fifteen seconds instead of at once',
    action: 'nothing',
  },
  {
    code: 'writer-lock-lost',
    level: 'warn',
    message: 'writer lock lost, stopped writing to the portal',
    meaning: '`writer.lock` in `data_dir` cannot be renewed, or another process took it over',
    action: 'see `err`: may the user write there, and is the disk full?',
  },
  {
    code: 'rabbitmq-refused',
    level: 'error',
    message: 'failed to connect to RabbitMQ, will retry',
    meaning: 'the account lacks a permission, or its password or the address is wrong',
    action: 'see `why`, which names the permission',
  },
  {
    code: 'rabbitmq-unavailable',
    level: 'warn',
    message: 'failed to connect to RabbitMQ, will retry',
    meaning: 'the broker does not answer; the service retries without end',
    action: unlessItStays,
  },
  {
    code: 'writing-without-election',
    level: 'warn',
    message: 'RabbitMQ unavailable: writing to the portal without election',
    meaning: '`updates_bulk` continues although no writer can be elected',
    action:
      'bring the broker back; where `updates_bulk` runs on several machines or in several replicas, set `updates.without_election: wait`',
  },
  {
    code: 'writer-passed-on',
    level: 'warn',
    message: 'portal or cloud unavailable: a process on standby may write instead',
    meaning:
      'every run of this process has failed for 30 s: where another one is on standby, it is elected, and this one stands by',
    action: 'see what the runs failed of: can this host reach the portal and the cloud?',
  },
  {
    code: 'exchanges-refused',
    level: 'warn',
    message: 'no permission to read notification exchanges, their changes show with the next full run',
    meaning: 'the account on the broker may not read the exchanges in `exchanges`; the others are read',
    action:
      'give the account `read` on them (docs/components/updates.md), or leave them out of `rmq.exchanges`',
  },
  {
    code: 'exchanges-missing',
    level: 'warn',
    message: 'no notification exchange found, will bind when one appears',
    meaning:
      'Nova and Heat create their exchanges with their first notification; until then nothing is received',
    action:
      'check `rmq.exchanges` and `rmq.rmq_path`; set `driver = messagingv2` under `[oslo_messaging_notifications]` in nova.conf and heat.conf',
  },
  {
    code: 'queue-shared',
    level: 'warn',
    message: 'rmq.queue is set: other readers of this queue miss the messages read here',
    meaning: 'the service consumes a queue that belongs to somebody else',
    action: 'leave `rmq.queue` out, unless the account may not declare queues',
  },
  {
    code: 'queue-arguments-differ',
    level: 'warn',
    message: 'queue has unexpected arguments, used as it is',
    meaning:
      'somebody else declared the queue, or a process of an earlier version still consumes it; `why` has the first argument that differs',
    action: 'nothing; to replace it, stop the service and run `rabbitmqctl delete_queue`',
  },
  {
    code: 'queue-replaced',
    level: 'info',
    message: 'queue replaced: it had other arguments',
    meaning:
      'an earlier version declared the queue, such as one that did not limit its size; `why` has the first argument that differs. A full run makes up for what was in it',
    action: 'nothing',
  },
  {
    code: 'notifications-lost',
    level: 'warn',
    message: 'notifications lost by queue overflow or expiry, full reconcile requested',
    meaning: 'nothing read the queue for long, or the broker dropped what was in it',
    action: 'nothing: the full run finds every change. Was the service stopped for long?',
  },
  {
    code: 'notification-dead-lettered',
    level: 'warn',
    message: 'notification dead-lettered: cannot be parsed',
    meaning: 'a notification of an unknown form is in the dead-letter queue',
    action: 'nothing; keep one to report it',
  },
  {
    code: 'notification-returned',
    level: 'warn',
    message: 'notification dead-lettered: it was redelivered too often',
    meaning:
      'the broker delivered it several times to processes that ended before they had read it; a full run follows',
    action: 'keep it to report it: it is in the dead-letter queue',
  },
  {
    code: 'dead-letter-queue-missing',
    level: 'warn',
    message: 'no dead-letter queue: notifications that cannot be parsed are dropped',
    meaning: 'with `rmq.queue`, the account may not declare the dead-letter queue',
    action: 'nothing, or grant the permission',
  },
  {
    code: 'request-dropped',
    level: 'warn',
    message: 'reconcile request dropped: cannot be parsed',
    meaning: 'a process of another version requested something that this one does not know',
    action: 'run one version everywhere',
  },
  {
    code: 'request-returned',
    level: 'warn',
    message: 'reconcile request dropped: it was redelivered too often, full reconcile requested',
    meaning: 'the broker delivered it several times to processes that ended before they had read it',
    action: 'nothing; report it if it happens again',
  },
  {
    code: 'full-reconcile-not-requested',
    level: 'warn',
    message: 'failed to request a full reconcile, will retry',
    meaning: 'the broker became unavailable in that moment',
    action: 'nothing',
  },
];

const metrics: readonly LogEvent[] = [
  {
    code: 'metrics-sent',
    level: 'info',
    message: 'metrics sent',
    meaning: 'a cycle ended',
    action: 'nothing',
  },
  {
    code: 'metrics-cycle-failed',
    level: 'error',
    message: 'metrics cycle failed, no figures sent',
    meaning: 'a whole cycle failed',
    action: 'see `why`',
  },
  {
    code: 'metric-daemon-unavailable',
    level: 'error',
    message: 'metric daemon unavailable, sending stopped for this cycle',
    meaning:
      'the metric daemon refused, or did not answer, 20 times in a row; the rest of the cycle is not sent',
    action: "is `concertim.concertim_url` the portal's public address, and does its daemon run?",
  },
  {
    code: 'metrics-incomplete',
    level: 'warn',
    message: 'metrics sent in part',
    meaning:
      'some of Gnocchi or the portal could not be read, or values were rejected; the lines before name them',
    action: unlessItStays,
  },
  {
    code: 'metrics-timed-out',
    level: 'warn',
    message: 'metrics cycle timed out, remaining figures not sent',
    meaning: 'the cycle was not done when the next was due; the rest is not sent',
    action: 'raise `metrics.interval`, or run another process with `metrics`',
  },
  {
    code: 'figures-missing',
    level: 'warn',
    message: 'figures missing for some instances',
    meaning:
      'a figure of some instances is not known: `meaning` says why, `examples` names some. What Gnocchi lacks counts after a quarter of an hour, since a new instance has measures only once it was polled',
    action: '[telemetry.md](telemetry.md#why-is-a-figure-what-it-is-or-not-there)',
  },
  {
    code: 'value-rejected',
    level: 'warn',
    message: 'metric daemon rejected a value',
    meaning: 'the metric daemon rejected a value',
    action: 'report it, with the line',
  },
  {
    code: 'no-project-watched',
    level: 'warn',
    message: 'no project is watched: user concertim has the role watcher in none',
    meaning: 'only watched projects have figures',
    action: '[telemetry.md](telemetry.md#which-instances)',
  },
];

const api: readonly LogEvent[] = [
  {
    code: 'status-page-off',
    level: 'info',
    message: 'status page not served: neither api.ui_token nor data_dir is set',
    meaning: 'nobody could prove that the page may be shown to them',
    action: 'set one of them to have the page',
  },
  {
    code: 'status-page-token-missing',
    level: 'warn',
    message: 'status page not served: failed to create its token in data_dir',
    meaning: '`status-page-token` in `data_dir` can neither be read nor created',
    action: 'see `err`; make room or grant the right, or set `api.ui_token`; then restart the component',
  },
  {
    code: 'connections-refused',
    level: 'warn',
    message: 'too many connections to the API, refused',
    meaning:
      '`refused` connections were closed at once: more were open, from one address or in all, than the process has room for',
    action: 'find out who opens them; the limits follow the limit of open files of the process',
  },
  {
    code: 'api-bug',
    level: 'error',
    message: 'unhandled error in API request (bug)',
    meaning: 'a fault of this service; the caller got a 500',
    action: 'report it, with the line',
  },
  {
    code: 'api-request-failed',
    level: 'warn',
    message: 'API request failed in OpenStack',
    meaning: 'OpenStack did not do what was requested: `upstream` says which service',
    action: '[what an error means](components/api.md#what-an-error-means)',
  },
  {
    code: 'cloud-changed',
    level: 'info',
    message: 'changed in the cloud',
    meaning:
      'something was made, changed or deleted in the cloud on request: `verb`, `kind`, `id`, `name`, `detail`, and for whom: `behalf` (the user whose credentials were sent), `project`, `from`, `requestId`',
    action: 'nothing',
  },
  {
    code: 'api-open',
    level: 'warn',
    message: 'API accepts requests without a token on a public address',
    meaning: '`api.jwt` lets requests without a token pass, and the address is not loopback',
    action:
      'set `api.jwt_secret` or `JWT_SECRET`, with `api.jwt: required`; for a portal before 1.0.0 let a firewall admit the portal alone',
  },
  {
    code: 'writer-not-notified',
    level: 'warn',
    message: 'failed to notify the writer, the portal shows the change after the next full reconcile',
    meaning: 'the broker was unavailable when a status had been changed',
    action: 'nothing',
  },
];

const all: readonly LogEvent[] = [
  {
    code: 'log-file-failed',
    level: 'error',
    message: 'failed to write log file',
    meaning: 'a disk is full, or rights were taken away; the lines are on standard output',
    action: 'make room',
  },
  {
    code: 'log-file-recovered',
    level: 'warn',
    message: 'log file writable again',
    meaning: '`lost` lines are on standard output only',
    action: 'nothing',
  },
  {
    code: 'health-file-failed',
    level: 'warn',
    message: 'failed to write health file',
    meaning: "`data_dir` cannot be written: `health`, and a container's check by it, fail",
    action: 'give the user of the service write permission',
  },
  {
    code: 'opentelemetry-not-installed',
    level: 'error',
    message: 'OpenTelemetry is not installed, no traces are exported',
    meaning:
      '`observability.otlp_endpoint` is set in a program that imports this package, and the optional packages that `package.json` names are missing',
    action: 'install the packages of `peerDependencies` in its `package.json`, or remove the setting',
  },
  {
    code: 'sd-notify-failed',
    level: 'error',
    message: 'sd_notify failed',
    meaning: '`systemd-notify` is missing or fails: systemd will restart the unit',
    action: 'install it; it is part of systemd',
  },
  {
    code: 'observability-not-listening',
    level: 'error',
    message: 'failed to listen on observability.port',
    meaning: 'another program listens there; the components work, and nobody can scrape them',
    action: 'set another `observability.port`',
  },
  {
    code: 'metrics-page-failed',
    level: 'error',
    message: 'failed to render /metrics',
    meaning: 'a fault of this service',
    action: 'report it, with the line',
  },
  {
    code: 'traces-not-exported',
    level: 'warn',
    message: 'failed to export traces',
    meaning:
      'the collector at `observability.otlp_endpoint` does not answer or refuses; nothing else is disturbed',
    action: 'start it, or remove the setting',
  },
];

/** All of them, by the part of the service that logs them. */
export const logEvents = { updates, writing, metrics, api, all } as const;

const codes: ReadonlyMap<string, string> = new Map(
  Object.values(logEvents)
    .flat()
    .map(({ code, level, message }) => [`${level} ${message}`, code]),
);

/** The code of a message; undefined for one that is in no list, such as a debug message. */
export function eventCode(level: string, message: string): string | undefined {
  return codes.get(`${level} ${message}`);
}
