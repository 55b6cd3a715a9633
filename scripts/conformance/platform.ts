/** Placement, images, networks: reference/diego.md 2.18 to 2.20. */
import type { Section } from './behaviour.ts';

const volumes = 'issue 3: volumes';
const traffic = 'later: traffic, a router that follows routes and instances';
const egress = 'later: egress rules';
const rootfs = 'there are images, no root file systems that some cells have and others do not';

export const placement: Section = {
  title: '2.18 Placement, tags, distribution',
  behaviours: {
    297: { does: 'A cell tells its required and optional placement tags' },
    298: { does: 'Work with a cell’s required tags runs there' },
    299: { does: 'Work with a tag that no cell has says so' },
    300: { does: 'The matrix of required and optional tags' },
    301: {
      does: 'At least one cell, with memory, disk and containers, and rootfs providers',
      differs: rootfs,
    },
    302: {
      does: 'A volume driver that no cell has: "found no compatible cell with required volume drivers"',
    },
    303: { does: 'With no cell everything is refused' },
    304: {
      does: 'No more start at once than the limit; negative is none',
      partly: 'issue 3: a setting for it; the auction keeps any limit that it is given',
    },
    305: { does: 'The zone that has the rootfs gets the work', differs: rootfs },
    306: { does: 'A second instance goes to another zone, a new LRP to the emptier cell' },
    307: {
      does: 'Work that a cell rejects is tried again by convergence',
      differs:
        'a cell rejects tasks only, before they start; an instance that cannot start is a crash (ADR 2)',
    },
    308: { does: 'Without room nothing is tried; the message lists what all cells are short of' },
    309: { does: 'When memory is scarce: index 0 first, then tasks, then further indexes' },
    310: { does: 'A mixed batch is balanced; what cannot be placed fails alone' },
    311: { does: 'What had no place is placed when room appears' },
  },
};

export const images: Section = {
  title: '2.19 Images, registries, privileged, users, volumes',
  behaviours: {
    312: {
      does: 'An LRP of a Docker image runs and serves; of an OCI index too',
      partly: 'the test registry serves no OCI index',
    },
    313: { does: 'Images of private registries run with credentials', notYet: 'later: image credentials' },
    314: { does: 'A further preloaded rootfs of the cell can be used', differs: rootfs },
    315: { does: 'A preloaded rootfs with a further layer runs', differs: rootfs },
    316: {
      does: 'A privileged container as root is real root; as another user it is not',
      differs: 'Docker’s privileges, and only on cells whose operator allows them',
    },
    317: {
      does: 'An unprivileged container as root is no real root',
      differs: 'few capabilities and no new privileges instead of a user namespace',
    },
    318: {
      does: 'Privileged work succeeds only in privileged containers',
      partly: 'that it succeeds there is looked at, not run: not every machine that runs tests may',
    },
    319: { does: 'FUSE can be mounted in a privileged LRP', notYet: 'no test' },
    320: { does: 'A file on a volume persists and is seen outside', notYet: volumes },
    321: { does: 'A shared volume stays for the others when one leaves', notYet: volumes },
    322: { does: 'The volume manager mounts, unmounts and purges', notYet: volumes },
    323: { does: 'Volumes are purged at the agent’s start; what has none starts without', notYet: volumes },
    324: {
      does: 'A mount that fails fails the container, with what may be said of the reason',
      notYet: volumes,
    },
  },
};

export const networking: Section = {
  title: '2.20 Networking, routing, egress',
  behaviours: {
    325: {
      does: 'A port without a route does not answer; adding one makes it, undisturbed',
      notYet: traffic,
    },
    326: { does: 'Routes to several ports and hosts come and go, the first fine all along', notYet: traffic },
    327: { does: 'Sticky sessions', notYet: traffic },
    328: { does: 'Every change of instances or routes is in the router within 1 s', notYet: traffic },
    329: { does: 'An LRP reaches outside only what its egress rules allow', notYet: egress },
    330: { does: 'A task likewise', notYet: egress },
    331: { does: 'Each form of a destination yields its rules; an invalid one fails', notYet: egress },
    332: {
      does: 'Network properties reach the container',
      notYet: 'later: networks of one’s own, with traffic',
    },
  },
};
