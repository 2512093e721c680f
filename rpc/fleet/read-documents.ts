import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { array, ShapeError } from '../json/shape.ts';
import { asHost, type HostDocument } from './host-document.ts';
import { anyDocumentShape } from './host-shapes.ts';

/** Reads the text of one document; `origin` names it in errors. Throws VC-DOCUMENT. */
export function parseDocument(text: string, origin: string): HostDocument {
  const documents = parseDocuments(text, origin);
  const [document] = documents;
  if (document === undefined || documents.length > 1)
    throw new CompatError('VC-DOCUMENT', `Cannot read ${origin}: it holds ${documents.length} documents; wanted one`);
  return document;
}

/**
 * Reads one document, or an array of several (the dumps of a fleet in one file). A device document becomes that of a host
 * of which nothing else is known. Throws VC-DOCUMENT.
 */
export function parseDocuments(text: string, origin: string): HostDocument[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const text = `Cannot read ${origin}: it is not JSON (${(cause as Error).message})`;
    throw new CompatError('VC-DOCUMENT', text, { origin }, { cause });
  }
  try {
    const several = Array.isArray(value);
    return (several ? array(anyDocumentShape)(value, 'documents') : [anyDocumentShape(value, 'document')]).map(asHost);
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause;
    const details = { origin, path: cause.path };
    throw new CompatError('VC-DOCUMENT', `Cannot read ${origin}: ${cause.message}`, details, { cause });
  }
}
