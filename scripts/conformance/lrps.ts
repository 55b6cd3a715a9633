/** LRPs and how many of each run: reference/diego.md 2.4 and 2.5. */
import type { Section } from './behaviour.ts';

const composed = 'later: composed actions';
const traffic = 'later: traffic, a router that follows routes and instances';

export const lrpOperations: Section = {
  title: '2.4 LRPs: create, read, update, delete',
  behaviours: {
    70: {
      does: 'A valid LRP is visible by get, in its domain’s lists, with its annotation; its route answers',
      partly: `${traffic}; until then it answers at its host ports`,
    },
    71: {
      does: 'An LRP made of a cached dependency runs and serves',
      notYet: `${composed}: cached dependencies`,
    },
    72: {
      does: 'Cached dependencies and set-up downloads with a right checksum run and serve',
      notYet: composed,
    },
    73: {
      does: 'Two sidecars beside the main process, each with its port and route, all answer',
      notYet: 'later: sidecars',
    },
    74: { does: 'A process guid with a space, "/", ",", "." or a non-ASCII character is an InvalidRequest' },
    75: {
      does: 'An LRP without guid, domain, action or rootfs, or with a rootfs that has no scheme, is refused',
      differs:
        'domain and action have defaults (the image brings a command), and images are named as Docker names them, without a scheme; what is empty is refused',
    },
    76: { does: 'An annotation of 10,241 bytes is an InvalidRequest' },
    77: { does: 'Desiring a guid that exists is ResourceExists' },
    78: { does: 'A negative process limit is refused' },
    79: { does: 'An unsupported checksum algorithm is refused', notYet: composed },
    80: {
      does: 'Variables of the container and of its action are both there; those of the action win',
      notYet: `${composed}: an action has no variables of its own yet`,
    },
    81: { does: 'Reading an unknown guid is ResourceNotFound' },
    82: { does: 'LRPs are listed by domain; an unknown domain is an empty list; without one all are listed' },
    83: {
      does: 'Lists filter by process guids and app guids, together with the domain',
      differs:
        'one LRP is read by its own path, and there is no platform above Skep that would have app guids',
    },
    84: {
      does: 'Scheduling and routing views list the same LRPs with less of each',
      differs: 'there is one view, the record with its counts; `watch` saves reading it again',
    },
    85: { does: 'A port that is listed twice is taken once' },
    86: {
      does: 'A record that cannot be read: get says so, lists leave it out, and it is pruned',
      differs: 'it is never pruned: status reports it, and what it is about is left alone',
    },
    87: { does: 'The annotation can be updated' },
    88: { does: 'A host that is added to the routes serves, and the old one still does', partly: traffic },
    89: { does: 'Instances, routes and annotation can change in one update' },
    90: { does: 'The modification tag changes with updates only: same epoch, larger index' },
    91: {
      does: 'An empty update raises the tag’s index alone, and answers with the record as it was',
      differs: 'every update answers with the record as it is then',
    },
    92: { does: 'An update of the metric tags replaces them as a whole', notYet: 'issue 5: metrics' },
    93: {
      does: 'An update of image user and password changes both or is refused',
      notYet: 'later: image credentials',
    },
    94: { does: 'An update with routes that are no routes is refused' },
    95: { does: 'Updating an unknown guid is ResourceNotFound' },
    96: {
      does: 'After a removal get does not find the LRP, and its route stops answering',
      differs: 'it is found, as being removed, until its last container has gone (ADR 3)',
    },
    97: { does: 'An LRP that is removed while it is CLAIMED leaves no instance behind' },
    98: { does: 'Removing an unknown guid is ResourceNotFound' },
    99: { does: 'All instances of a removed LRP go' },
    100: { does: 'Instances are listed: all, or exactly those of a domain; of an empty domain none' },
    101: { does: 'Instances are listed by process guid: none, or indexes 0 and 1' },
    102: {
      does: 'One instance is read by guid and index; an unknown guid or index is an error',
      differs: 'it is a filter of the list, so what is not there is an empty list',
    },
    103: {
      does: 'Instances are filtered by cell, by index, by both, and by several guids',
      differs: 'by one guid a request',
    },
    104: { does: 'Retiring an unknown guid or index is an error' },
    105: {
      does: 'A retired running instance is replaced within two passes of convergence',
      differs: 'it is replaced at once: its record is free when its container has gone',
    },
    106: {
      does: 'Retiring an UNCLAIMED or CRASHED instance removes its record; the store is tried five times',
    },
    107: {
      does: 'Retiring a CLAIMED or RUNNING one tells its cell to stop it; without the cell the record goes',
    },
    108: {
      does: 'A record is removed by its own key or none; by another key it is an error',
      differs:
        'a stop that is reported for another instance changes nothing and is no error: that container has gone either way',
    },
    109: {
      does: 'A running instance shows ports, address and TLS proxy ports',
      differs: 'there is no TLS proxy beside a container, so it has no ports',
    },
  },
};

export const scaling: Section = {
  title: '2.5 Scaling and multiple instances',
  behaviours: {
    110: { does: 'An LRP of no instances is accepted and runs nothing; scaled to 2, both indexes run' },
    111: { does: 'Scaled from 1 to 2, both indexes run' },
    112: { does: 'Scaled to 0, nothing runs' },
    113: { does: 'Scaled 2, 3, 1, 0, 1: each time exactly the lowest indexes run' },
    114: { does: 'Scaled from 5 to 1, only index 0 answers within 2 s and later', notYet: traffic },
    115: { does: 'A request under way when the LRP is scaled to 0 is not aborted for 5 s', notYet: traffic },
    116: { does: 'While scaled 3, 1, 3 four times, fewer than 1 % of the requests fail', notYet: traffic },
    117: { does: 'A scale-down whose stops were lost is completed by convergence' },
    118: { does: 'Of three instances on two cells all run on one when the other is drained' },
    119: {
      does: 'Scaling down leaves EVACUATING records alone',
      differs: 'they are told to stop too: nobody wants the index any more',
    },
  },
};
