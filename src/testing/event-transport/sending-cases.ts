import assert from 'node:assert/strict';
import type { DefineCase } from './case.ts';

const difficult: readonly [what: string, text: string][] = [
  ['nothing more', ''],
  ['spaces', '  a  b  '],
  ['line breaks and control characters', 'a\r\nb\tc\u0001\u007f\u2028'],
  ['quotes and backslashes', `'"\`\\ \\\\ \\u0000 $1 %s {}; -- /*`],
  ['other scripts', '가나다 Ünïcödé 😀 🏳️‍🌈 e\u0301 \ufeff'],
  ['JSON', '{"__proto__":{"a":[null,true]},"b":"\\ud83d\\ude00"}'],
  ['case', 'aAbB'],
];

/** Sizes at which a carrier that takes so many bytes at a time would have to cut. */
const cuts = [255, 256, 1024, 4096, 7999, 8000, 8192, 16_384, 65_535, 65_536];

export function sendingCases(define: DefineCase): void {
  define(
    'a text is heard once by all who listen, where it was sent too',
    async ({ transport, other, text, listen }) => {
      const heard = [await listen(transport), await listen(transport), await listen(other), await listen(other)];
      await transport.send(text('one'));
      await other.send(text('two'));
      await transport.send(text('last'));
      for (const each of heard) {
        await each.until(text('last'));
        await each.until(text('two'));
        assert.deepEqual(each.texts.toSorted(), [text('last'), text('one'), text('two')]);
      }
    },
  );

  define('texts are heard in the order of the calls', async ({ transport, other, text, listen }) => {
    const heard = [await listen(transport), await listen(other)];
    const texts = Array.from({ length: 20 }, (_, index) => text(`${index}`));
    for (const each of texts) await transport.send(each);
    for (const each of heard) {
      await each.until(texts.at(-1)!);
      assert.deepEqual(each.texts, texts);
    }
  });

  define('also those that nobody waited for', async ({ transport, other, text, listen }) => {
    const heard = [await listen(transport), await listen(other)];
    const texts = Array.from({ length: 500 }, (_, index) => text(`${index}`));
    await Promise.all(texts.map((each) => transport.send(each)));
    for (const each of heard) {
      await each.until(texts.at(-1)!);
      assert.deepEqual(each.texts, texts);
    }
  });

  define('also large ones among small ones', async ({ transport, other, text, listen }) => {
    const heard = [await listen(transport), await listen(other)];
    const texts = Array.from({ length: 30 }, (_, index) => text(`${index}${'x'.repeat((index % 3) * 20_000)}`));
    await Promise.all(texts.map((each) => transport.send(each)));
    for (const each of heard) {
      await each.until(texts.at(-1)!);
      assert.deepEqual(each.texts, texts);
    }
  });

  define('of several senders at once each is heard in its order', async ({ transport, other, text, listen }) => {
    const heard = [await listen(transport), await listen(other)];
    const of = (sender: string) => Array.from({ length: 100 }, (_, index) => text(`${sender} ${index}`));
    await Promise.all([
      ...of('one').map((each) => transport.send(each)),
      ...of('two').map((each) => other.send(`${each}${'x'.repeat(9000)}`)),
    ]);
    for (const each of heard) {
      await each.count(200);
      const sentBy = (sender: string) => each.texts.filter((found) => found.startsWith(text(sender)));
      assert.deepEqual(sentBy('one'), of('one'));
      assert.deepEqual(
        sentBy('two').map((found) => found.slice(0, -9000)),
        of('two'),
      );
    }
  });

  define('the same text sent again is heard again', async ({ transport, other, text, listen }) => {
    const heard = await listen(other);
    await transport.send(text('same'));
    await Promise.all([transport.send(text('same')), transport.send(text('same'))]);
    await transport.send(text('last'));
    await heard.until(text('last'));
    assert.deepEqual(heard.texts, [text('same'), text('same'), text('same'), text('last')]);
  });

  for (const [what, content] of difficult) {
    define(`a text of ${what} is heard as it was sent`, async ({ transport, other, text, listen }) => {
      const heard = await listen(other);
      await transport.send(text(content));
      await transport.send(text('last'));
      await heard.until(text('last'));
      assert.deepEqual(heard.texts, [text(content), text('last')]);
    });
  }

  define('a text of any length is heard whole', async ({ transport, other, text, listen }) => {
    const heard = await listen(other);
    const own = Buffer.byteLength(text(''));
    const texts = cuts.flatMap((size) => [
      text('x'.repeat(Math.max(0, size - own))),
      text('x'.repeat(Math.max(0, size - own) + 1)),
      // Characters of three and four bytes, cut nowhere within.
      text(`${'가'.repeat(Math.ceil(size / 3))}😀`),
      text(`x${'😀'.repeat(Math.ceil(size / 4))}`),
      text(`xxx${'😀'.repeat(Math.ceil(size / 2))}`),
    ]);
    for (const each of texts) await transport.send(each);
    await transport.send(text('last'));
    await heard.until(text('last'));
    assert.equal(heard.texts.length, texts.length + 1);
    for (const [index, each] of texts.entries()) assert.ok(heard.texts[index] === each, `text ${index} is another`);
  });

  define('a text of a million characters is heard whole', async ({ transport, other, text, listen }) => {
    const heard = await listen(other);
    const large = text('가b'.repeat(500_000));
    await Promise.all([transport.send(large), transport.send(text('last'))]);
    await heard.until(text('last'));
    assert.equal(heard.texts.length, 2);
    assert.ok(heard.texts[0] === large, 'it is another');
  });
}
