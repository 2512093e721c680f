#!/usr/bin/env node
import '../base/no-inspector.ts';

// Not a static import: all that follows loads only when the door is closed.
await import('./begin.ts');
