/**
 * Which connections came through the local socket: by where listen.ts accepted them. That an address is unknown
 * proves nothing; that of a TCP connection is when it has just ended.
 */
import type { Socket } from 'node:net';

const local = new WeakSet<Socket>();

export const markLocal = (socket: Socket): void => void local.add(socket);
export const isLocal = (socket: Socket): boolean => local.has(socket);
