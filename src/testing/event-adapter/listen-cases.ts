import assert from 'node:assert/strict';
import type { EventAdapter } from '../../events/event-adapter.ts';
import { appended, batch, type CaseContext, type DefineCase } from './case.ts';

/** How often an append is tried until somebody was woken: each call is a hint, which may be lost. */
const tries = 50;

export function listenCases(define: DefineCase): void {
  for (const [title, writer] of [
    ['this', (context: CaseContext) => context.adapter],
    ['another', (context: CaseContext) => context.other],
  ] as const) {
    define(`whoever listens is called after an append by ${title} adapter, until he ends it`, async (context) => {
      const { adapter } = context;
      if (!adapter.listen) return;
      const calls = { one: 0, two: 0 };
      const endOne = await adapter.listen(() => void calls.one++);
      const endTwo = await adapter.listen(() => void calls.two++);
      try {
        await appendUntil(context, writer(context), () => calls.one > 0 && calls.two > 0);
        await endOne();
        const before = { ...calls };
        await appendUntil(context, writer(context), () => calls.two > before.two);
        assert.equal(calls.one, before.one, 'it was called after it was ended');
      } finally {
        await endTwo();
        await endTwo();
      }
    });
  }

  define('an append does not wait for who listens, and is not harmed by him', async (context) => {
    const { adapter } = context;
    if (!adapter.listen) return;
    let version = -1;
    const stream = context.name('own');
    const end = await adapter.listen(() => {
      void adapter.streamVersion(stream).then((found) => {
        version = found;
      });
    });
    try {
      await appended(adapter, batch(stream));
      await appendUntil(context, adapter, () => version === 1);
    } finally {
      await end();
    }
  });
}

async function appendUntil({ name }: CaseContext, adapter: EventAdapter, woken: () => boolean): Promise<void> {
  for (let tried = 0; tried < tries; tried++) {
    await appended(adapter, batch(name('heard')));
    for (let waited = 0; waited < 20 && !woken(); waited++) await new Promise((resolve) => setTimeout(resolve, 5));
    if (woken()) return;
  }
  assert.fail('nobody was called');
}
