/** What runs in a container and what the agent does with it: reference/diego.md 2.8 to 2.12. */
import type { Section } from './behaviour.ts';

const composed = 'later: composed actions';
const noProxy = 'there is no TLS proxy beside a container';
const claims = 'the brain commits claims that fit; a cell reserves and refuses nothing (ADR 2)';
const exec = '`skep exec` enters any container through the cell; no daemon, key or password inside';

export const actions: Section = {
  title: '2.8 Actions',
  behaviours: {
    166: {
      does: 'A timeout action ends what takes longer, and the task fails with "timeout"',
      notYet: composed,
    },
    167: { does: 'Its reason is "exceeded 500ms timeout"', notYet: composed },
    168: { does: 'Its error tells the child’s error if that may be shown', notYet: composed },
    169: {
      does: 'A limit of open files is what the process sees',
      notYet: `${composed}: limits of one action`,
    },
    170: { does: 'Serial stops at the first failure; a cancel reaches the one that runs', notYet: composed },
    171: { does: 'Parallel waits for all and joins their messages', notYet: composed },
    172: { does: 'Codependent: the first that ends cancels the rest', notYet: composed },
    173: { does: 'Try succeeds although its child fails', notYet: composed },
    174: { does: 'Progress messages go to the log before, after and on failure', notYet: composed },
    175: {
      does: 'Downloads: logged when named, bounded, cancellable, no secrets in the log',
      notYet: composed,
    },
    176: { does: 'Cached dependencies: logged, one failure stops all, mounted read-only', notYet: composed },
    177: {
      does: 'Without a main action no container is built',
      differs: 'an empty action runs the command that the image brings',
    },
    178: { does: 'Set-up and hook run before the action; not ready until healthy', notYet: composed },
  },
};

export const environment: Section = {
  title: '2.9 Environment and ports',
  behaviours: {
    179: { does: 'INSTANCE_INDEX and INSTANCE_GUID are those of the record' },
    180: {
      does: 'CF_INSTANCE_IP and CF_INSTANCE_PORTS are the address and ports of the record, TLS ports included',
      differs: noProxy,
    },
    181: {
      does: 'CF_INSTANCE_INTERNAL_IP is there',
      differs: 'Docker gives a container its address when it starts, after its environment is fixed (ADR 6)',
    },
    182: {
      does: 'A task has an empty CF_INSTANCE_ADDR and PORT, PORTS "[]", its host’s IP, and INTERNAL_IP',
      differs: 'no INTERNAL_IP (number 181)',
    },
    183: {
      does: 'An LRP has ADDR and PORT of its first port, IP, PORTS, and INTERNAL_IP as recorded',
      differs: 'no INTERNAL_IP in the environment (number 181); the record has it',
    },
    184: { does: 'Without an IPv6 address its variable is absent' },
    185: { does: 'A server in the container is reached from outside at CF_INSTANCE_ADDR' },
    186: {
      does: 'Variables that the agent’s operator sets are in every container',
      notYet: 'later: a setting of the agent',
    },
    187: { does: 'Ports keep their order and lose their repeats; host ports are recorded' },
    188: { does: 'Trusted certificates are mounted where the LRP asks for them', notYet: 'issue 3: volumes' },
  },
};

export const limits: Section = {
  title: '2.10 Resource limits',
  behaviours: {
    189: {
      does: 'An LRP within its disk limit runs; one that writes more crashes',
      differs:
        'held where Docker can (overlay2 on xfs with project quotas); elsewhere it counts for placement only',
    },
    190: {
      does: 'A Docker image larger than the disk limit crashes',
      differs: 'Docker’s limit is on what the container writes, not on its image',
    },
    191: { does: 'Process limits: 1,024 and 0 (none) run, 1 crashes, -1 is refused' },
    192: {
      does: 'A task that uses more memory than its limit fails with "out of memory", and nothing after it runs',
    },
    193: { does: 'Running out of memory is named whatever the exit status, once' },
    194: {
      does: 'Over its limit of open files a task fails with "too many open files"',
      notYet: `${composed}: limits of one action`,
    },
    195: { does: 'Limits that are not given are not set' },
    196: { does: 'Memory, disk, process and CPU limits reach the engine; 0 is unlimited' },
    197: { does: 'A surcharge for the TLS proxy is hidden from what is reported', differs: noProxy },
    198: { does: 'An LRP of 1,048,576 MB is UNCLAIMED with "insufficient resources" on its record' },
    199: {
      does: 'A preloaded rootfs that no cell has: UNCLAIMED, "found no compatible cell"',
      differs: 'images are pulled; one that is unknown is a crash with the words of the registry',
    },
    200: {
      does: 'A rootfs scheme that no cell supports: the same',
      differs: 'there are no schemes; a name that is no image is a crash with the words of the engine',
    },
    201: { does: 'Short resources are listed in the order of the alphabet' },
  },
};

export const agentContract: Section = {
  title: '2.11 Agent allocation contract',
  behaviours: {
    202: {
      does: 'At its start an agent deletes the containers that it owns, and only those',
      differs: 'it adopts them: containers outlive the agent (DESIGN.md, invariant 5)',
    },
    203: {
      does: 'An agent is unhealthy while the engine cannot make a container, and healthy again after',
      differs: 'the engine is asked what it is; no container is made to try it',
    },
    204: {
      does: 'The agent’s ping succeeds if and only if the engine answers',
      differs: 'a cell is never called: its presence says whether its engine answers',
    },
    205: {
      does: 'Capacity is what is configured; containers those of the engine less one; disk less the cache',
      differs:
        'unless configured it is the host’s own less a reserve of a tenth, and 250 containers; there is no cache',
    },
    206: { does: 'An allocation is RESERVED, takes capacity, and is refused without room', differs: claims },
    207: { does: 'A container is made with its owner’s mark and runs' },
    208: {
      does: 'A check that passes makes it RUNNING; one that never does leaves it; one that fails later ends it',
    },
    209: {
      does: 'With a check exit 0 keeps it running; a failure ends it although the check passes',
      differs: 'a Docker container ends with its main process (number 129)',
    },
    210: { does: 'A failure is recorded as "Exited with status 1" and told' },
    211: { does: 'A container that cannot be created has failed, with the reason' },
    212: { does: 'An unknown container is not found' },
    213: { does: 'Stopping keeps the container, deleting removes it and frees its resources' },
    214: { does: 'A container that vanishes from the engine has failed, and its resources return' },
    215: { does: 'Files are read from a container; from one that is not there it is an error' },
    216: {
      does: 'Reservations that never run are pruned after a minute',
      differs: 'a claim that comes to nothing is given up after ten minutes: its image is pulled within it',
    },
    217: { does: 'The sweep ignores containers made after its listing' },
    218: { does: 'Deleting what is gone, or is being deleted, is no error' },
    219: {
      does: 'The agent’s own HTTP API: ping, evacuate, stop, update, cancel, work, state, metrics',
      differs: 'a cell serves nothing: it dials the servers, which send it what it is assigned',
    },
    220: { does: 'A container that is slow to make holds up no other' },
    221: {
      does: 'An agent takes the largest work first and returns what does not fit or is not its own',
      differs: claims,
    },
    222: {
      does: 'An unknown rootfs in one work item fails that item only',
      differs:
        'the image is looked for when its container is made: that instance alone crashes, with the reason',
    },
    223: {
      does: 'The agent’s state lists its LRPs and tasks, and is an error while it is unhealthy',
      differs: 'nobody asks a cell: its reports are in the store, its presence says how its engine is',
    },
    224: { does: 'An agent waits for ever for the engine, says so, and works once it is there' },
    225: { does: 'An agent starts although the servers are down' },
    226: {
      does: 'Records that claim to run on an agent without a container are removed',
      differs: 'that is a crash, "container vanished", and restarts by policy',
    },
    227: { does: 'A claim or start that is refused stops the container; an unknown error leaves it' },
  },
};

export const consoles: Section = {
  title: '2.12 SSH and exec access',
  behaviours: {
    228: { does: 'A command over ssh exits with its status and sees user and environment', differs: exec },
    229: { does: 'An interactive session has a terminal, echoes, and ends with status 0', differs: exec },
    230: {
      does: 'A port of the container that is not published is forwarded',
      notYet: 'later: port forwarding',
    },
    231: { does: 'scp copies files in and out', notYet: 'later: copying files' },
    232: { does: 'sftp starts in the home folder and copies both ways', notYet: 'later: copying files' },
    233: {
      does: 'In a bare busybox image commands and port forwarding work',
      partly: 'port forwarding; commands need nothing inside but themselves',
    },
    234: { does: 'The index in the name chooses the instance' },
    235: {
      does: 'A wrong password, an index out of range, an unknown guid or a malformed name is refused',
      differs: 'there is no password: who may reach the API may enter (roles come with issue 5)',
    },
  },
};
