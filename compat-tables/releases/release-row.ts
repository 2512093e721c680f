/** Releases that answer alike in every setting. */
export interface ReleaseRow {
  /** The first release; it gives the name. */
  readonly release: string;
  /** The last release of the same line that answers so. */
  readonly last: string;
  readonly protocol: bigint;
  readonly queuePairs: number;
  /** By setting (`''`: the default): the virtio word, with the protocol features where they differ from the default. */
  readonly answers: Readonly<Record<string, bigint | { readonly virtio: bigint; readonly protocol: bigint }>>;
}
