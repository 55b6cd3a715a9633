/** The package behind x509-maker.ts, in a module of its own, so that it is loaded at the first use; bundled or not. */
// Must come first: the package cannot be loaded without it.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

export { x509 };
