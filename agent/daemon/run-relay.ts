import type { Log } from '../../base/log.ts';
import { SocketFileError } from '../../base/socket-file-error.ts';
import type { SystemUser } from '../../base/system-ids.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { connectUnix, peerCredentials } from '../fd/libc.ts';
import { OwnedFd } from '../fd/owned-fd.ts';
import { PORT_DIRECTORIES } from '../fd/port-directories.ts';
import { watchKeeper } from '../keeper/lifeline.ts';
import { OrdersServer } from '../relay/service/orders-server.ts';
import { RelayService } from '../relay/service/relay-service.ts';
import type { KeeperLink } from '../relay/service/resumed-ports.ts';
import type { Config } from '../settings/config.ts';
import { ownPaths, portDirectories } from '../settings/own-paths.ts';
import { makeRelayDir, ordersFolder, ordersSocket } from '../settings/relay-dir.ts';
import { makeManagerDirs, makeRunDir } from '../settings/run-dir.ts';
import { ManagerChild } from './manager-child.ts';
import { endAtSignal, startLog } from './program.ts';

/**
 * The relay process: ports and their rules. It serves what was ordered last, with or without a manager. `managerArgs`: it
 * starts the manager process itself, with these options.
 */
export async function runRelay(
  config: Config,
  keeper: KeeperLink | undefined,
  managerArgs?: readonly string[],
): Promise<void> {
  const log = startLog(config);
  const { socketGroup } = config;
  // only root can start the manager as another user; one that was started apart has that user already
  const managerUser = managerArgs === undefined || process.getuid?.() === 0 ? config.user : undefined;
  if (managerArgs !== undefined) makeManagerDirs(config, managerUser);
  else if (managerUser !== undefined) prepareRunDir(config, managerUser, log);
  makeRelayDir(config.relayDir);
  PORT_DIRECTORIES.restrict(portDirectories(config), ownPaths(config));
  const resumed = keeper?.ports.size ?? 0;
  const service = new RelayService({ folder: ordersFolder(config.relayDir), socketGroup, keeper, log });
  let manager: ManagerChild | undefined;
  const started = (): void => {
    log.info('relay-started', { interfaces: service.size, resumed });
    keeper?.store.notify('READY=1');
  };
  // an agent of both is ready when it serves its clients
  const serving = (): void => {
    if (manager?.served()) started();
  };
  const server = await listen(service, {
    path: ordersSocket(config.relayDir),
    managerUser: managerUser?.uid,
    resumed,
    log,
    serving,
  });
  service.start();
  if (managerArgs === undefined) started();
  else
    manager = new ManagerChild({
      args: managerArgs,
      user: managerUser,
      log,
      gaveUp: (status) => {
        if (service.size > 0) return false;
        process.exit(status);
      },
    });
  const unwatch = watchKeeper({
    died: () => {
      log.warn('keeper-gone', { code: 'VC-KEEPER-GONE' });
      keeper?.store.keeperDied();
    },
  });
  endAtSignal(log, async (signal) => {
    unwatch?.();
    keeper?.store.notify('STOPPING=1');
    await manager?.stop(signal);
    server.close();
    await service.stop();
    // descriptors that the keeper does not have yet must still be open when it takes them
    await keeper?.store.settled();
    service.leave();
  });
}

/** The manager cannot make it without rights. What is wrong with it concerns the manager, which says so, and no guest. */
function prepareRunDir({ runDir, dbSocketGroup }: Config, managerUser: SystemUser, log: Log): void {
  try {
    makeRunDir(runDir, dbSocketGroup, managerUser);
  } catch (error) {
    log.warn('run-dir-not-made', { error: (error as Error).message });
  }
}

/** Who serves a socket, in words. */
function serverOf(path: string): string {
  try {
    const fd = new OwnedFd(connectUnix(path));
    try {
      return `process ${peerCredentials(fd.raw).pid}`;
    } finally {
      fd.close();
    }
  } catch {
    return 'another process'; // it ends just now
  }
}

async function listen(
  service: RelayService,
  options: Parameters<typeof OrdersServer.listen>[1],
): Promise<OrdersServer> {
  try {
    return await OrdersServer.listen(service, options);
  } catch (error) {
    if (!(error instanceof SocketFileError)) throw error;
    const seen = error.served ? `${serverOf(options.path)} is a relay process at work there` : error.message;
    const text = `Cannot serve ports with ${options.path}: ${seen}; wanted a relay_dir for each agent`;
    throw new CompatError('VC-RELAY-DIR', text, { path: options.path }, { cause: error });
  }
}
