/** Draining, lost cells and convergence: reference/diego.md 2.13 to 2.17. */
import type { Section } from './behaviour.ts';

const metrics = 'issue 5: metrics';

export const evacuation: Section = {
  title: '2.13 Evacuation',
  behaviours: {
    236: {
      does: 'A drained cell’s single instance runs elsewhere first; its route answers throughout',
      partly: 'its port answers throughout; routes come with issue 4',
    },
    237: {
      does: 'A drain ends in time although the engine hangs',
      differs: 'the agent does not end with a drain; what the engine does not stop is reported (ten minutes)',
    },
    238: {
      does: 'With one of two cells drained, all three indexes are routable within 1 s of the new one',
      partly: 'their records say so; routes come with issue 4',
    },
    239: {
      does: 'Without a drain an interrupt ends the agent immediately',
      differs: 'it does, and stops no container: there is nothing to wait for (invariant 5)',
    },
    240: { does: 'A drain ends when all containers are gone, at its timeout, or on a signal' },
    241: {
      does: 'What a drain leaves behind is counted, logged and deleted within its grace',
      differs: 'what the deadline cuts short is told to stop by its record and named in the journal',
    },
    242: { does: 'What does not run yet is placed anew, and its container deleted' },
    243: { does: 'What runs is kept until its replacement runs; told once' },
    244: { does: 'What ended during a drain is recorded so, and deleted' },
    245: { does: 'A drained instance is EVACUATING beside a new UNCLAIMED record' },
    246: { does: 'A drained claim leaves no EVACUATING record' },
    247: { does: 'A drained instance that stopped or crashed leaves none either' },
    248: { does: 'Only a matching EVACUATING record is removed' },
    249: { does: 'A start elsewhere removes the EVACUATING record' },
    250: {
      does: 'RECREATE lets an instance go only while all others run',
      differs: 'there is one way to drain: replacements first',
    },
    251: { does: 'EVACUATING records go with their cell' },
    252: { does: 'A draining cell takes no new work' },
    253: { does: 'A script drains a cell and waits until it is done' },
  },
};

export const cellLoss: Section = {
  title: '2.14 Cell loss and recovery',
  behaviours: {
    254: {
      does: 'The only cell is lost: its instances are suspect; it returns: new instances run',
      differs: 'the same instances run on: the agent adopts their containers',
    },
    255: { does: 'With a second cell, suspects stay until their replacements run there' },
    256: { does: 'An LRP that is desired without any cell runs when one appears' },
    257: { does: 'An LRP that is desired without a scheduler runs when one appears' },
    258: { does: 'A lost cell’s instance becomes suspect beside a new UNCLAIMED one' },
    259: { does: 'A cell that is back before the replacement runs keeps its instance; the replacement goes' },
    260: { does: 'When the replacement runs the suspect goes' },
    261: {
      does: 'When the replacement’s cell is lost too, the suspect stays and the replacement is placed anew',
    },
    262: { does: 'When the replacement has no place the suspect stays' },
    263: { does: 'A suspect’s own start is ignored until the replacement runs, and refused then' },
    264: { does: 'Suspects and replacements that crash or are drained: who goes, who stays' },
    265: { does: 'An agent that loses its presence goes on and comes back' },
    266: { does: 'A lost cell is acted on at once, not at the next pass; a silent store stops nothing' },
  },
};

export const convergence: Section = {
  title: '2.15 Convergence, with domains',
  behaviours: {
    267: { does: 'Missing indexes are created, the domain fresh or not' },
    268: {
      does: 'Extra indexes are retired only while the domain is fresh',
      differs: 'a smaller number is somebody’s explicit request, so it is carried out either way (ADR 3)',
    },
    269: { does: 'Instances without an LRP are retired only while the domain is fresh, suspects too' },
    270: {
      does: 'UNCLAIMED instances are offered again after 30 s, the domain fresh or not',
      differs: 'they are offered again whenever room appears, and in each sweep',
    },
    271: {
      does: 'Offering an instance again leaves one alone that was claimed meanwhile',
      differs: 'nothing is auctioned for it then: each write compares the record that it was decided on',
    },
    272: { does: 'A CRASHED instance whose wait is over restarts, the domain fresh or not; after 200 never' },
    273: {
      does: 'Instances of lost cells are found, the domain fresh or not; with no cells all but the UNCLAIMED',
    },
    274: { does: 'An index with only an EVACUATING record counts as missing' },
    275: { does: 'A suspect beside a RUNNING instance goes, beside another it stays' },
    276: {
      does: 'Changed internal routes and metric tags are pushed to the cell',
      notYet: 'later: traffic; issue 5: metrics',
    },
    277: {
      does: 'Expired domains are deleted and logged',
      differs: 'the store’s lease removes them; no line tells of it',
    },
    278: {
      does: 'A pass without the list of cells is skipped; no cells at all is an empty list',
      differs:
        'cells are of one revision with all else, and what is decided because one is lost is written only if it still is',
    },
    279: { does: 'One failure does not keep a pass from the rest' },
    280: {
      does: 'A running instance whose record was deleted gets it back with the agent’s next report',
      differs: 'its start is refused, it stops, and the index is placed anew: one writer of claims (ADR 2)',
    },
    281: { does: 'A record that was lost is created by the next pass' },
  },
};

export const domains: Section = {
  title: '2.16 Domains',
  behaviours: {
    282: { does: 'With a time to live of 0 a domain stays' },
    283: { does: 'With one of 2 s it is listed, and gone within 5 s' },
    284: { does: 'An empty name is refused' },
    285: { does: 'Each call begins the time anew; only fresh domains are listed' },
    286: { does: 'Fresh domains are a metric', notYet: metrics },
  },
};

export const events: Section = {
  title: '2.17 Events',
  behaviours: {
    287: {
      does: 'Desiring and removing an LRP streams its creation, claim, start and removal',
      differs:
        'a watch streams the rows as they are, the journal one line a happening, however many instances it has',
    },
    288: { does: 'Updating and removing an LRP is told' },
    289: {
      does: 'A filter by cell delivers that cell’s instances only',
      notYet: 'later: a filter of watches and events by cell',
    },
    290: { does: 'A task’s creation, each change and its removal are told' },
    291: { does: 'A start or claim that changes nothing tells nothing' },
    292: {
      does: 'A crash with restart is told as crashed, removed and created; without one as crashed and changed',
      differs: 'it is one line of the journal and one change of the row',
    },
    293: { does: 'A subscriber that falls behind is dropped; others are not affected' },
    294: { does: 'The end of the server ends its streams' },
    295: {
      does: 'A client tells an event that it cannot read from the end of the stream',
      notYet: 'no test, and no answer to a message that is no JSON but an error',
    },
    296: { does: 'Streams count as requests, not in latencies', notYet: metrics },
  },
};
