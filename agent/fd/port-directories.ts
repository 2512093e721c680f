import { SocketDirectories } from '../../base/socket-directories.ts';

/**
 * Where the sockets of front-ends and back-ends may be, for all ports of this process: any safe directory, until the settings
 * are read.
 */
export const PORT_DIRECTORIES = new SocketDirectories();
