/** Tasks: reference/diego.md 2.1 to 2.3. */
import type { Section } from './behaviour.ts';

const composed = 'later: composed actions';
const noCallbacks = 'completed tasks have no callbacks: whoever waits watches the task (`skep task wait`)';

export const taskRuns: Section = {
  title: '2.1 Tasks: create, run, result',
  behaviours: {
    1: { does: 'A task that writes its result file completes with that content, and can then be deleted' },
    2: { does: 'A task guid with a space, "/", ",", "." or a non-ASCII character is an InvalidRequest' },
    3: {
      does: 'A guid in use is refused with ResourceExists, in another domain too; the first task is unaffected',
    },
    4: {
      does: 'A task without guid, domain, action or rootfs, or with a rootfs that has no scheme, is refused',
      differs:
        'domain and action have defaults (the image brings a command), and images are named as Docker names them, without a scheme; what is empty is refused',
    },
    5: { does: 'An annotation of 10,241 bytes is an InvalidRequest' },
    6: {
      does: 'A task that writes its result file and then exits 1 has failed, with an empty result',
      differs: 'the result is kept, as Diego does since 2026 (number 17)',
    },
    7: {
      does: 'Variables of the container and of its action are both there; those of the action win',
      notYet: `${composed}: an action has no variables of its own yet`,
    },
    8: { does: 'Of a variable that is given twice the last value wins' },
    9: { does: 'A process runs in the folder that its action names' },
    10: { does: 'A process runs as the user that its action names' },
    11: { does: 'A result file that only its owner may read is returned all the same' },
    12: {
      does: 'The same from an image with an OCI index',
      notYet: 'no test: the test registry serves no OCI index',
    },
    13: { does: 'The result is exactly the content of the file, its newline included' },
    14: { does: 'A result of just the limit is returned whole, however it arrives' },
    15: { does: 'A result over 51,200 bytes fails the task with "failed to fetch result"' },
    16: { does: 'A successful task that names no result file completes without one' },
    17: { does: 'A failed task keeps its own reason, and its result when that can be read' },
    18: { does: 'A task is read by its guid; an unknown guid is ResourceNotFound' },
    19: {
      does: 'Tasks are listed by domain; an unknown domain is an empty list; without one all are listed',
    },
    20: { does: 'Tasks are listed by cell, and by domain and cell together' },
    21: {
      does: 'A COMPLETED task is resolved, then deleted; after that it is not found',
      differs: 'deleting does both steps in one call',
    },
    22: { does: 'A RUNNING task is not resolved: InvalidStateTransition, and it goes on' },
    23: { does: 'Resolving an unknown task is ResourceNotFound' },
    24: {
      does: 'Deleting a COMPLETED task that is not RESOLVING is an InvalidStateTransition',
      differs: 'deleting resolves it first (number 21); of a task that has not ended it is refused',
    },
    25: {
      does: 'Its cell may ask twice to start a task and starts it once; another cell, or a COMPLETED task, is refused',
      differs: 'a second attempt by the same cell is refused too: the first may have run',
    },
    26: { does: 'A cell that does not own a task cannot complete it; reasons above 1 KiB are cut' },
    27: { does: 'The guid of a COMPLETED task that is still there is refused for another' },
    28: { does: 'Desiring a task succeeds, and is told of, although nothing can place it yet' },
    29: { does: 'A task that was desired while there was no scheduler runs when one comes' },
    30: {
      does: 'A task runs where its rootfs is; where there is none it fails with "found no compatible cell"',
      differs:
        'any cell pulls any image, so no cell is incompatible for it; the words are kept for clusters without a usable cell',
    },
    31: {
      does: 'A task that asks for 2,048 MB of a cell with 1,024 is refused: "insufficient resources: memory"',
    },
    32: {
      does: 'A task that fits nowhere is accepted, and fails with "insufficient resources" after its retries',
    },
    33: { does: 'Download an archive and run a file of it, with and without checksum', notYet: composed },
    34: {
      does: 'A download with an unknown checksum algorithm is refused, a wrong sum fails the task',
      notYet: composed,
    },
    35: {
      does: 'A cached dependency is mounted; its checksum is checked',
      notYet: `${composed}: cached dependencies`,
    },
    36: {
      does: 'Run, upload, run: the upload arrives with its exact body, then the next step runs',
      notYet: composed,
    },
    37: { does: 'Downloads and uploads over mutual TLS', notYet: composed },
    38: {
      does: 'Network properties become properties of the container',
      notYet: 'later: networks of one’s own, with traffic',
    },
    39: {
      does: 'An image of a private registry is pulled with the user and password given',
      notYet: 'later: image credentials',
    },
    40: { does: 'An image of AWS ECR is pulled with an AWS key', notYet: 'later: image credentials' },
    41: { does: 'A task writes to a volume that it mounts', notYet: 'issue 3: volumes' },
  },
};

export const taskCancellation: Section = {
  title: '2.2 Task cancellation',
  behaviours: {
    42: {
      does: 'A cancelled RUNNING task is COMPLETED and failed at once, "task was cancelled", and soon stops',
    },
    43: {
      does: 'The first read after cancelling a long task shows it as COMPLETED, failed, "task was cancelled"',
    },
    44: { does: 'Cancelling an unknown task is an error' },
    45: { does: 'A PENDING task is cancelled without asking any cell; others are untouched' },
    46: { does: 'Cancelling a COMPLETED or RESOLVING task is an InvalidStateTransition' },
    47: { does: 'The callback of a cancelled task is called', differs: noCallbacks },
    48: { does: 'Cancelling succeeds although the cell is not there or does not answer' },
    49: {
      does: 'Removing an LRP that is downloading cancels the download within 5 s',
      partly: `${composed}; the pull of an image is cancelled`,
    },
  },
};

export const taskRetries: Section = {
  title: '2.3 Task retry, at most once, expiry, callbacks',
  behaviours: {
    50: {
      does: 'With no retries allowed the first rejection fails the task with the reason given',
      differs: 'the number of retries is fixed at Diego’s default of three',
    },
    51: {
      does: 'A rejected task stays PENDING with count and reason until its retries are used up, then fails',
    },
    52: { does: 'What fails before the action started is a rejection; the container is deleted' },
    53: { does: 'What fails after the action started completes the task as failed; it never runs again' },
    54: { does: 'A RUNNING task whose cell disappears fails and is never run elsewhere' },
    55: { does: 'A RUNNING task without a container on its cell fails in the end' },
    56: { does: 'A task that could not start in time fails, "not started within time limit", and never ran' },
    57: {
      does: 'Each pass fails the PENDING tasks that expired and offers the others to the scheduler again',
    },
    58: {
      does: 'A task is deleted 120 s after it completed; a younger one has its callback tried again',
      differs: `nothing is tried again: ${noCallbacks}`,
    },
    59: {
      does: 'A task stuck in RESOLVING is COMPLETED again after 30 s, and deleted once expired',
      differs:
        'it is deleted after 30 s: whoever resolved it wanted just that, and there is no callback to repeat',
    },
    60: {
      does: 'A task whose record cannot be read is deleted',
      differs:
        'it is left alone, and reported by `skep status`: a later version may understand what this one cannot',
    },
    61: { does: 'A callback is called once with the guid, then the task is gone', differs: noCallbacks },
    62: { does: 'A callback that answers 4xx or 500 deletes the task all the same', differs: noCallbacks },
    63: { does: 'A callback that answers 503 is tried again', differs: noCallbacks },
    64: {
      does: 'A callback that always answers 503 or 504 is tried three times; the task stays',
      differs: noCallbacks,
    },
    65: { does: 'Without RESOLVING recorded no callback is made', differs: noCallbacks },
    66: { does: 'Without a callback URL a task is not moved to RESOLVING by itself' },
    67: {
      does: 'The callback of a task that fits nowhere is called after its retries',
      differs: noCallbacks,
    },
    68: { does: 'Callbacks go over https with the server’s certificate, or http', differs: noCallbacks },
    69: { does: 'A callback tells of RESOLVING and of the removal', differs: noCallbacks },
  },
};
