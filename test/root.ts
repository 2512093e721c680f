import { installationRoot } from '../base/installation.ts';

/** The root of the repository: the same whether the tests run compiled from dist/ or from their source. */
export const ROOT = installationRoot();
