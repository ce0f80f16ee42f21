// What a reader would not see, or see in another place: control characters, marks of direction, what is drawn as nothing,
// spaces that are not the space (but for the wide one of Asian texts), and what stands outside of every plane in use.
const hidden = /(?![ \u3000])[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const hiddenButLineEnds =
  /(?![ \u3000\n])[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** The text with what can't be seen as escapes, such as `\u{202e}`. */
export function visible(text: string, keepLineEnds = false): string {
  return text.replace(
    keepLineEnds ? hiddenButLineEnds : hidden,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
