import assert from 'node:assert/strict';
import type { DefineCase } from './case.ts';

export function listeningCases(define: DefineCase): void {
  define('what was sent before is not heard', async ({ transport, other, text, listen }) => {
    await transport.send(text('before'));
    await other.send(text('before, by another'));
    const heard = await listen(other);
    await transport.send(text('after'));
    await heard.until(text('after'));
    assert.deepEqual(heard.texts, [text('after')]);
  });

  define('all is heard that is sent once listening has begun', async ({ transport, other, text, listen }) => {
    for (let round = 0; round < 5; round++) {
      const heard = await listen(other);
      await transport.send(text(`${round}`));
      await heard.until(text(`${round}`));
      assert.deepEqual(heard.texts, [text(`${round}`)]);
      await heard.end();
    }
  });

  define('who has ended is not called any more; the others go on', async ({ transport, other, text, listen }) => {
    const [leaving, staying, elsewhere] = [await listen(transport), await listen(transport), await listen(other)];
    await other.send(text('one'));
    await leaving.until(text('one'));
    await leaving.end();
    await leaving.end();
    await other.send(text('two'));
    await staying.until(text('two'));
    await elsewhere.until(text('two'));
    assert.deepEqual(leaving.texts, [text('one')]);
    assert.deepEqual(staying.texts, [text('one'), text('two')]);
    await staying.end();
    await other.send(text('three'));
    await elsewhere.until(text('three'));
    assert.deepEqual(staying.texts, [text('one'), text('two')]);
  });

  define('a listener may end itself while it hears', async ({ transport, other, text, listen }) => {
    const [leaving, staying] = [await listen(transport), await listen(transport)];
    let left: Promise<void> | undefined;
    leaving.onText = () => {
      left ??= leaving.end();
    };
    await Promise.all(['one', 'two', 'three'].map((each) => other.send(text(each))));
    await staying.until(text('three'));
    await left;
    assert.deepEqual(leaving.texts, [text('one')]);
  });

  define('listening may begin again at any time', async ({ transport, other, text, listen }) => {
    const first = await listen(transport);
    const ending = first.end();
    const second = await listen(transport);
    await ending;
    await other.send(text('one'));
    await second.until(text('one'));
    await second.end();
    await other.send(text('between'));
    const third = await listen(transport);
    await other.send(text('two'));
    await third.until(text('two'));
    assert.deepEqual([first.texts, second.texts, third.texts], [[], [text('one')], [text('two')]]);
  });

  define('a listener may send', async ({ transport, other, text, listen }) => {
    const [asking, answering] = [await listen(transport), await listen(other)];
    const answered = new Promise<void>((resolve) => {
      answering.onText = (heard) => {
        if (heard === text('question')) resolve(other.send(text('answer')));
      };
    });
    await transport.send(text('question'));
    await Promise.all([asking.until(text('answer')), answered]);
    assert.deepEqual(asking.texts, [text('question'), text('answer')]);
  });

  define('sending needs nobody who listens', async ({ transport, text }) => {
    await Promise.all([transport.send(text('one')), transport.send(text('two'))]);
  });
}
