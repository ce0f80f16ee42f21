// What a reader would not see, or see in another place: control characters, marks of direction, spaces of no width, and
// what stands outside of every plane in use.
const hidden = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\u2028\u2029]/gu;
const hiddenButLineEnds = /(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\u2028\u2029]/gu;

/** The text with what can't be seen as escapes, such as `\u{202e}`. */
export function visible(text: string, keepLineEnds = false): string {
  return text.replace(
    keepLineEnds ? hiddenButLineEnds : hidden,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
